using System.Collections.Immutable;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Correction;

/// <summary>How the constants that are added to the biases are found.</summary>
public enum BiasCorrectionMethod
{
    /// <summary>
    /// Paper A's iterative bias correction (arXiv 1906.03193): layer by layer from the input, each against the quantized input that it will
    /// really see, with every earlier layer corrected already.
    /// </summary>
    Iterative,

    /// <summary>From the statistics of batch normalization, without images (<see cref="AnalyticCorrection"/>).</summary>
    Analytic,

    /// <summary>Paper A's bias fine-tuning: a short training in which only the biases move.</summary>
    FineTune,
}

/// <summary>Corrects the mean activation shift by a constant a channel.</summary>
public static class BiasCorrection
{
    /// <summary>
    /// Iterative bias correction (paper A, our reading): for each layer, input to output, b_c += E[y_c] - E[q_c] before the activation, over
    /// calibration images and positions, where q comes through the layers corrected so far and b is the quantized bias; then the sum is
    /// quantized again. Layers without a bias get one. Costs one sweep, and two more where held-out images are given; with
    /// <see cref="LayerPoint.AfterActivation"/> each activation runs up to twelve times.
    /// </summary>
    /// <param name="network">The network.</param>
    /// <param name="images">Calibration images, no labels needed; their extrema set the activations' ranges unless the network carries some.</param>
    /// <param name="scheme">How the network is quantized.</param>
    /// <param name="options">What to hold back, and what becomes of a correction that is cancelled; null to correct everything.</param>
    /// <param name="heldOut">Other images, on which the shift before and after is measured too; null to leave that out.</param>
    /// <param name="progress">Told which layer is under way.</param>
    /// <param name="cancellation">Stops within a batch; see <see cref="IterativeOptions.KeepDone"/> for the layers before.</param>
    /// <exception cref="QuantNotebooksException">The images don't fit the network, or a value is not finite.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static CorrectionResult CorrectBias(
        this Network network, ImageSet images, QuantizationScheme scheme, IterativeOptions? options = null, ImageSet? heldOut = null,
        IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
        cancellation = cancellation.OrAmbient();
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(images);
        options ??= IterativeOptions.Default;
        network.BeginSha256(); // which the history needs
        var visitor = new IterativeVisitor(network, images.Count, options);
        SweepOutcome outcome;
        using (var sweep = new LayerSweep(network, scheme, images, visitor, network.Ranges, options.Memory)) outcome = sweep.Run(progress, options.KeepDone, cancellation);

        // Of a sweep that was stopped the ranges of later tensors are not known: the network carries none, rather than some.
        var ranges = outcome.StoppedAfter is null ? outcome.Ranges : network.Ranges;
        var corrected = CorrectedNetwork.Of(network, CorrectionResult.Iterative, outcome.Biases, ranges, scheme, images, outcome.StoppedAfter?.Count);
        var stoppedAfter = outcome.StoppedAfter?.Count;
        MeanShiftReport? heldOutBefore = null, heldOutAfter = null;
        try
        {
            if (heldOut is not null && stoppedAfter is null)
                (heldOutBefore, heldOutAfter) = (MeasureHeldOut(network), MeasureHeldOut(corrected));
        }
        catch (OperationCanceledException) when (options.KeepDone)
        {
            stoppedAfter = network.Layers.Length;
        }
        var placement = QuantizerPlacement.Of(network, scheme);
        var layers = network.Layers.Select(layer => new LayerCorrection(
            layer, CorrectionOf(layer, outcome.Biases.GetValueOrDefault(layer.Name)),
            IsDone(layer) ? visitor.Before(layer) : ShiftStatistics.None, IsDone(layer) ? visitor.After(layer) : ShiftStatistics.None,
            AtPoint(heldOutBefore, layer), AtPoint(heldOutAfter, layer), IsDone(layer) ? visitor.Skipped(layer) : "interrupted")
        {
            BiasSteps = outcome.Biases.TryGetValue(layer.Name, out var bias) ? StepsOf(layer, bias) : [],
        });
        return new CorrectionResult(corrected, CorrectionResult.Iterative, scheme, images, [.. layers])
        {
            HeldOut = heldOutAfter is null ? null : heldOut,
            Point = options.Point,
            StoppedAfter = stoppedAfter,
            Warnings =
            [
                .. CorrectionWarnings.OfStop(outcome.StoppedAfter?.Count, network.Layers.Length, ranges is not null, heldOut is not null && stoppedAfter is not null),
                .. CorrectionWarnings.Of(network.Layers.Where(IsDone).Select(visitor.Before), images.Count - options.SetAside),
            ],
        };

        bool IsDone(Layer layer) => outcome.StoppedAfter?.Contains(layer) ?? true;

        MeanShiftReport MeasureHeldOut(Network measured) => measured.MeasureMeanShift(heldOut!, scheme, new() { Ranges = ranges }, progress, cancellation);

        ShiftStatistics? AtPoint(MeanShiftReport? report, Layer layer) =>
            options.Point == LayerPoint.AfterActivation ? report?.Layers[layer.Index].After : report?.Layers[layer.Index].Before;

        ImmutableArray<double> StepsOf(Layer layer, float[] bias) =>
            [.. LayerQuantizer.Integers(bias, LayerQuantizer.Weights(layer, scheme), outcome.Quantizers.GetValueOrDefault(placement.InputGridOf(layer)), scheme)?.Steps ?? []];
    }

    private static ImmutableArray<float> CorrectionOf(Layer layer, float[]? bias) =>
        [.. (bias ?? []).Select((value, channel) => value - (layer.HasBias ? layer.Bias[channel] : 0))];
}
