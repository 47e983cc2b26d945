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
    /// <see cref="CorrectionPoint.AfterActivation"/> each activation runs up to twelve times.
    /// </summary>
    /// <param name="network">The network.</param>
    /// <param name="images">Calibration images, no labels needed; their extrema set the activations' ranges unless the network carries some.</param>
    /// <param name="scheme">How the network is quantized.</param>
    /// <param name="heldOut">Other images, on which the shift before and after is measured too; null to leave that out.</param>
    /// <param name="options">What to hold back; null to correct everything.</param>
    /// <param name="memory">Most memory for tensors, all images of a layer being held at once; what is beyond it goes to a temporary file.</param>
    /// <param name="progress">Told which layer is under way.</param>
    /// <param name="cancellation">Stops within a batch.</param>
    /// <exception cref="QuantNotebooksException">The images don't fit the network, or a value is not finite.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static CorrectionResult CorrectBias(
        this Network network, ImageSet images, QuantizationScheme scheme, ImageSet? heldOut = null, IterativeOptions? options = null,
        MemoryBudget? memory = null, IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(images);
        options ??= IterativeOptions.Default;
        var visitor = new IterativeVisitor(network, images.Count, options);
        SweepOutcome outcome;
        using (var sweep = new LayerSweep(network, scheme, images, visitor, network.Ranges, memory)) outcome = sweep.Run(progress, cancellation);

        var corrected = CorrectedNetwork.Of(network, "iterative", outcome.Biases, outcome.Ranges, scheme, images);
        var heldOutBefore = heldOut is null ? null : network.MeasureMeanShift(heldOut, scheme, new() { Ranges = outcome.Ranges }, progress, cancellation);
        var heldOutAfter = heldOut is null ? null : corrected.MeasureMeanShift(heldOut, scheme, new() { Ranges = outcome.Ranges }, progress, cancellation);
        var placement = QuantizerPlacement.Of(network, scheme);
        var layers = network.Layers.Select(layer => new LayerCorrection(
            layer, CorrectionOf(layer, outcome.Biases.GetValueOrDefault(layer.Name)), visitor.Before(layer), visitor.After(layer),
            AtPoint(heldOutBefore, layer), AtPoint(heldOutAfter, layer), visitor.Skipped(layer))
        {
            BiasSteps = outcome.Biases.TryGetValue(layer.Name, out var bias) ? StepsOf(layer, bias) : [],
        });
        return new CorrectionResult(corrected, "iterative", scheme, images, [.. layers])
        {
            HeldOut = heldOut,
            Point = options.Point,
            Warnings = CorrectionWarnings.Of(network.Layers.Select(visitor.Before), images.Count - options.SetAside),
        };

        ShiftStatistics? AtPoint(MeanShiftReport? report, Layer layer) =>
            options.Point == CorrectionPoint.AfterActivation ? report?.Layers[layer.Index].After : report?.Layers[layer.Index].Before;

        ImmutableArray<double> StepsOf(Layer layer, float[] bias) =>
            [.. LayerQuantizer.Integers(bias, LayerQuantizer.Weights(layer, scheme), outcome.Quantizers.GetValueOrDefault(placement.InputGridOf(layer)), scheme)?.Steps ?? []];
    }

    private static ImmutableArray<float> CorrectionOf(Layer layer, float[]? bias) =>
        [.. (bias ?? []).Select((value, channel) => value - (layer.HasBias ? layer.Bias[channel] : 0))];
}
