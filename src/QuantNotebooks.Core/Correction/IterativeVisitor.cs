using QuantNotebooks.Networks;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;
using static System.FormattableString;

namespace QuantNotebooks.Correction;

/// <summary>Decides during the sweep, layer by layer, what to add to a bias: minus the shift measured just now, as far as the options let it.</summary>
internal sealed class IterativeVisitor : ILayerVisitor
{
    private readonly Network _network;
    private readonly IterativeOptions _options;
    private readonly int _measured;
    private readonly ShiftAccumulator[] _before;
    private readonly ShiftAccumulator[] _after;
    private readonly ShiftAccumulator[] _aside;
    private readonly Dictionary<Layer, string> _skipped = [];

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
        _before = [.. network.Layers.Select(layer => new ShiftAccumulator(layer.Channels))];
        _after = [.. network.Layers.Select(layer => new ShiftAccumulator(layer.Channels))];
        _aside = [.. network.Layers.Select(layer => new ShiftAccumulator(layer.Channels))];
    }

    public bool ChangesLayers => true;

    public ILayerObserver Begin(Layer layer, ChannelLayout layout) => new Observer(_network, layer, layout, Math.Clamp(_measured - layout.FirstImage, 0, layout.Images));

    public void End(Layer layer, ILayerObserver observer)
    {
        var seen = (Observer)observer;
        if (seen.Before is { } before) _before[layer.Index].Add(before);
        if (seen.After is { } after) _after[layer.Index].Add(after);
        if (seen.Aside is { } aside) _aside[layer.Index].Add(aside);
    }

    public float[]? BiasToAdd(Layer layer)
    {
        var channels = Before(layer).Channels;
        var added = new float[channels.Length];
        for (var channel = 0; channel < added.Length; channel++) added[channel] = (float)-Kept(channels[channel]);
        if (Array.TrueForAll(added, value => value == 0) && channels.Any(channel => channel.MeanShift != 0))
        {
            _skipped[layer] = Invariant($"no channel's shift is larger than {_options.Significance:G3} standard errors");
            return null;
        }
        if (_options.SetAside > 0 && ErrorGrowth(_aside[layer.Index].ToStatistics(), added) is > 0 and var growth)
        {
            _skipped[layer] = Invariant($"its error on the {_options.SetAside} images set aside would grow by {100 * growth:G2} %");
            return null;
        }
        return added;
    }

    public ShiftStatistics Before(Layer layer) => _before[layer.Index].ToStatistics();

    public ShiftStatistics After(Layer layer) => _skipped.ContainsKey(layer) ? Before(layer) : _after[layer.Index].ToStatistics();

    /// <summary>Why a layer was left alone, or null.</summary>
    public string? Skipped(Layer layer) => _skipped.GetValueOrDefault(layer);

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

    /// <summary>The first images of a batch are measured, the rest is set aside.</summary>
    private sealed class Observer(Network network, Layer layer, ChannelLayout layout, int measured) : ILayerObserver
    {
        private readonly ChannelLayout _front = layout with { Images = measured };
        private readonly ChannelLayout _back = layout with { Images = layout.Images - measured, FirstImage = layout.FirstImage + measured };

        public ShiftSums? Before { get; private set; }

        public ShiftSums? After { get; private set; }

        public ShiftSums? Aside { get; private set; }

        public void Observe(MeasuringPoint point, int first, int count, ReadOnlySpan<float> full, ReadOnlySpan<float> quantized)
        {
            if (point == MeasuringPoint.AfterActivation) return;
            var border = measured * layout.ValuesPerImage;
            if (measured > 0)
            {
                var sums = point == MeasuringPoint.BeforeActivation ? Before ??= new ShiftSums(_front) : After ??= new ShiftSums(_front);
                Add(sums, full[..border], quantized[..border]);
            }
            if (point == MeasuringPoint.BeforeActivation && measured < layout.Images) Add(Aside ??= new ShiftSums(_back), full[border..], quantized[border..]);

            void Add(ShiftSums sums, ReadOnlySpan<float> fullPart, ReadOnlySpan<float> quantizedPart)
            {
                if (sums.Add(first, count, fullPart, quantizedPart) is { } channel)
                    throw FiniteCheck.Activation(network, layer, point, sums.Layout, fullPart, quantizedPart, channel);
            }
        }
    }
}
