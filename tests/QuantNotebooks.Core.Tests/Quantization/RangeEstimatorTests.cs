using CsCheck;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Quantization;

/// <summary>Each estimator against a brute-force search over the values themselves, in double precision.</summary>
public sealed class RangeEstimatorTests
{
    private static float[] LongTailed(int seed, bool rectified, int count = 20_000)
    {
        var random = new Random(seed);
        var values = new float[count];
        for (var index = 0; index < count; index++)
        {
            var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            var value = normal * normal * normal;
            values[index] = (float)(rectified ? Math.Max(0, value) : value);
        }
        return values;
    }

    private static double Error(float[] values, double scale, double lowest, double highest) => values.Average(value =>
        Math.Pow(Math.Clamp(Math.Round(value / scale), lowest, highest) * scale - value, 2));

    private static (ActivationRange Range, ActivationRange Extrema) Estimate(RangeEstimator estimator, float[] values, int bits)
    {
        var extrema = new ActivationRange(values.Min(), values.Max());
        var histogram = new ValueHistogram(extrema.Minimum, extrema.Maximum);
        histogram.Add(values);
        return (estimator.OfActivations(extrema, histogram, bits), extrema);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(6)]
    [InlineData(8)]
    public void Least_squares_of_weights_is_the_brute_force_minimum(int bits)
    {
        var weights = LongTailed(bits, rectified: false);
        var highest = (1 << (bits - 1)) - 1;
        var found = RangeEstimator.LeastSquares.OfWeights(weights, bits);
        var largest = weights.Max(Math.Abs);
        var best = Enumerable.Range(1, 1000).Min(step => Error(weights, largest * step / 1000 / highest, -highest, highest));
        Assert.InRange(Error(weights, found / highest, -highest, highest), best * 0.999, best * 1.05);
        Assert.True(bits == 8 || found < 0.9 * largest, "long tails are worth clipping at few bits");
    }

    [Theory]
    [InlineData(3, true)]
    [InlineData(4, true)]
    [InlineData(4, false)]
    [InlineData(8, true)]
    public void Least_squares_of_activations_is_near_the_brute_force_minimum(int bits, bool rectified)
    {
        var values = LongTailed(bits, rectified);
        var (range, extrema) = Estimate(RangeEstimator.LeastSquares, values, bits);
        double ErrorOf(ActivationRange candidate)
        {
            var scale = ((double)Math.Max(0, candidate.Maximum) - Math.Min(0, candidate.Minimum)) / ((1 << bits) - 1);
            var zeroPoint = Math.Round(-Math.Min(0, candidate.Minimum) / scale);
            return Error(values, scale, -zeroPoint, (1 << bits) - 1 - zeroPoint);
        }

        var ends = Enumerable.Range(1, 60).Select(step => step / 60f).ToArray();
        var best = (rectified ? [1f] : ends).Min(low => ends.Min(high => ErrorOf(new ActivationRange(extrema.Minimum * low, extrema.Maximum * high))));
        Assert.InRange(ErrorOf(range), 0, best * 1.1);
    }

    [Theory]
    [InlineData(99)]
    [InlineData(99.9)]
    public void Percentiles_are_those_of_the_sorted_values(double percent)
    {
        var values = LongTailed(5, rectified: false);
        var (range, extrema) = Estimate(RangeEstimator.Percentile(percent), values, 8);
        var sorted = values.Order().ToArray();
        var bin = (extrema.Maximum - extrema.Minimum) / 16384;
        // A percentile of few values lies between two neighbours; which of them is a matter of convention.
        var clipped = (int)Math.Round((1 - percent / 100) * values.Length);
        Assert.InRange(range.Minimum, sorted[clipped - 1] - bin, sorted[clipped] + bin);
        Assert.InRange(range.Maximum, sorted[^(clipped + 1)] - bin, sorted[^clipped] + bin);
        var magnitudes = values.Select(Math.Abs).Order().ToArray();
        var weights = RangeEstimator.Percentile(percent).OfWeights(values, 8);
        Assert.Equal(percent / 100, magnitudes.Count(value => value <= weights) / (double)values.Length, 1e-3);
    }

    [Fact]
    public void The_hundredth_percentile_is_the_extrema() => Gen.Double[-5, 5].Select(value => (float)value).Array[2, 50].Sample(values =>
    {
        var (range, extrema) = Estimate(RangeEstimator.Percentile(100), values, 8);
        Assert.Equal(extrema.Maximum, range.Maximum, 1e-3f);
        Assert.Equal(extrema.Minimum, range.Minimum, 1e-3f);
        Assert.Equal(values.Max(Math.Abs), RangeEstimator.Percentile(100).OfWeights(values, 8));
    });

    [Theory]
    [InlineData("min-max")]
    [InlineData("mse")]
    [InlineData("percentile:99.99")]
    public void Names_read_back(string name) => Assert.Equal(name, RangeEstimator.Parse(name).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("median")]
    [InlineData("percentile:")]
    [InlineData("percentile:50")]
    [InlineData("percentile:101")]
    [InlineData("percentile:NaN")]
    public void Other_names_are_refused(string name) =>
        Assert.Contains("'min-max', 'mse' or 'percentile:P'", Assert.Throws<QuantNotebooksException>(() => RangeEstimator.Parse(name)).Message, StringComparison.Ordinal);

    [Fact]
    public void Sweep_and_calibration_find_the_same_ranges()
    {
        var network = TestData.Load(TestData.ResNet14);
        var images = TestData.Calibration.Take(64);
        foreach (var estimator in new[] { RangeEstimator.LeastSquares, RangeEstimator.Percentile(99.9) })
        {
            var scheme = QuantizationScheme.Int8PerTensor.WithBits(4) with { Range = estimator };
            var calibrated = network.Calibrate(images, scheme);
            var swept = network.MeasureMeanShift(images, scheme).Ranges;
            foreach (var (name, range) in swept.ByTensor)
            {
                Assert.Equal(range.Maximum, calibrated.ByTensor[name].Maximum, 0.02f * Math.Max(1, range.Maximum));
                Assert.Equal(range.Minimum, calibrated.ByTensor[name].Minimum, 0.02f * Math.Max(1, -range.Minimum));
            }
        }
    }
}
