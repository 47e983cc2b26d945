using System.Collections.Immutable;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sensitivity;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Recommendation;

/// <summary>What to do about one layer, and why.</summary>
/// <param name="Layer">The layer of the network that was given.</param>
/// <param name="Remedy">What to do.</param>
/// <param name="Reason">Why, in words; no full stop.</param>
/// <param name="NoiseShare">Its part of the noise that all layers, each alone, make at the output, 0 to 1; NaN where there is none.</param>
/// <param name="PredictedGainDecibels">By how many dB its own noise at the output is to fall; NaN where nothing is done.</param>
public sealed record LayerAdvice(Layer Layer, Remedy Remedy, string Reason, double NoiseShare, double PredictedGainDecibels)
{
    /// <summary>
    /// By how many dB it fell on held-out images once the plan was carried out; null where nothing was done, where there was no time, or where the
    /// remedy is a correction, which acts on what all layers before do together.
    /// </summary>
    public double? MeasuredGainDecibels { get; init; }
}

/// <summary>One step of the plan, tried on top of the steps that were kept before it.</summary>
/// <param name="Remedy">What was done.</param>
/// <param name="Layers">For how many layers it was meant.</param>
/// <param name="PredictedSqnrDecibels">SQNR of the output that was predicted, by noises that add.</param>
/// <param name="Result">What it got on held-out images.</param>
/// <param name="Kept">Whether it was kept: only where the output's SQNR on held-out images grew.</param>
/// <param name="Seconds">What it took.</param>
public sealed record TriedStep(Remedy Remedy, int Layers, double PredictedSqnrDecibels, EvaluationResult Result, bool Kept, double Seconds);

/// <summary>What to do so that a network loses less when it is quantized, and what came of it. Immutable.</summary>
/// <param name="Original">The network that was given.</param>
/// <param name="OriginalScheme">How it was to be quantized.</param>
/// <param name="Images">Images on which everything was calibrated, measured and corrected.</param>
/// <param name="HeldOut">Other images, on which the plan was tried.</param>
/// <param name="Layers">One entry a layer, input to output.</param>
/// <param name="Sensitivity">What each layer alone does to the output, before.</param>
/// <param name="Before">The network as it was given, quantized, on the held-out images.</param>
/// <param name="Steps">The steps that were tried, in order.</param>
public sealed record RecommendationReport(
    Network Original, QuantizationScheme OriginalScheme, ImageSet Images, ImageSet HeldOut, ImmutableArray<LayerAdvice> Layers, SensitivityReport Sensitivity,
    EvaluationResult Before, ImmutableArray<TriedStep> Steps)
{
    /// <summary>The mean activation shift of the network as it was given, on <see cref="Images"/>, with the split.</summary>
    public required MeanShiftReport Shift { get; init; }

    /// <summary>The network after the steps that were kept, with its calibrated ranges.</summary>
    public required Network Network { get; init; }

    /// <summary>The scheme after the steps that were kept.</summary>
    public required QuantizationScheme Scheme { get; init; }

    /// <summary>What there was no time for, or what was left when it was stopped (<see cref="Stopped"/>).</summary>
    public required ImmutableArray<string> Untried { get; init; }

    /// <summary>
    /// Whether it was cancelled before its end and holds what was done until then (<see cref="RecommendationOptions.KeepDone"/>): <see cref="Sensitivity"/> may be
    /// of the first images only, <see cref="Before"/> of a few, and <see cref="Untried"/> names the rest.
    /// </summary>
    public bool Stopped { get; init; }

    /// <summary>The result after the steps that were kept; <see cref="Before"/> where there are none.</summary>
    public EvaluationResult After => Steps.LastOrDefault(step => step.Kept)?.Result ?? Before;

    /// <summary>What came of it in one sentence without a full stop.</summary>
    public string Finding
    {
        get
        {
            var kept = Steps.Where(step => step.Kept).Select(step => step.Remedy.Text()).ToArray();
            if (Stopped && Steps.IsEmpty) return FormattableString.Invariant($"Nothing was tried yet: {Original.Name} has {Before.SqnrDecibels:F1} dB, {OriginalScheme}");
            if (kept.Length == 0)
                return FormattableString.Invariant($"Nothing that was tried makes {Original.Name} better than the {Before.SqnrDecibels:F1} dB it has, {OriginalScheme}");
            var accuracy = After.Accuracy is { } after && Before.Accuracy is { } before ? FormattableString.Invariant($", accuracy from {100 * before:F1} % to {100 * after:F1} %") : "";
            return FormattableString.Invariant(
                $"{string.Join(", then ", kept)}: the output goes from {Before.SqnrDecibels:F1} dB to {After.SqnrDecibels:F1} dB{accuracy}, on {HeldOut.Count} held-out images");
        }
    }
}
