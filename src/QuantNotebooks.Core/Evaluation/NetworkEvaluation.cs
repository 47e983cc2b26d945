using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Evaluation;

/// <summary>Runs a network over a test set.</summary>
public static class NetworkEvaluation
{
    /// <summary>The accuracy in full precision.</summary>
    /// <param name="network">The network; of a corrected one, its full-precision reference runs.</param>
    /// <param name="images">Test images.</param>
    /// <param name="options">What else is wanted; null for <see cref="EvaluationOptions.Default"/>.</param>
    /// <param name="progress">Told which layer is under way.</param>
    /// <param name="cancellation">Stops within a batch.</param>
    /// <exception cref="QuantNotebooksException">The images don't fit the network.</exception>
    public static EvaluationResult Evaluate(
        this Network network, ImageSet images, EvaluationOptions? options = null, IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default) =>
        EvaluationPass.Run([new EvaluationEntry(network, null, null)], images, (options ?? EvaluationOptions.Default).KeepDone, progress, cancellation.OrAmbient())[0];

    /// <summary>The accuracy quantized, beside full precision.</summary>
    /// <param name="network">The network.</param>
    /// <param name="images">Test images.</param>
    /// <param name="scheme">How it is quantized.</param>
    /// <param name="calibration">Images that set the activations' ranges; not needed for a network that carries its ranges, or where only weights are quantized.</param>
    /// <param name="options">What else is wanted; null for <see cref="EvaluationOptions.Default"/>.</param>
    /// <param name="progress">Told which layer is under way.</param>
    /// <param name="cancellation">Stops within a batch.</param>
    /// <exception cref="QuantNotebooksException">The images don't fit the network, or there are neither ranges nor calibration images.</exception>
    public static EvaluationResult Evaluate(
        this Network network, ImageSet images, QuantizationScheme scheme, ImageSet? calibration = null,
        EvaluationOptions? options = null, IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default) =>
        EvaluationPass.Run([network.Quantized(scheme, calibration, progress, cancellation.OrAmbient())], images, (options ?? EvaluationOptions.Default).KeepDone, progress, cancellation.OrAmbient())[0];

    /// <summary>The network with the ranges it carries, or else those of the calibration images.</summary>
    internal static EvaluationEntry Quantized(this Network network, QuantizationScheme scheme, ImageSet? calibration, IProgress<SweepProgress>? progress, CancellationToken cancellation) =>
        network.Quantized(scheme, () => calibration is not null
            ? network.Calibrate(calibration, scheme, progress, cancellation)
            : throw new QuantNotebooksException($"'{network.Name}' carries no calibrated ranges: calibration images are needed to quantize it."));

    /// <summary>The network with the ranges it carries, or else those that are found when they are needed.</summary>
    internal static EvaluationEntry Quantized(this Network network, QuantizationScheme scheme, Func<ActivationRanges> calibrate)
    {
        if (network.Ranges is { } own) return new EvaluationEntry(network, scheme, own);
        // Weights alone need no images.
        return new EvaluationEntry(network, scheme, QuantizerPlacement.Of(network, scheme).QuantizesActivations ? calibrate() : ActivationRanges.None);
    }
}
