using QuantNotebooks.Evaluation;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Sensitivity;

/// <summary>How far the network's output is from full precision on a sample of images. Immutable.</summary>
/// <param name="Ratio">Noise over signal, sum e^2 / sum y^2 over all images and values of the output: rQNSR^2.</param>
/// <param name="RatioStandardError">
/// Its standard error over images, those of a ratio of two means (Cochran, Sampling Techniques, section 2.11); NaN for fewer than two images.
/// </param>
/// <param name="Images">Number of images.</param>
public sealed record OutputNoise(double Ratio, double RatioStandardError, int Images)
{
    /// <summary>Root quantization noise to signal ratio at the output.</summary>
    public double RootQnsr => Math.Sqrt(Ratio);

    /// <summary>Signal to quantization noise ratio at the output, in dB; infinite without noise.</summary>
    public double SqnrDecibels => NoiseConventions.ToDecibels(RootQnsr);

    /// <summary>Standard error of <see cref="SqnrDecibels"/> in dB, to first order; NaN for fewer than two images or without noise.</summary>
    public double SqnrStandardErrorDecibels => Ratio > 0 ? 10 / Math.Log(10) * RatioStandardError / Ratio : double.NaN;

    /// <summary>Mean over images of the cosine between the two outputs.</summary>
    public double MeanCosine { get; init; } = double.NaN;

    /// <summary>Share of images to which both give the same answer, 0 to 1; null where nothing says what the output means.</summary>
    public double? Agreement { get; init; }

    /// <summary>The 95 % interval of <see cref="Agreement"/>.</summary>
    public WilsonInterval? AgreementInterval => Agreement is { } share ? WilsonInterval.Of(share, Images) : null;

    /// <summary>Share of images that are answered right, 0 to 1; null where the right answers are not known.</summary>
    public double? Accuracy { get; init; }
}
