using CsCheck;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Shift;

/// <summary>The statistics against their definitions, written out in double over all values.</summary>
public sealed class StatisticsTests
{
    private static readonly Gen<ChannelLayout> Layouts = Gen.Select(
        Gen.Int[1, 5], Gen.Int[1, 3], Gen.Int[1, 20], Gen.Int[1, 40], (images, items, channels, inner) => new ChannelLayout(images, items, channels, inner));

    private static (float[] Full, float[] Quantized) Values(ChannelLayout layout, int seed)
    {
        var random = new Random(seed);
        var full = new float[layout.Images * layout.ValuesPerImage];
        var quantized = new float[full.Length];
        for (var index = 0; index < full.Length; index++)
        {
            full[index] = (float)(random.NextDouble() * 10 - 3);
            quantized[index] = full[index] + (float)(random.NextDouble() - 0.4);
        }
        return (full, quantized);
    }

    private static ShiftStatistics Measure(ChannelLayout layout, float[] full, float[] quantized)
    {
        var accumulator = new ShiftAccumulator(layout.Channels);
        accumulator.Add(layout, full, quantized);
        return accumulator.ToStatistics();
    }

    [Fact]
    public void One_pass_gives_what_the_definitions_give() => Gen.Select(Layouts, Gen.Int[0, 1_000_000]).Sample((layout, seed) =>
    {
        var (full, quantized) = Values(layout, seed);
        var statistics = Measure(layout, full, quantized);
        for (var channel = 0; channel < layout.Channels; channel++)
        {
            var y = new List<double>();
            var q = new List<double>();
            var imageErrors = new List<double>();
            for (var image = 0; image < layout.Images; image++)
            {
                var before = y.Count;
                for (var item = 0; item < layout.Items; item++)
                    for (var inner = 0; inner < layout.Inner; inner++)
                    {
                        var index = ((image * layout.Items + item) * layout.Channels + channel) * layout.Inner + inner;
                        y.Add(full[index]);
                        q.Add(quantized[index]);
                    }
                imageErrors.Add(q.Skip(before).Average() - y.Skip(before).Average());
            }
            var actual = statistics.Channels[channel];
            Assert.Equal(q.Average() - y.Average(), actual.MeanShift, 1e-12);
            Assert.Equal(Math.Sqrt(y.Average(value => Math.Pow(value - y.Average(), 2))), actual.Sigma, 1e-10);
            Assert.Equal(y.Zip(q).Average(pair => Math.Pow(pair.Second - pair.First, 2)), actual.NoisePower, 1e-12);
            Assert.Equal((y.Min(), y.Max()), (actual.Float.Minimum, actual.Float.Maximum));
            Assert.Equal((q.Min(), q.Max()), (actual.Quantized.Minimum, actual.Quantized.Maximum));
            var mean = imageErrors.Average();
            var expected = imageErrors.Sum(value => Math.Pow(value - mean, 2)) / (imageErrors.Count - 1) / imageErrors.Count;
            // Its square, which is a difference of squares: where images' means happen to agree, its root is known to half as many digits.
            if (layout.Images > 1) Assert.Equal(expected, actual.StandardError * actual.StandardError, 1e-14);
            else Assert.True(double.IsNaN(actual.StandardError));
        }
    });

    [Fact]
    public void Noise_power_is_shift_squared_plus_variance() => Gen.Select(Layouts, Gen.Int[0, 1_000_000]).Sample((layout, seed) =>
    {
        var (full, quantized) = Values(layout, seed);
        foreach (var channel in Measure(layout, full, quantized).Channels)
        {
            var shift = channel.Quantized.Mean - channel.Float.Mean;
            Assert.Equal(shift * shift + channel.Error.Variance, channel.NoisePower, 1e-12);
        }
    });

    [Fact]
    public void Merged_statistics_equal_one_pass() => Gen.Select(Layouts, Gen.Int[1, 4], Gen.Int[0, 1_000_000]).Sample((layout, more, seed) =>
    {
        var whole = layout with { Images = layout.Images + more };
        var (full, quantized) = Values(whole, seed);
        var cut = layout.Images * layout.ValuesPerImage;
        var merged = Measure(layout, full[..cut], quantized[..cut])
            .Merge(Measure(layout with { Images = more }, full[cut..], quantized[cut..]));
        var onePass = Measure(whole, full, quantized);
        for (var channel = 0; channel < layout.Channels; channel++)
        {
            var (one, other) = (onePass.Channels[channel], merged.Channels[channel]);
            Assert.Equal(one.MeanShift, other.MeanShift, 1e-12);
            Assert.Equal(one.Sigma, other.Sigma, 1e-12 * Math.Max(1, one.Sigma));
            Assert.Equal(one.NoisePower, other.NoisePower, 1e-12 * Math.Max(1, one.NoisePower));
            Assert.Equal(one.StandardError * one.StandardError, other.StandardError * other.StandardError, 1e-14);
            Assert.Equal(one.Float.Maximum, other.Float.Maximum);
        }
    });

    [Fact]
    public void Ratios_follow_the_papers_definitions()
    {
        // Two channels, one image of two pixels: y = (1, 3), (2, 2); q = y + 1 and q = y - (0, 2).
        var statistics = Measure(new ChannelLayout(1, 1, 2, 2), [1, 3, 2, 2], [2, 4, 2, 0]);
        var signal = (1 + 9) / 2.0 + 4;
        var noise = 1 + (0 + 4) / 2.0;
        var shift = 1 + 1;
        Assert.Equal(Math.Sqrt(noise / signal), statistics.RootQnsr, 12);
        Assert.Equal(Math.Sqrt(shift / signal), statistics.Mssr, 12);
        Assert.Equal(shift / noise, statistics.MeanShiftShare, 12);
        Assert.Equal(10 * Math.Log10(signal / noise), statistics.SqnrDecibels, 10);
        Assert.Equal(1.0, statistics.Channels[0].ShiftInSigmas, 12);
        Assert.True(statistics.Channels[1].IsConstant);
        Assert.True(double.IsNaN(statistics.Channels[1].ShiftInSigmas));
    }

    [Fact]
    public void A_channel_that_varies_a_millionth_as_much_as_another_does_not_speak_for_the_layer()
    {
        // Shifts of 1 and of 1000 sigmas; the second channel's sigma is 1e-7 of the first's.
        var statistics = Measure(new ChannelLayout(1, 1, 2, 2), [-1, 1, -1e-7f, 1e-7f], [0, 2, 0.9999e-4f, 1.0001e-4f]);
        Assert.Equal(1, statistics.RmsShiftInSigmas, 6);
        Assert.Equal(0, statistics.LargestShiftChannel);
        Assert.Equal(1000, statistics.Channels[1].ShiftInSigmas, 1.0);
    }

    [Fact]
    public void Cosine_is_that_of_the_two_vectors() => Gen.Select(Layouts, Gen.Int[0, 1_000_000]).Sample((layout, seed) =>
    {
        var (full, quantized) = Values(layout, seed);
        var (product, y, q) = (0.0, 0.0, 0.0);
        for (var index = 0; index < full.Length; index++)
        {
            product += (double)full[index] * quantized[index];
            y += (double)full[index] * full[index];
            q += (double)quantized[index] * quantized[index];
        }
        Assert.Equal(product / Math.Sqrt(y * q), Measure(layout, full, quantized).Cosine, 1e-12);
    });

    [Theory]
    [InlineData(float.NaN, 1)]
    [InlineData(float.PositiveInfinity, 1)]
    [InlineData(float.NegativeInfinity, 9)]
    [InlineData(float.NaN, 30)]
    public void A_value_that_is_not_finite_is_found_on_either_side(float value, int inner)
    {
        var layout = new ChannelLayout(3, 2, 5, inner);
        var (full, quantized) = Values(layout, 1);
        foreach (var side in new[] { full, quantized })
        {
            var before = side[^(2 * inner)];
            Assert.Null(new ShiftAccumulator(5).Add(layout, full, quantized));
            side[^(2 * inner)] = value;
            Assert.Equal(3, new ShiftAccumulator(5).Add(layout, full, quantized));
            side[^(2 * inner)] = before;
        }
    }

    [Fact]
    public void The_standard_error_covers_the_true_shift_as_often_as_it_says()
    {
        // Images as the independent unit: pixels of one image share an offset, so an error over pixels would be far too small.
        var random = new Random(7);
        const int trials = 2000, images = 40, pixels = 16;
        var covered = 0;
        for (var trial = 0; trial < trials; trial++)
        {
            var full = new float[images * pixels];
            var quantized = new float[full.Length];
            for (var image = 0; image < images; image++)
            {
                var offset = Normal(random);
                for (var pixel = 0; pixel < pixels; pixel++)
                    quantized[image * pixels + pixel] = (float)(0.25 + 0.1 * offset + 0.05 * Normal(random));
            }
            var channel = Measure(new ChannelLayout(images, 1, 1, pixels), full, quantized).Channels[0];
            // 2.0227: the 97.5 % point of Student's t with 39 degrees of freedom.
            if (Math.Abs(channel.MeanShift - 0.25) <= 2.0227 * channel.StandardError) covered++;
        }
        Assert.InRange(covered / (double)trials, 0.93, 0.97);
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
