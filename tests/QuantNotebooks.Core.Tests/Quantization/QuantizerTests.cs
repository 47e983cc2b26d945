using CsCheck;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Core.Tests.Quantization;

/// <summary>The quantizer against a scalar reference in double precision.</summary>
public sealed class QuantizerTests
{
    private static readonly Gen<int> Bits = Gen.Int[2, 16];
    private static readonly Gen<float[]> Values = Gen.Double[-20, 20].Select(value => (float)value).Array[1, 70];

    [Fact]
    public void Every_value_lands_where_the_definition_says() =>
        Gen.Select(Values, Bits, Gen.Double[-10, 0], Gen.Double[0.01, 10], Gen.Bool).Sample((values, bits, low, high, symmetric) =>
        {
            var quantizer = symmetric
                ? Quantizer.Symmetric((float)high, bits)
                : Quantizer.Asymmetric(new ActivationRange((float)low, (float)high), bits);
            var actual = new float[values.Length];
            quantizer.Apply(values, actual);
            for (var index = 0; index < values.Length; index++)
            {
                var quotient = (double)values[index] / quantizer.Scale;
                // Where the quotient lies within float rounding of a tie, either neighbour is right.
                if (Math.Abs(quotient - Math.Floor(quotient) - 0.5) < 1e-6 * Math.Max(1, Math.Abs(quotient))) continue;
                var integer = Math.Clamp(Math.Round(quotient, MidpointRounding.ToEven) + quantizer.ZeroPoint, quantizer.Lowest, quantizer.Highest);
                var expected = (integer - quantizer.ZeroPoint) * quantizer.Scale;
                Assert.True(
                    Math.Abs(expected - actual[index]) <= 1e-6 * Math.Max(Math.Abs(expected), quantizer.Scale),
                    $"{values[index]} became {actual[index]}, not {expected}, on {quantizer}");
            }
        });

    [Fact]
    public void Symmetric_grids_have_the_papers_step_and_ends() => Gen.Select(Bits, Gen.Double[0.001, 100]).Sample((bits, magnitude) =>
    {
        var quantizer = Quantizer.Symmetric((float)magnitude, bits);
        var levels = Math.Pow(2, bits - 1) - 1;
        Assert.Equal(magnitude / levels, quantizer.Scale, magnitude / levels * 1e-6);
        Assert.Equal(magnitude, quantizer.Maximum, magnitude * 1e-6);
        Assert.Equal(-quantizer.Maximum, quantizer.Minimum);
    });

    [Fact]
    public void Asymmetric_grids_cover_the_range_and_hold_zero_exactly() =>
        Gen.Select(Bits, Gen.Double[-50, 50], Gen.Double[-50, 50]).Sample((bits, one, other) =>
        {
            var range = new ActivationRange((float)Math.Min(one, other), (float)Math.Max(one, other));
            var quantizer = Quantizer.Asymmetric(range, bits);
            Assert.Equal(0f, quantizer.Apply(0f));
            // Rounding the zero point moves the grid by half a step at the most, and float32 rounds its ends.
            var half = 0.5001 * quantizer.Scale + 1e-6 * Math.Max(Math.Abs(one), Math.Abs(other));
            Assert.True(quantizer.Minimum <= Math.Min(range.Minimum, 0) + half);
            Assert.True(quantizer.Maximum >= Math.Max(range.Maximum, 0) - half);
            Assert.Equal((1 << bits) - 1, quantizer.Highest - quantizer.Lowest);
        });

    [Fact]
    public void Quantizing_twice_changes_nothing_more() => Gen.Select(Values, Bits).Sample((values, bits) =>
    {
        var quantizer = Quantizer.Asymmetric(new ActivationRange(-3, 7), bits);
        var once = new float[values.Length];
        var twice = new float[values.Length];
        quantizer.Apply(values, once);
        quantizer.Apply(once, twice);
        Assert.Equal(once, twice);
    });

    [Fact]
    public void Ties_go_to_the_even_integer()
    {
        var quantizer = new Quantizer(1f, 0, -8, 7);
        float[] values = [0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 100f, -100f, 3.4999f, 0f];
        var actual = new float[values.Length];
        quantizer.Apply(values, actual);
        Assert.Equal([0f, 2f, 2f, 0f, -2f, 7f, -8f, 3f, 0f], actual);
    }

    [Theory]
    [InlineData(0f, 0f)]
    [InlineData(-1e-45f, 1e-45f)]
    public void A_range_too_small_to_divide_gives_a_usable_grid(float low, float high)
    {
        var quantizer = Quantizer.Asymmetric(new ActivationRange(low, high), 8);
        Assert.True(quantizer.Scale > 0 && float.IsNormal(quantizer.Scale));
        Assert.Equal(0f, quantizer.Apply(0f));
    }

    [Fact]
    public void A_step_that_must_be_a_power_of_two_is_the_smallest_that_covers_the_range() => Gen.Select(Gen.Double[-9, 9], Gen.Double[-9, 9], Bits, Gen.Bool).Sample((one, other, bits, symmetric) =>
    {
        var range = new ActivationRange((float)Math.Min(one, other), (float)Math.Max(one, other));
        var free = new GridFormat(bits, symmetric, PowerOfTwo: false).Over(range);
        var power = new GridFormat(bits, symmetric, PowerOfTwo: true).Over(range);
        Assert.Equal(Math.Pow(2, Math.Round(Math.Log2(power.Scale))), power.Scale);
        Assert.InRange(power.Scale, free.Scale, MathF.BitDecrement(free.Scale * 2));
        Assert.Equal(0f, power.Apply(0f));
        Assert.True(power.Maximum >= Math.Max(range.Maximum, 0) - 0.5001 * power.Scale);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(0)]
    [InlineData(-3)]
    public void Bits_outside_2_to_16_are_refused(int bits)
    {
        var error = Assert.Throws<QuantNotebooksException>(() => QuantizationScheme.Int8PerTensor.WithBits(bits));
        Assert.Contains($"2 to 16, not {bits}", error.Message, StringComparison.Ordinal);
    }
}
