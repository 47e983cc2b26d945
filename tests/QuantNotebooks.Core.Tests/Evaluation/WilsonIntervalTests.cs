using QuantNotebooks.Evaluation;

namespace QuantNotebooks.Core.Tests.Evaluation;

public sealed class WilsonIntervalTests
{
    /// <summary>Its ends are the shares p from which the observed one lies z standard errors away: |share - p| = z sqrt(p (1 - p) / n).</summary>
    [Theory]
    [InlineData(0.5, 10)]
    [InlineData(0.9, 200)]
    [InlineData(0.02, 50)]
    public void Its_ends_are_z_standard_errors_of_their_own_away(double share, int count)
    {
        var (low, high) = WilsonInterval.Of(share, count, z: 1.5);
        Assert.All(new[] { low, high }, end => Assert.Equal(1.5 * Math.Sqrt(end * (1 - end) / count), Math.Abs(share - end), 1e-12));
        Assert.True(low < share && share < high);
    }

    [Fact]
    public void It_ends_at_0_and_1()
    {
        Assert.Equal((0, 0.2), (WilsonInterval.Of(0, 4, z: 1).Low, Math.Round(WilsonInterval.Of(0, 4, z: 1).High, 12)));
        Assert.Equal(new WilsonInterval(0, 1), WilsonInterval.Of(0, 0));
    }
}
