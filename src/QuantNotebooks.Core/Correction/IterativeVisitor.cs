using QuantNotebooks.Networks;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;
using static System.FormattableString;

namespace QuantNotebooks.Correction;

/// <summary>Decides during the sweep, layer by layer, what to add to a bias: minus the shift measured just now, as far as the options let it.</summary>
internal sealed class IterativeVisitor : ILayerVisitor
{
    /// <summary>The search ends after so many tries; most channels behind a ReLU are done after three or four.</summary>
    private const int MostTries = 10;

    private readonly Network _network;
    private readonly IterativeOptions _options;
    private readonly int _measured;
    private readonly LayerStatistics[] _layers;
    private readonly Dictionary<Layer, string> _skipped = [];
    private SetStatistics _tried;

    /// <summary>The images that correct, and those set aside.</summary>
    private readonly record struct SetStatistics(ShiftAccumulator Corrects, ShiftAccumulator Aside)
    {
        public static SetStatistics Of(int channels) => new(new ShiftAccumulator(channels), new ShiftAccumulator(channels));
    }

    /// <summary>What is known of a layer: before its activation, and at the corrected point before and after the correction.</summary>
    private sealed class LayerStatistics(int channels)
    {
        public SetStatistics Linear { get; } = SetStatistics.Of(channels);

        public ShiftStatistics? Before { get; set; }

        public ShiftStatistics? After { get; set; }
    }

    /// <param name="network">The network.</param>
    /// <param name="images">How many images the sweep runs, those set aside among them.</param>
    /// <param name="options">What to hold back.</param>
    public IterativeVisitor(Network network, int images, IterativeOptions options)
    {
        _network = network;
        _options = options;
        _measured = images - options.SetAside;
        if (_measured < 1)
            throw new QuantNotebooksException(Invariant($"Of {images} images {options.SetAside} can't be set aside: at least one must be left to correct with."));
        if (_measured < 2 && (options.Significance > 0 || options.Shrink))
            throw new QuantNotebooksException("One image has no standard error: to correct only significant shifts, or to shrink them, takes at least 2 images, better 64.");
        _layers = [.. network.Layers.Select(layer => new LayerStatistics(layer.Channels))];
    }

    public bool ChangesLayers => true;

    public ILayerObserver Begin(Layer layer, ChannelLayout layout) => new Observer(_network, layer, layout, Math.Clamp(_measured - layout.FirstImage, 0, layout.Images));

    public void End(Layer layer, ILayerObserver observer)
    {
        var seen = (Observer)observer;
        seen.Linear.AddTo(_layers[layer.Index].Linear);
        seen.Tried.AddTo(_tried);
    }

    public float[]? BiasToAdd(Layer layer, Action<float[]> tryOut) =>
        _options.Point == LayerPoint.AfterActivation && layer.Activation != Activation.None ? AddedAfter(layer, tryOut) : AddedBefore(layer);

    public void BiasMoved(Layer layer, ReadOnlySpan<float> change) => _layers[layer.Index].After ??= Before(layer).Plus(change);

    public ShiftStatistics Before(Layer layer) => _layers[layer.Index].Before ??= _layers[layer.Index].Linear.Corrects.ToStatistics();

    public ShiftStatistics After(Layer layer) => _layers[layer.Index].After ?? Before(layer);

    /// <summary>Why a layer was left alone, or null.</summary>
    public string? Skipped(Layer layer) => _skipped.GetValueOrDefault(layer);

    private float[]? AddedBefore(Layer layer)
    {
        var channels = Before(layer).Channels;
        var added = new float[channels.Length];
        for (var channel = 0; channel < added.Length; channel++) added[channel] = (float)-Kept(channels[channel]);
        if (IsInsignificant(layer, added)) return null;
        if (_options.SetAside > 0 && IsHarmful(layer, ErrorGrowth(_layers[layer.Index].Linear.Aside.ToStatistics(), added))) return null;
        return added;
    }

    /// <summary>The constants that leave of the shift behind the activation only what is held back: found by secants, each channel for itself.</summary>
    private float[]? AddedAfter(Layer layer, Action<float[]> tryOut)
    {
        var search = new SecantSearch(layer.Channels);
        var (shifts, aside) = TryOut();
        _layers[layer.Index].Before = shifts;
        var target = shifts.Channels.Select(channel => channel.MeanShift - Kept(channel)).ToArray();
        for (var tries = 1; search.Improve(shifts, target) && tries < MostTries; tries++) shifts = TryOut().Corrects;
        var best = search.Best;
        if (IsInsignificant(layer, best)) return null;
        search.Current = best;
        var (after, asideAfter) = TryOut();
        if (_options.SetAside > 0 && IsHarmful(layer, (asideAfter.NoisePower - aside.NoisePower) / aside.NoisePower)) return null;
        _layers[layer.Index].After = after;
        return best;

        (ShiftStatistics Corrects, ShiftStatistics Aside) TryOut()
        {
            _tried = SetStatistics.Of(layer.Channels);
            tryOut(search.Current);
            return (_tried.Corrects.ToStatistics(), _tried.Aside.ToStatistics());
        }
    }

    private bool IsInsignificant(Layer layer, float[] added)
    {
        if (!Array.TrueForAll(added, value => value == 0) || Before(layer).Channels.All(channel => channel.MeanShift == 0)) return false;
        _skipped[layer] = Invariant($"no channel's shift is larger than {_options.Significance:G3} standard errors");
        return true;
    }

    private bool IsHarmful(Layer layer, double growth)
    {
        if (!(growth > 0)) return false;
        _skipped[layer] = Invariant($"its error on the {_options.SetAside} images set aside would grow by {100 * growth:G2} %");
        return true;
    }

    private double Kept(ChannelShift channel)
    {
        var (shift, error) = (channel.MeanShift, channel.StandardError);
        if (_options.Significance > 0 && !(Math.Abs(shift) > _options.Significance * error)) return 0;
        return _options.Shrink && shift != 0 ? shift * Math.Max(0, 1 - error * error / (shift * shift)) : shift;
    }

    /// <summary>By how much of itself the noise power grows when a constant k is added to q: E[(e + k)^2] - E[e^2] = 2 k E[e] + k^2, exactly.</summary>
    private static double ErrorGrowth(ShiftStatistics aside, float[] added)
    {
        var growth = 0.0;
        for (var channel = 0; channel < added.Length; channel++) growth += added[channel] * (2 * aside.Channels[channel].MeanShift + added[channel]);
        return aside.NoisePower > 0 ? growth / aside.NoisePower : growth;
    }

    /// <summary>One batch's sums at one point: the first images correct, the rest is set aside.</summary>
    private struct BatchSums
    {
        public ShiftSums? Corrects, Aside;

        public readonly void AddTo(SetStatistics statistics)
        {
            if (Corrects is not null) statistics.Corrects.Add(Corrects);
            if (Aside is not null) statistics.Aside.Add(Aside);
        }
    }

    private sealed class Observer(Network network, Layer layer, ChannelLayout layout, int measured) : ILayerObserver
    {
        private readonly ChannelLayout _front = layout with { Images = measured };
        private readonly ChannelLayout _back = layout with { Images = layout.Images - measured, FirstImage = layout.FirstImage + measured };
        private BatchSums _linear, _tried;

        public BatchSums Linear => _linear;

        public BatchSums Tried => _tried;

        public void Observe(MeasuringPoint point, int first, int count, ReadOnlySpan<float> full, ReadOnlySpan<float> quantized)
        {
            if (point == MeasuringPoint.AfterActivation) return;
            ref var sums = ref point == MeasuringPoint.Tried ? ref _tried : ref _linear;
            var border = measured * layout.ValuesPerImage;
            if (measured > 0) Add(sums.Corrects ??= new ShiftSums(_front), full[..border], quantized[..border]);
            if (measured < layout.Images) Add(sums.Aside ??= new ShiftSums(_back), full[border..], quantized[border..]);

            void Add(ShiftSums part, ReadOnlySpan<float> fullPart, ReadOnlySpan<float> quantizedPart)
            {
                if (part.Add(first, count, fullPart, quantizedPart) is { } channel)
                    throw FiniteCheck.Activation(network, layer, point, part.Layout, fullPart, quantizedPart, channel);
            }
        }
    }
}
