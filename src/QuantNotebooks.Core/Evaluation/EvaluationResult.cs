using System.Collections.Immutable;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Evaluation;

/// <summary>What counts as a right answer.</summary>
public enum AccuracyMetric
{
    /// <summary>The class with the largest score is the image's label.</summary>
    Top1,

    /// <summary>Every character of the line was read right.</summary>
    Lines,
}

/// <summary>What was read off one image, in full precision and quantized.</summary>
/// <param name="Image">Index of the image.</param>
/// <param name="Expected">The right text, or null where the images have none.</param>
/// <param name="Float">What the full-precision network reads.</param>
/// <param name="Quantized">What the quantized network reads; null without a scheme.</param>
public sealed record Reading(int Image, string? Expected, string Float, string? Quantized);

/// <summary>How well a network does on a set of images, in full precision and quantized. Immutable.</summary>
/// <param name="Network">The network.</param>
/// <param name="Scheme">How it was quantized, or null where it ran in floating point only.</param>
/// <param name="Images">The images.</param>
/// <param name="FloatAccuracy">
/// Share of images that the full-precision network answers right, 0 to 1; null where the right answers are not known. For a corrected network
/// this is the network before its biases were made to compensate the quantization.
/// </param>
/// <param name="QuantizedAccuracy">The same for the quantized network; null also without a scheme.</param>
/// <param name="Agreement">Share of images to which both give the same answer, 0 to 1; null without a scheme or without a task.</param>
/// <param name="SqnrDecibels">Signal to quantization noise ratio of the network's output, -10 log10(sum e^2 / sum y^2); null without a scheme.</param>
public sealed record EvaluationResult(
    Network Network, QuantizationScheme? Scheme, ImageSet Images, double? FloatAccuracy, double? QuantizedAccuracy, double? Agreement, double? SqnrDecibels)
{
    /// <summary>What counts as right.</summary>
    public AccuracyMetric Metric { get; init; }

    /// <summary>How many images were to be run, where the evaluation was stopped before their end and <see cref="Images"/> are the first of them; else null.</summary>
    public int? StoppedBefore { get; init; }

    /// <summary>The ranges that the activations' grids cover, and of which images; null without a scheme.</summary>
    public ActivationRanges? Ranges { get; init; }

    /// <summary>Mean over images of the cosine between the full-precision and the quantized output; null without a scheme.</summary>
    public double? MeanCosine { get; init; }

    /// <summary>Share of images whose label is among the five largest scores in full precision; null where there are no labels or fewer than six classes.</summary>
    public double? FloatTop5 { get; init; }

    /// <summary>The same for the quantized network; null also without a scheme.</summary>
    public double? QuantizedTop5 { get; init; }

    /// <summary>Share of characters that full precision reads right, 1 - (edit distance / characters), at least 0; null where no text is read or known.</summary>
    public double? FloatCharacters { get; init; }

    /// <summary>The same for the quantized network; null also without a scheme.</summary>
    public double? QuantizedCharacters { get; init; }

    /// <summary>What was read off each image; empty where no text is read.</summary>
    public ImmutableArray<Reading> Readings { get; init; } = [];

    /// <summary>The accuracy of what was asked for: quantized where there is a scheme, else full precision.</summary>
    public double? Accuracy => Scheme is null ? FloatAccuracy : QuantizedAccuracy;

    /// <summary>Why the result misleads: the network carries ranges or biases for another scheme; null where it does not.</summary>
    public string? SchemeWarning => Scheme is null ? null : Network.MismatchWith(Scheme);

    /// <summary>The 95 % interval of <see cref="Accuracy"/>, the images taken as independent; null where there is no accuracy.</summary>
    public WilsonInterval? Interval => IntervalOf(Accuracy);

    /// <summary>The same of <see cref="FloatAccuracy"/>.</summary>
    public WilsonInterval? FloatInterval => IntervalOf(FloatAccuracy);

    private WilsonInterval? IntervalOf(double? accuracy) => accuracy is { } share ? WilsonInterval.Of(share, Images.Count) : null;
}
