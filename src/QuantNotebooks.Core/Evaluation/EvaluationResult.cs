using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Evaluation;

/// <summary>How well a network does on a set of images, in full precision and quantized. Immutable.</summary>
/// <param name="Network">The network.</param>
/// <param name="Scheme">How it was quantized, or null where it ran in floating point only.</param>
/// <param name="Images">The images.</param>
/// <param name="FloatTop1">
/// Share of images that the full-precision network classifies right, 0 to 1; null where the images have no labels. For a corrected network
/// this is the network before its biases were made to compensate the quantization.
/// </param>
/// <param name="QuantizedTop1">The same for the quantized network; null without labels or scheme.</param>
/// <param name="Agreement">Share of images that both put in the same class, 0 to 1; null without a scheme.</param>
/// <param name="SqnrDecibels">Signal to quantization noise ratio of the network's output, -10 log10(sum e^2 / sum y^2); null without a scheme.</param>
public sealed record EvaluationResult(
    Network Network, QuantizationScheme? Scheme, ImageSet Images, double? FloatTop1, double? QuantizedTop1, double? Agreement, double? SqnrDecibels)
{
    /// <summary>The ranges that the activations' grids cover, and of which images; null without a scheme.</summary>
    public ActivationRanges? Ranges { get; init; }

    /// <summary>The accuracy of what was asked for: quantized where there is a scheme, else full precision.</summary>
    public double? Top1 => Scheme is null ? FloatTop1 : QuantizedTop1;
}
