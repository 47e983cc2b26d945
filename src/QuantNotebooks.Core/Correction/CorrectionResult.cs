using System.Collections.Immutable;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Correction;

/// <summary>What bias correction did to one layer; all shifts are at the result's <see cref="CorrectionResult.Point"/>.</summary>
/// <param name="Layer">The layer, of the network that was corrected.</param>
/// <param name="Correction">What was added to the bias, one a channel; empty where the layer was skipped.</param>
/// <param name="Before">
/// The shift on the calibration images with every earlier layer corrected already: what the correction had to remove. Without channels where the
/// correction was interrupted before it had measured them.
/// </param>
/// <param name="After">The shift on the calibration images that is left once the corrected bias is quantized again; as <paramref name="Before"/> without channels.</param>
/// <param name="HeldOutBefore">The uncorrected network's shift on images that the correction did not see, or null.</param>
/// <param name="HeldOutAfter">The corrected network's shift on the same images, or null.</param>
/// <param name="Skipped">Why the layer was left alone, or null where it was corrected.</param>
public sealed record LayerCorrection(
    Layer Layer, ImmutableArray<float> Correction, ShiftStatistics Before, ShiftStatistics After,
    ShiftStatistics? HeldOutBefore, ShiftStatistics? HeldOutAfter, string? Skipped)
{
    /// <summary>A shift of so many sigmas is worth telling of.</summary>
    private const double Noticeable = 0.05;

    /// <summary>The layer's name.</summary>
    public string Name => Layer.Name;

    /// <summary>What one unit of the integer bias stands for, one a channel; empty where the bias stays in floating point or was not corrected on a grid.</summary>
    public ImmutableArray<double> BiasSteps { get; init; } = [];

    /// <summary>
    /// The channels whose shift after the correction is noticeable beside their sigma, and yet at most half a step of their integer bias: no bias
    /// of this scheme can take it away.
    /// </summary>
    public ImmutableArray<int> BelowBiasStep =>
    [
        .. Enumerable.Range(0, BiasSteps.Length).Where(channel =>
            // Means of float32 values: a thousandth more than half a step is still half a step.
            Math.Abs(After.Channels[channel].ShiftInSigmas) > Noticeable && Math.Abs(After.Channels[channel].MeanShift) <= 0.5005 * BiasSteps[channel]),
    ];
}

/// <summary>A corrected network and what was done to it. Immutable.</summary>
/// <param name="Network">
/// The corrected network. Its biases compensate the quantization, so in floating point it no longer computes what the original did; it carries
/// the calibrated ranges that it was corrected for, unless the correction was stopped before they were all found.
/// </param>
/// <param name="Method">How the corrections were found, for example "iterative".</param>
/// <param name="Scheme">The scheme it was corrected for.</param>
/// <param name="Images">The calibration images.</param>
/// <param name="Corrections">One entry a layer.</param>
public sealed record CorrectionResult(
    Network Network, string Method, QuantizationScheme Scheme, ImageSet Images, ImmutableArray<LayerCorrection> Corrections)
{
    internal const string Iterative = "iterative";

    /// <summary>
    /// Whether the calibration images saw each layer in its turn, with all before it corrected already, rather than the whole network without and with correction, as held-out images
    /// always do.
    /// </summary>
    public bool IsLayerByLayer => Method == Iterative;

    /// <summary>The images that the correction did not see and was measured on too, or null.</summary>
    public ImageSet? HeldOut { get; init; }

    /// <summary>Where the shifts were measured and taken away.</summary>
    public LayerPoint Point { get; init; }

    /// <summary>
    /// How many layers, in the order in which they run, an iterative correction was done with when it was stopped: those after them are skipped and have no figures, and
    /// held-out images that it did not come to are not in <see cref="HeldOut"/>. Null where it ran to its end.
    /// </summary>
    public int? StoppedAfter { get; init; }

    /// <summary>What to mind, a line each: for example too few images.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];

    /// <summary>
    /// For the analytic correction, the shifts that it took from batch normalization beside those that images show; null for other methods.
    /// </summary>
    public ShiftPredictions? Predictions { get; init; }

    /// <summary>What the network answered before and after; null where nobody asked, <see cref="CorrectionOutcome.With"/>.</summary>
    public CorrectionOutcome? Outcome { get; init; }

    /// <summary>How the training went; null for methods that don't train.</summary>
    public TrainingRun? Training { get; init; }
}
