using QuantNotebooks.Correction.Analytic;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Core.Tests.Correction;

/// <summary>Moments behind an activation, against a million random values.</summary>
public sealed class ChannelDistributionTests
{
    [Fact]
    public void A_learned_scale_and_offset_behind_the_activation_count()
    {
        var activation = new Activation(ActivationKind.Relu) { ChannelScales = [2, -0.5f], ChannelOffsets = [0.3f, 1] };
        double[] means = [0.2, -0.4], deviations = [1, 0.5];
        var behind = new ChannelDistribution(means, [.. deviations.Select(deviation => deviation * deviation)]).Through(activation)!;
        var random = new Random(46);
        for (var channel = 0; channel < means.Length; channel++)
        {
            const int count = 1_000_000;
            var (sum, squares) = (0.0, 0.0);
            for (var index = 0; index < count; index++)
            {
                // Box and Muller.
                var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
                var value = activation.ChannelScales[channel] * Math.Max(0, means[channel] + deviations[channel] * normal) + activation.ChannelOffsets[channel];
                (sum, squares) = (sum + value, squares + value * value);
            }
            var mean = sum / count;
            Assert.Equal(mean, behind.Mean[channel], 0.01 * Math.Abs(mean));
            Assert.Equal(squares / count - mean * mean, behind.Variance![channel], 0.01 * behind.Variance[channel]);
        }
    }
}
