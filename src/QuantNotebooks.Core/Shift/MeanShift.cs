using System.Collections.Immutable;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Shift;

/// <summary>Measures the mean activation shift.</summary>
public static class MeanShift
{
    /// <summary>
    /// Quantizes the network and compares it with itself in full precision, layer by layer and channel by channel, in one sweep over the images.
    /// A corrected network is compared with its original in full precision, and keeps the ranges that it was calibrated with.
    /// </summary>
    /// <param name="network">The network.</param>
    /// <param name="images">The images to run; their extrema set the activations' ranges unless the network or <paramref name="ranges"/> say them.</param>
    /// <param name="scheme">How to quantize.</param>
    /// <param name="ranges">The activations' ranges, for example of an earlier measurement.</param>
    /// <param name="progress">Told which layer is under way.</param>
    /// <param name="cancellation">Stops the measurement within a batch.</param>
    /// <exception cref="QuantNotebooksException">The images don't fit the network, or a value is not finite.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static MeanShiftReport MeasureMeanShift(
        this Network network, ImageSet images, QuantizationScheme scheme, ActivationRanges? ranges = null,
        IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
        var visitor = new Measurement(network);
        using var sweep = new LayerSweep(network, scheme, images, visitor, ranges ?? network.Ranges);
        var outcome = sweep.Run(progress, cancellation);
        return new MeanShiftReport(network, scheme, images, visitor.Layers(outcome), outcome.Ranges);
    }

    private sealed class Measurement(Network network) : ILayerVisitor
    {
        private readonly ShiftAccumulator[] _before = [.. network.Layers.Select(layer => new ShiftAccumulator(layer.Channels))];
        private readonly ShiftAccumulator[] _after = [.. network.Layers.Select(layer => new ShiftAccumulator(layer.Channels))];

        public bool ChangesLayers => false;

        public void Observe(Layer layer, MeasuringPoint point, ChannelLayout layout, ReadOnlySpan<float> full, ReadOnlySpan<float> quantized) =>
            (point == MeasuringPoint.BeforeActivation ? _before : _after)[layer.Index].Add(layout, full, quantized);

        public float[]? BiasToAdd(Layer layer) => null;

        public ImmutableArray<LayerShift> Layers(SweepOutcome outcome) =>
        [
            .. network.Layers.Select(layer => new LayerShift(
                layer, _before[layer.Index].ToStatistics(), _after[layer.Index].ToStatistics(), outcome.Quantizers.GetValueOrDefault(layer.Output))),
        ];
    }
}
