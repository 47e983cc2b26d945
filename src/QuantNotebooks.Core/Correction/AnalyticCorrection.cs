using System.Collections.Immutable;
using QuantNotebooks.Correction.Analytic;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Correction;

/// <summary>Bias correction from the statistics that a network's batch normalizations left behind, without any image.</summary>
public static class AnalyticCorrection
{
    /// <summary>
    /// Takes from each bias the shift that the rounding of the layer's weights causes, (Wq - W) E[x], with E[x] from the batch normalizations of
    /// the layers before (DFQ, arXiv 1906.04721): channels are taken as normal with mean beta and deviation |gamma| before the activation, taps in
    /// the padding are left out, and means go on through Add, Concat and pooling (through MaxPool as if neighbouring values were independent, with a warning). Layers whose input's mean is not known are skipped,
    /// with the reason; the first layer always is.
    /// </summary>
    /// <param name="network">The network; one that carries calibrated ranges keeps them.</param>
    /// <param name="images">They set the ranges of activations and show the shift before and after; the corrections themselves take nothing from them.</param>
    /// <param name="scheme">How the network is quantized.</param>
    /// <param name="heldOut">Other images, on which the shift before and after is measured too; null to leave that out.</param>
    /// <param name="progress">Told which layer is under way.</param>
    /// <param name="cancellation">Stops within a batch.</param>
    /// <exception cref="QuantNotebooksException">The images don't fit the network, or a value is not finite.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static CorrectionResult CorrectBiasAnalytically(
        this Network network, ImageSet images, QuantizationScheme scheme, ImageSet? heldOut = null,
        IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
        cancellation = cancellation.OrAmbient();
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(scheme);
        var (shifts, approximated) = AnalyticShift.WithApproximations(network.FloatReference, scheme, images, cancellation);
        var biases = network.Layers.Where(layer => shifts[layer.Index].Shift is not null).ToDictionary(layer => layer.Name, layer => Corrected(layer, shifts[layer.Index].Shift!));
        var ranges = network.Ranges ?? network.Calibrate(images, scheme, null, cancellation);
        var corrected = CorrectedNetwork.Of(network, "analytic", biases, ranges, scheme, images);

        var (before, after) = (Measure(network, images, split: true), Measure(corrected, images));
        var (heldOutBefore, heldOutAfter) = heldOut is null ? (null, null) : (Measure(network, heldOut), Measure(corrected, heldOut));
        var layers = network.Layers.Select(layer => new LayerCorrection(
            layer, shifts[layer.Index].Shift is { } shift ? [.. shift.Select(value => (float)-value)] : ImmutableArray<float>.Empty,
            before.Layers[layer.Index].Before, after.Layers[layer.Index].Before,
            heldOutBefore?.Layers[layer.Index].Before, heldOutAfter?.Layers[layer.Index].Before, shifts[layer.Index].Unknown));
        return new CorrectionResult(corrected, "analytic", scheme, images, [.. layers])
        {
            HeldOut = heldOut,
            Predictions = Predicted(before, shifts),
            Warnings = [.. approximated.Select(node => $"The means behind {node} take neighbouring values as independent; where they go together, as in images, they come out too large.")],
        };

        MeanShiftReport Measure(Network which, ImageSet on, bool split = false) =>
            which.MeasureMeanShift(on, scheme, new() { Ranges = ranges, Split = split }, progress, cancellation);
    }

    private static ShiftPredictions Predicted(MeanShiftReport measured, LayerAnalyticShift[] shifts) => new(
    [
        .. from layer in measured.Layers
           let shift = shifts[layer.Layer.Index].Shift
           where shift is not null
           select new LayerPrediction(
               layer.Layer, [.. shift], [.. layer.Split!.Channels.Select(channel => channel.Weights)],
               [.. layer.Before.Channels.Select(channel => channel.IsConstant ? double.NaN : channel.Sigma)]),
    ]);

    private static float[] Corrected(Layer layer, double[] shift) =>
        [.. shift.Select((value, channel) => (float)((layer.HasBias ? layer.Bias[channel] : 0) - value))];
}
