using System.Collections.Immutable;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Shift;

/// <summary>One channel's values on a set of images, in full precision and quantized, as histograms over the same bins. Immutable.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Channel">Its output channel.</param>
/// <param name="Point">Whether the values are those before the activation, or those after it and after the output's quantizer.</param>
/// <param name="Edges">The bins' edges, equally far apart, one more than there are bins; the first is the smallest value and the last the largest.</param>
/// <param name="Float">How many full-precision values lie in each bin.</param>
/// <param name="Quantized">How many quantized values lie in each bin.</param>
/// <param name="Count">How many values there are in all, of each kind.</param>
/// <param name="FloatMean">Their mean in full precision.</param>
/// <param name="QuantizedMean">Their mean quantized; the difference is the channel's mean shift.</param>
/// <param name="Grid">The grid that the quantized values lie on; null before the activation, or where activations are not quantized.</param>
public sealed record ChannelDistribution(
    Layer Layer, int Channel, LayerPoint Point, ImmutableArray<double> Edges, ImmutableArray<long> Float, ImmutableArray<long> Quantized, long Count,
    double FloatMean, double QuantizedMean, Quantizer? Grid);

/// <summary>Measures how the values of single channels are spread.</summary>
public static class Distributions
{
    /// <summary>Runs the network in full precision and quantized, and counts one channel's values.</summary>
    /// <param name="network">The network.</param>
    /// <param name="images">The images to run; they set the activations' ranges unless the network carries its own.</param>
    /// <param name="scheme">How to quantize.</param>
    /// <param name="layer">The layer's name.</param>
    /// <param name="channel">Its output channel.</param>
    /// <param name="point">Where in the layer to look.</param>
    /// <param name="bins">Number of bins, at least 1.</param>
    /// <param name="cancellation">Stops within a batch.</param>
    /// <remarks>Two passes, the first for the range; memory does not grow with images.</remarks>
    /// <exception cref="QuantNotebooksException">There is no such layer or channel, or the images don't fit the network.</exception>
    public static ChannelDistribution MeasureDistribution(
        this Network network, ImageSet images, QuantizationScheme scheme, string layer, int channel, LayerPoint point = LayerPoint.AfterActivation, int bins = 120,
        CancellationToken cancellation = default)
    {
        cancellation = cancellation.OrAmbient();
        ArgumentNullException.ThrowIfNull(network);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bins);
        var wanted = network.Layer(layer);
        if (channel < 0 || channel >= wanted.Channels) throw new QuantNotebooksException($"'{wanted.Name}' has no channel {channel}: it has {wanted.Channels}, from 0.");
        var ranges = network.Ranges ?? network.Calibrate(images, scheme, null, cancellation);
        var measured = point == LayerPoint.AfterActivation ? MeasuringPoint.AfterActivation : MeasuringPoint.BeforeActivation;
        var extent = new Visitor(wanted, channel, measured, 0, 1, 1);
        Sweep(extent);
        var counts = new Visitor(wanted, channel, measured, extent.Lowest, extent.Highest, bins);
        var outcome = Sweep(counts);
        var width = (counts.Top - counts.Bottom) / bins;
        return new ChannelDistribution(
            wanted, channel, point, [.. Enumerable.Range(0, bins + 1).Select(edge => counts.Bottom + width * edge)], [.. counts.Full], [.. counts.Quantized], counts.Count,
            counts.FullSum / counts.Count, counts.QuantizedSum / counts.Count, point == LayerPoint.AfterActivation ? outcome.Quantizers.GetValueOrDefault(wanted.Output) : null);

        SweepOutcome Sweep(Visitor visitor)
        {
            using var sweep = new LayerSweep(network, scheme, images, visitor, ranges);
            return sweep.Run(null, cancellation);
        }
    }

    private sealed class Visitor(Layer wanted, int channel, MeasuringPoint wantedPoint, double lowest, double highest, int bins) : ILayerVisitor
    {
        public double Lowest { get; private set; } = double.PositiveInfinity;

        public double Highest { get; private set; } = double.NegativeInfinity;

        public double Bottom { get; } = lowest;

        // A channel that never changes still gets bins of some width.
        public double Top { get; } = highest > lowest ? highest : lowest + Math.Max(Math.Abs(lowest), 1) * 1e-3;

        public long[] Full { get; } = new long[bins];

        public long[] Quantized { get; } = new long[bins];

        public long Count { get; private set; }

        public double FullSum { get; private set; }

        public double QuantizedSum { get; private set; }

        public bool ChangesLayers => false;

        public float[]? BiasToAdd(Layer layer, Action<float[]> tryOut) => null;

        public ILayerObserver Begin(Layer layer, ChannelLayout layout) => new Observer(layout, layer.Index == wanted.Index ? channel : -1, wantedPoint);

        public void End(Layer layer, ILayerObserver observer)
        {
            foreach (var (y, q) in ((Observer)observer).Values)
            {
                (Lowest, Highest) = (Math.Min(Lowest, Math.Min(y, q)), Math.Max(Highest, Math.Max(y, q)));
                (FullSum, QuantizedSum, Count) = (FullSum + y, QuantizedSum + q, Count + 1);
                Full[Bin(y)]++;
                Quantized[Bin(q)]++;
            }
        }

        private int Bin(double value) => Math.Clamp((int)((value - Bottom) / (Top - Bottom) * bins), 0, bins - 1);
    }

    /// <summary>Keeps a batch's values of the one channel.</summary>
    private sealed class Observer(ChannelLayout layout, int channel, MeasuringPoint wantedPoint) : ILayerObserver
    {
        public List<(float Full, float Quantized)> Values { get; } = [];

        public void Observe(MeasuringPoint point, int first, int count, ReadOnlySpan<float> full, ReadOnlySpan<float> quantized)
        {
            if (point != wantedPoint || channel < first || channel >= first + count) return;
            foreach (var start in layout.RowsOf(channel))
                for (var index = start; index < start + layout.Inner; index++) Values.Add((full[index], quantized[index]));
        }
    }
}
