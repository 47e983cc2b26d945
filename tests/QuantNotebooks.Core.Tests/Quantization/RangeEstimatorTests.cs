using CsCheck;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Quantization;

/// <summary>Each estimator against a brute-force search over the values themselves, in double precision.</summary>
public sealed class RangeEstimatorTests
{
    private static readonly int[] SearchedBits = [2, 3, 4, 6, 8];

    public static TheoryData<int, bool, bool, bool> Grids
    {
        get
        {
            var grids = new TheoryData<int, bool, bool, bool>();
            foreach (var bits in SearchedBits)
                foreach (var symmetric in new[] { true, false })
                    foreach (var powerOfTwo in new[] { true, false })
                        foreach (var rectified in new[] { true, false }) grids.Add(bits, symmetric, powerOfTwo, rectified);
            return grids;
        }
    }

    private static float[] LongTailed(int seed, bool rectified, int count = 10_000)
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

    /// <summary>A grid by its definition, in double precision.</summary>
    private readonly record struct Grid(double Scale, double Lowest, double Highest)
    {
        public static Grid Over(double minimum, double maximum, int bits, bool symmetric, bool powerOfTwo)
        {
            var (low, high) = (Math.Min(0, minimum), Math.Max(0, maximum));
            var highest = Math.Pow(2, symmetric ? bits - 1 : bits) - 1;
            var scale = (symmetric ? Math.Max(-low, high) : high - low) / highest;
            if (powerOfTwo) scale = Math.Pow(2, Math.Ceiling(Math.Log2(scale)));
            if (symmetric) return new Grid(scale, -highest, highest);
            var zeroPoint = Math.Clamp(Math.Round(-low / scale), 0, highest);
            return new Grid(scale, -zeroPoint, highest - zeroPoint);
        }

        public double Integer(double value) => Math.Clamp(Math.Round(value / Scale), Lowest, Highest);

        public double Error(float[] values)
        {
            double sum = 0;
            foreach (var value in values) sum += Math.Pow(Integer(value) * Scale - value, 2);
            return sum / values.Length;
        }
    }

    private static (ActivationRange Range, ActivationRange Extrema) Estimate(RangeEstimator estimator, float[] values, GridFormat format, bool histogram)
    {
        var extrema = new ActivationRange(values.Min(), values.Max());
        if (!histogram) return (estimator.Of(values, format), extrema);
        var filled = new ValueHistogram(extrema);
        filled.Add(values);
        return (estimator.Of(filled, format), extrema);
    }

    /// <summary>The smallest cost over a mesh of ranges: both ends apart on an asymmetric grid, one magnitude on a symmetric one.</summary>
    private static double Least(ActivationRange extrema, bool symmetric, int parts, Func<double, double, double> cost)
    {
        double[] shares = [.. Enumerable.Range(1, parts).Select(part => (double)part / parts)];
        var magnitude = Math.Max(Math.Abs(extrema.Minimum), Math.Abs(extrema.Maximum));
        if (symmetric) return shares.Min(share => cost(-magnitude * share, magnitude * share));
        return (extrema.Minimum < 0 ? shares : [0]).Min(low => shares.Min(high => cost(extrema.Minimum * low, extrema.Maximum * high)));
    }

    [Theory]
    [MemberData(nameof(Grids))]
    public void Least_squares_reaches_the_brute_force_minimum(int bits, bool symmetric, bool powerOfTwo, bool rectified)
    {
        var values = LongTailed(bits, rectified, 4000);
        var format = new GridFormat(bits, symmetric, powerOfTwo);
        double? least = null;
        foreach (var histogram in new[] { false, true })
        {
            var (range, extrema) = Estimate(RangeEstimator.LeastSquares, values, format, histogram);
            least ??= Least(extrema, symmetric, rectified || symmetric ? 400 : 40, (low, high) => Grid.Over(low, high, bits, symmetric, powerOfTwo).Error(values));
            var found = Grid.Over(range.Minimum, range.Maximum, bits, symmetric, powerOfTwo).Error(values);
            Assert.InRange(found, 0, least.Value * 1.05);
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(12)]
    [InlineData(16)]
    public void The_histograms_error_is_that_of_the_values(int bits)
    {
        var values = LongTailed(bits, rectified: false, 50_000);
        var histogram = new ValueHistogram(new ActivationRange(values.Min(), values.Max()));
        histogram.Add(values);
        // The values crowd around zero more than the even spread within a bin knows, by some hundredths of the error at most.
        foreach (var part in new[] { 0.02f, 0.2f, 1f })
        {
            var range = new ActivationRange(values.Min() * part, values.Max() * part);
            var exact = Grid.Over(range.Minimum, range.Maximum, bits, symmetric: false, powerOfTwo: false).Error(values);
            Assert.Equal(1, histogram.MeanSquaredError(Quantizer.Asymmetric(range, bits)) / exact, 0.05);
        }
    }

    /// <summary>KL(P || Q) as the estimator defines it, from the values, bin by bin and in double precision.</summary>
    private static double Divergence(float[] values, ActivationRange extrema, Grid grid, int bins)
    {
        double width = ((double)extrema.Maximum - extrema.Minimum) / bins;
        var counts = new double[bins];
        foreach (var value in values)
            if (value != 0) counts[Math.Min(bins - 1, (int)((value - extrema.Minimum) / width))]++;
        double Center(int bin) => extrema.Minimum + (bin + 0.5) * width;
        bool IsClipped(int bin) => Math.Round(Center(bin) / grid.Scale) != grid.Integer(Center(bin));
        int[] kept = [.. Enumerable.Range(0, bins).Where(bin => counts[bin] > 0 && !IsClipped(bin))];
        if (kept.Length == 0) return double.PositiveInfinity;
        var p = kept.ToDictionary(bin => bin, bin => counts[bin]);
        p[kept[0]] += counts.Take(kept[0]).Sum();
        p[kept[^1]] += counts.Skip(kept[^1] + 1).Sum();
        var q = new Dictionary<int, double>();
        foreach (var integer in kept.GroupBy(bin => grid.Integer(Center(bin))))
            foreach (var bin in integer) q[bin] = integer.Sum(other => counts[other]) / integer.Count();
        var (total, keptTotal) = (p.Values.Sum(), q.Values.Sum());
        return kept.Sum(bin => p[bin] / total * Math.Log(p[bin] / total / (q[bin] / keptTotal)));
    }

    [Theory]
    [InlineData(2, true, true)]
    [InlineData(4, true, false)]
    [InlineData(4, false, true)]
    [InlineData(8, true, true)]
    [InlineData(8, false, true)]
    [InlineData(8, true, false)]
    public void Entropy_reaches_the_smallest_divergence_of_a_brute_force_search(int bits, bool symmetric, bool rectified)
    {
        var values = LongTailed(bits, rectified, 20_000);
        var (range, extrema) = Estimate(RangeEstimator.Entropy, values, new GridFormat(bits, symmetric, PowerOfTwo: false), histogram: true);
        double Cost(double low, double high) => Divergence(values, extrema, Grid.Over(low, high, bits, symmetric, powerOfTwo: false), Math.Max(2048, 16 << bits));
        Assert.InRange(Cost(range.Minimum, range.Maximum), 0, Least(extrema, symmetric, 150, Cost) * 1.1 + 1e-6);
    }

    /// <summary>
    /// The textbook form of entropy calibration for a signed 8-bit grid: magnitudes in 2048 bins, each candidate cut at a bin and merged into 128
    /// equal parts. It differs in detail (its parts are not the grid's cells), so the thresholds agree roughly.
    /// </summary>
    [Fact]
    public void Entropy_is_near_the_textbook_calibration()
    {
        var random = new Random(3);
        float[] values = [.. Enumerable.Range(0, 200_000).Select(_ => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))), 9f, -8f, 8.5f];
        const int bins = 2048;
        const int parts = 128;
        double largest = values.Max(Math.Abs);
        var counts = new double[bins];
        foreach (var value in values) counts[Math.Min(bins - 1, (int)(Math.Abs(value) / largest * bins))]++;
        var (threshold, least) = (0, double.PositiveInfinity);
        for (var cut = parts; cut <= bins; cut++)
        {
            var p = counts[..cut];
            p[^1] += counts[cut..].Sum();
            var q = new double[cut];
            for (var part = 0; part < parts; part++)
            {
                var (from, to) = ((int)((long)part * cut / parts), (int)((long)(part + 1) * cut / parts));
                int[] filled = [.. Enumerable.Range(from, to - from).Where(bin => counts[bin] > 0)];
                foreach (var bin in filled) q[bin] = filled.Sum(other => counts[other]) / filled.Length;
            }
            var (sumP, sumQ) = (p.Sum(), q.Sum());
            var divergence = Enumerable.Range(0, cut).Where(bin => p[bin] > 0).Sum(bin => q[bin] > 0 ? p[bin] / sumP * Math.Log(p[bin] / sumP / (q[bin] / sumQ)) : double.PositiveInfinity);
            if (divergence < least) (threshold, least) = (cut, divergence);
        }
        var range = Estimate(RangeEstimator.Entropy, values, new GridFormat(8, Symmetric: true, PowerOfTwo: false), histogram: true).Range;
        var found = Math.Max(-range.Minimum, range.Maximum);
        var textbook = largest * threshold / bins;
        Assert.True(textbook < 0.7 * largest, $"the outliers are clipped: {textbook}");
        Assert.InRange(found, 0.8 * textbook, 1.25 * textbook);
    }

    [Theory]
    [InlineData(99)]
    [InlineData(99.9)]
    public void Percentiles_are_those_of_the_sorted_values(double percent)
    {
        var values = LongTailed(5, rectified: false, 20_000);
        var (range, extrema) = Estimate(RangeEstimator.Percentile(percent), values, new GridFormat(8, Symmetric: false, PowerOfTwo: false), histogram: true);
        var sorted = values.Order().ToArray();
        var bin = (extrema.Maximum - extrema.Minimum) / 16384;
        // A percentile of few values lies between two neighbours; which of them is a matter of convention.
        var clipped = (int)Math.Round((1 - percent / 100) * values.Length);
        Assert.InRange(range.Minimum, sorted[clipped - 1] - bin, sorted[clipped] + bin);
        Assert.InRange(range.Maximum, sorted[^(clipped + 1)] - bin, sorted[^clipped] + bin);
        var magnitudes = values.Select(Math.Abs).Order().ToArray();
        foreach (var histogram in new[] { false, true })
        {
            var symmetric = Estimate(RangeEstimator.Percentile(percent), values, new GridFormat(8, Symmetric: true, PowerOfTwo: false), histogram).Range;
            var magnitude = Math.Max(-symmetric.Minimum, symmetric.Maximum);
            Assert.InRange(magnitude, magnitudes[^(clipped + 1)] - bin, magnitudes[^clipped] + bin);
        }
    }

    [Fact]
    public void Zeros_count_in_percentiles()
    {
        // 98 % zeros, so that the 99th percentile is the middle of the rest.
        float[] values = [.. new float[980], .. Enumerable.Range(1, 20).Select(value => (float)value)];
        var range = Estimate(RangeEstimator.Percentile(99), values, new GridFormat(8, Symmetric: false, PowerOfTwo: false), histogram: true).Range;
        Assert.Equal(0, range.Minimum);
        Assert.InRange(range.Maximum, 10, 11);
    }

    [Fact]
    public void The_hundredth_percentile_is_the_extrema() => Gen.Double[-5, 5].Select(value => (float)value).Array[2, 50].Sample(values =>
    {
        foreach (var symmetric in new[] { false, true })
        {
            var (range, extrema) = Estimate(RangeEstimator.Percentile(100), values, new GridFormat(8, symmetric, PowerOfTwo: false), histogram: true);
            Assert.Equal(Math.Max(0, extrema.Maximum), Math.Max(0, range.Maximum), 1e-3f);
            Assert.Equal(Math.Min(0, extrema.Minimum), Math.Min(0, range.Minimum), 1e-3f);
        }
    });

    [Fact]
    public void Every_estimator_stays_within_the_extrema_and_copes_with_constants() =>
        Gen.Select(Gen.Double[-5, 5].Select(value => (float)value).Array[1, 30], Gen.OneOfConst("mse", "entropy", "percentile:99", "min-max"), Gen.Int[2, 16], Gen.Bool, Gen.Bool)
            .Sample((values, name, bits, symmetric, constant) =>
            {
                if (constant) Array.Fill(values, values[0]);
                var format = new GridFormat(bits, symmetric, PowerOfTwo: bits % 2 == 0);
                foreach (var histogram in new[] { false, true })
                {
                    var (range, extrema) = Estimate(RangeEstimator.Parse(name), values, format, histogram);
                    // A quantile of a histogram is known to a bin; of values that end within a bin of zero it may lie beyond it.
                    var bin = histogram ? (extrema.Maximum - extrema.Minimum) / 2048 : 0;
                    Assert.InRange(range.Minimum, Math.Min(0, extrema.Minimum), Math.Max(0, extrema.Minimum) + bin);
                    Assert.InRange(range.Maximum, Math.Min(0, extrema.Maximum) - bin, Math.Max(0, extrema.Maximum));
                    Assert.True(float.IsNormal(format.Over(range).Scale));
                }
            });

    [Theory]
    [InlineData("min-max")]
    [InlineData("mse")]
    [InlineData("entropy")]
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
        Assert.Contains("'min-max', 'mse', 'entropy' or 'percentile:P'", Assert.Throws<QuantNotebooksException>(() => RangeEstimator.Parse(name)).Message, StringComparison.Ordinal);

    [Fact]
    public void Sweep_and_calibration_find_the_same_ranges()
    {
        var network = TestData.Load(TestData.ResNet14);
        var images = TestData.Calibration.Take(64);
        foreach (var estimator in new[] { RangeEstimator.LeastSquares, RangeEstimator.Percentile(99.9), RangeEstimator.Entropy })
        {
            var scheme = QuantizationScheme.Int8PerTensor.WithBits(4) with { ActivationRange = estimator };
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
