using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics.Tensors;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Quantization;

/// <summary>How the range that a grid covers is found from the values: more range clips less, less range rounds finer. Immutable.</summary>
public abstract record RangeEstimator
{
    private protected RangeEstimator()
    {
    }

    /// <summary>The extrema: nothing is clipped (paper A's choice).</summary>
    public static RangeEstimator MinMax { get; } = new MinMaxEstimator();

    /// <summary>The range with the smallest mean squared error of rounding and clipping together.</summary>
    public static RangeEstimator LeastSquares { get; } = new LeastSquaresEstimator();

    /// <summary>The range between the percentile and its mirror image: 99.99 clips the smallest and the largest 0.01 % of the values.</summary>
    /// <param name="percent">More than 50, at most 100.</param>
    /// <exception cref="QuantNotebooksException">The number is outside that.</exception>
    public static RangeEstimator Percentile(double percent) => IsPercentile(percent)
        ? new PercentileEstimator(percent)
        : throw new QuantNotebooksException(FormattableString.Invariant($"A percentile must be more than 50 and at most 100, not {percent}."));

    /// <summary>Reads "min-max", "mse" or "percentile:99.99".</summary>
    /// <exception cref="QuantNotebooksException">The text is something else.</exception>
    public static RangeEstimator Parse(string text) => TryParse(text, out var estimator)
        ? estimator
        : throw new QuantNotebooksException($"A range is 'min-max', 'mse' or 'percentile:P' with P above 50 and at most 100, not '{text}'.");

    /// <summary>The same without an exception.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out RangeEstimator? estimator)
    {
        ArgumentNullException.ThrowIfNull(text);
        const string percentile = "percentile:";
        estimator = text switch
        {
            "min-max" => MinMax,
            "mse" => LeastSquares,
            _ when text.StartsWith(percentile, StringComparison.Ordinal)
                && double.TryParse(text[percentile.Length..], NumberStyles.Float, CultureInfo.InvariantCulture, out var percent)
                && IsPercentile(percent) => Percentile(percent),
            _ => null,
        };
        return estimator is not null;
    }

    /// <summary>Whether <see cref="OfActivations"/> needs more than the extrema.</summary>
    internal abstract bool NeedsHistogram { get; }

    /// <summary>The range of an activation.</summary>
    /// <param name="extrema">Its smallest and largest value.</param>
    /// <param name="histogram">Its values; null where only the extrema are needed.</param>
    /// <param name="bits">Bits of the grid.</param>
    internal abstract ActivationRange OfActivations(ActivationRange extrema, ValueHistogram? histogram, int bits);

    /// <summary>The magnitude that a symmetric grid of weights covers.</summary>
    internal abstract float OfWeights(ReadOnlySpan<float> weights, int bits);

    private static bool IsPercentile(double percent) => percent is > 50 and <= 100;

    private static float Magnitude(ReadOnlySpan<float> weights) => MathF.Abs(TensorPrimitives.MaxMagnitude(weights));

    private sealed record MinMaxEstimator : RangeEstimator
    {
        internal override bool NeedsHistogram => false;

        internal override ActivationRange OfActivations(ActivationRange extrema, ValueHistogram? histogram, int bits) => extrema;

        internal override float OfWeights(ReadOnlySpan<float> weights, int bits) => Magnitude(weights);

        public override string ToString() => "min-max";
    }

    private sealed record PercentileEstimator(double Percent) : RangeEstimator
    {
        internal override bool NeedsHistogram => true;

        internal override ActivationRange OfActivations(ActivationRange extrema, ValueHistogram? histogram, int bits) => new(
            Math.Max(extrema.Minimum, (float)histogram!.Quantile(1 - Percent / 100)),
            Math.Min(extrema.Maximum, (float)histogram.Quantile(Percent / 100)));

        internal override float OfWeights(ReadOnlySpan<float> weights, int bits)
        {
            var magnitudes = new float[weights.Length];
            TensorPrimitives.Abs(weights, magnitudes);
            Array.Sort(magnitudes);
            // The smallest magnitude that at least the percentile of all weights stays within.
            return magnitudes[Math.Clamp((int)Math.Ceiling(Percent / 100 * magnitudes.Length) - 1, 0, magnitudes.Length - 1)];
        }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"percentile:{Percent}");
    }

    private sealed record LeastSquaresEstimator : RangeEstimator
    {
        private const int Steps = 100;

        internal override bool NeedsHistogram => true;

        internal override ActivationRange OfActivations(ActivationRange extrema, ValueHistogram? histogram, int bits)
        {
            // The ends are searched in turn: each moves from its extremum to zero while the other stays.
            var best = new ActivationRange(Math.Min(0, extrema.Minimum), Math.Max(0, extrema.Maximum));
            for (var round = 0; round < 2; round++)
            {
                best = Best(part => best with { Maximum = extrema.Maximum * part }, extrema.Maximum > 0, best);
                best = Best(part => best with { Minimum = extrema.Minimum * part }, extrema.Minimum < 0, best);
            }
            return best;

            ActivationRange Best(Func<float, ActivationRange> candidate, bool moves, ActivationRange otherwise)
            {
                if (!moves) return otherwise;
                var (found, error) = (otherwise, histogram!.MeanSquaredError(Quantizer.Asymmetric(otherwise, bits)));
                for (var step = Steps; step > 0; step--)
                {
                    var range = candidate((float)step / Steps);
                    var other = histogram.MeanSquaredError(Quantizer.Asymmetric(range, bits));
                    if (other < error) (found, error) = (range, other);
                }
                return found;
            }
        }

        internal override float OfWeights(ReadOnlySpan<float> weights, int bits)
        {
            var magnitude = Magnitude(weights);
            var (best, error) = (magnitude, double.PositiveInfinity);
            var rounded = new float[weights.Length];
            for (var step = Steps; step > 0; step--)
            {
                var candidate = magnitude * step / Steps;
                Quantizer.Symmetric(candidate, bits).Apply(weights, rounded);
                TensorPrimitives.Subtract(weights, rounded, rounded);
                var other = (double)TensorPrimitives.SumOfSquares<float>(rounded);
                if (other < error) (best, error) = (candidate, other);
            }
            return best;
        }

        public override string ToString() => "mse";
    }
}
