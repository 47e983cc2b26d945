using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Core.Tests.Quantization;

/// <summary>Histograms of activations: many values at once are what they are one by one, and the error is that of a scalar sum in closed form.</summary>
public sealed class HistogramTests
{
    private static readonly ActivationRange Range = new(-1.25f, 3.5f);

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    [InlineData(1013)]
    public void Values_at_once_fall_where_single_values_fall(int count)
    {
        var random = new Random(count);
        float[] edges = [Range.Minimum, Range.Maximum, 0, -0f, float.Epsilon, -float.Epsilon, BitConverter.Int32BitsToSingle(1), Range.Maximum * 2, Range.Minimum * 2];
        float[] values = [.. Enumerable.Range(0, count).Select(index => index % 5 == 0 ? 0 : (float)(random.NextDouble() * 4.75 - 1.25)), .. edges];
        var (together, alone) = (new ValueHistogram(Range), new ValueHistogram(Range));
        together.Add(values);
        foreach (var value in values) alone.Add([value]);
        for (var share = 0; share <= 200; share++) Assert.Equal(alone.Quantile(share / 200.0), together.Quantile(share / 200.0));
        for (var bits = 2; bits <= 8; bits++)
        {
            var grid = Quantizer.Asymmetric(Range, bits);
            Assert.Equal(alone.MeanSquaredError(grid), together.MeanSquaredError(grid));
            Assert.Equal(alone.ForDivergence(bits).Divergence(grid), together.ForDivergence(bits).Divergence(grid));
        }
    }

    [Theory]
    [InlineData(2, 1.0)]
    [InlineData(4, 0.6)]
    [InlineData(8, 0.9)]
    public void The_error_is_the_integral_over_every_bin(int bits, double part)
    {
        var random = new Random(bits);
        var histogram = new ValueHistogram(Range);
        var counts = new long[ValueHistogram.Bins];
        var width = ((double)Range.Maximum - Range.Minimum) / ValueHistogram.Bins;
        for (var index = 0; index < 20_000; index++)
        {
            var value = (float)(random.NextDouble() * random.NextDouble() * 4.75 - 1.25);
            histogram.Add([value]);
            counts[Math.Clamp((int)((value - (double)Range.Minimum) / width), 0, counts.Length - 1)]++;
        }
        var grid = Quantizer.Asymmetric(new ActivationRange((float)(Range.Minimum * part), (float)(Range.Maximum * part)), bits);
        // The mean of the squared error over evenly spread values, by the midpoint rule on fine pieces.
        const int pieces = 64;
        var sum = 0.0;
        for (var bin = 0; bin < counts.Length; bin++)
        {
            if (counts[bin] == 0) continue;
            var left = Range.Minimum + bin * width;
            var integral = 0.0;
            for (var piece = 0; piece < pieces; piece++) integral += Square(left + width * (piece + 0.5) / pieces) / pieces;
            sum += counts[bin] * integral;
        }
        Assert.Equal(sum / 20_000, histogram.MeanSquaredError(grid), 1e-5 * sum / 20_000);

        double Square(double value)
        {
            var nearest = Math.Clamp(Math.Round(value / grid.Scale), grid.Lowest - grid.ZeroPoint, grid.Highest - grid.ZeroPoint) * grid.Scale;
            return (value - nearest) * (value - nearest);
        }
    }
}
