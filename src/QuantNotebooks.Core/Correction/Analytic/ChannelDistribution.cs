using QuantNotebooks.Networks;

namespace QuantNotebooks.Correction.Analytic;

/// <summary>Mean and variance of a tensor, channel by channel, as far as they are known without images. Immutable.</summary>
/// <param name="Mean">One a channel.</param>
/// <param name="Variance">One a channel; null where only the means are known.</param>
internal sealed record ChannelDistribution(double[] Mean, double[]? Variance)
{
    /// <summary>The normal distribution that an activation made this of; null where that is not so simple, or there was no activation.</summary>
    private (double[] Mean, double[] Deviation, Activation Activation)? Source { get; init; }

    /// <summary>What batch normalization promised: beta and gamma^2; a dead channel is constant.</summary>
    public static ChannelDistribution Of(Layer layer, BatchNormalizationStatistics statistics)
    {
        var mean = statistics.Mean.Select(value => (double)value).ToArray();
        var variance = statistics.StandardDeviation.Select(value => (double)value * value).ToArray();
        foreach (var dead in layer.DeadChannels) (mean[dead.Channel], variance[dead.Channel]) = (dead.Constant, 0);
        return new ChannelDistribution(mean, variance);
    }

    /// <summary>Behind an activation, the channels taken as normally distributed; null where its moments are not known.</summary>
    public ChannelDistribution? Through(Activation activation)
    {
        if (activation == Activation.None) return this;
        if (Variance is null) return null;
        var (mean, variance) = (new double[Mean.Length], new double[Mean.Length]);
        for (var channel = 0; channel < mean.Length; channel++)
        {
            if (PiecewisePolynomial.Of(activation, channel) is not { } function) return null;
            var moments = function.Moments(Mean[channel], Math.Sqrt(Variance[channel]));
            var (scale, offset) = activation.IsScaled ? (At(activation.ChannelScales, channel), At(activation.ChannelOffsets, channel)) : (1, 0);
            (mean[channel], variance[channel]) = (moments.Mean * scale + offset, moments.Variance * scale * scale);
        }
        return new ChannelDistribution(mean, variance) { Source = (Mean, [.. Variance.Select(Math.Sqrt)], activation) };

        static double At(ValueList<float> values, int channel) => values.Count == 0 ? 0 : values[values.Count == 1 ? 0 : channel];
    }

    /// <summary>Behind a MaxPool, neighbouring values taken as independent; null where the variance is not known or an activation before it can fall.</summary>
    public ChannelDistribution? Maximum(WindowMaximum windows)
    {
        if (Variance is null) return null;
        var (sourceMean, deviation, activation) = Source ?? (Mean, [.. Variance.Select(Math.Sqrt)], Activation.None);
        if (activation.IsScaled || activation.Kind == ActivationKind.HardSwish) return null;
        var (mean, variance) = (new double[Mean.Length], new double[Mean.Length]);
        for (var channel = 0; channel < mean.Length; channel++)
        {
            var function = PiecewisePolynomial.Of(activation, channel)!;
            if (function.At(-1e6) > function.At(0)) return null;
            (mean[channel], variance[channel]) = windows.Moments(function, sourceMean[channel], deviation[channel]);
        }
        return new ChannelDistribution(mean, variance);
    }

    /// <summary>The same means and nothing more.</summary>
    public ChannelDistribution WithoutVariance() => new(Mean, null);

    /// <summary>The sum of independent tensors.</summary>
    public ChannelDistribution Plus(ChannelDistribution other) => new(
        [.. Mean.Zip(other.Mean, (one, another) => one + another)],
        Variance is null || other.Variance is null ? null : [.. Variance.Zip(other.Variance, (one, another) => one + another)]);

    /// <summary>The channels of one tensor after those of another.</summary>
    public ChannelDistribution Beside(ChannelDistribution other) => new(
        [.. Mean, .. other.Mean], Variance is null || other.Variance is null ? null : [.. Variance, .. other.Variance]);
}
