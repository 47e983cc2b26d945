using QuantNotebooks.Sensitivity;

namespace QuantNotebooks.Core.Tests.Sensitivity;

/// <summary>What is said of a layer that an equalization made worse follows from what was measured of it.</summary>
public sealed class LayerEffectTests
{
    [Theory]
    [InlineData(0.09, 0.01, "its weights make more noise, rQNSR 0.1 to 0.3: the widest channel of the weights spans 4 times the median one's range, 2 before")]
    [InlineData(0.01, 0.09, "the grids of values make more noise, rQNSR 0.1 to 0.3: the widest channel of the values read spans 3 times the median one's range, 2 before")]
    [InlineData(0.01, 0.01, "neither its weights alone (rQNSR 0.1 to 0.1) nor the values alone (rQNSR 0.1 to 0.1) explain it, it comes of both on grids together")]
    public void The_cause_is_the_part_that_grew(double weights, double values, string expected) => Assert.Equal(expected, new LayerEffect(
        "conv", new(0.01, 0.1), new(0.01, weights), new(0.01, values), new(2, 4), new(2, 3), new(double.NaN, double.NaN), 0).Cause);
}
