using System.Collections.Immutable;

namespace QuantNotebooks.Shift;

/// <summary>
/// One channel's mean shift before the activation, taken apart: x is the layer's input in full precision, x^ the same on the layer's input
/// grid, xq what the quantized network really gives it; y(x, W) what the layer makes of it.
/// </summary>
/// <param name="Count">Values that the means are over.</param>
/// <param name="Weights">Own weights: E[y(x, Wq) - y(x, W)]. The rounding of the bias, and a bias that was corrected, are part of it.</param>
/// <param name="InputRounding">Own input rounding and clipping: E[y(x^, Wq) - y(x, Wq)].</param>
/// <param name="Inherited">Inherited from the layers before: E[y(xq, Wq) - y(x^, Wq)].</param>
/// <param name="PredictedWeights">
/// The first-order prediction of <paramref name="Weights"/>: (Wq - W) E[x] with one mean an input channel, each tap weighted by the share of
/// positions at which it does not lie in the padding.
/// </param>
public readonly record struct ChannelSplit(long Count, double Weights, double InputRounding, double Inherited, double PredictedWeights)
{
    /// <summary>The three parts together: the channel's mean shift, up to the rounding of float32.</summary>
    public double Sum => Weights + InputRounding + Inherited;

    /// <summary>The split over these and other images together.</summary>
    public ChannelSplit Merge(ChannelSplit other)
    {
        if (Count == 0) return other;
        if (other.Count == 0) return this;
        var count = Count + other.Count;
        var share = (double)other.Count / count;
        return new ChannelSplit(
            count, Mean(Weights, other.Weights), Mean(InputRounding, other.InputRounding), Mean(Inherited, other.Inherited),
            Mean(PredictedWeights, other.PredictedWeights));

        double Mean(double one, double another) => one + (another - one) * share;
    }
}

/// <summary>A layer's mean shift taken apart. Immutable.</summary>
/// <param name="Channels">One entry a channel.</param>
public sealed record ShiftSplit(ImmutableArray<ChannelSplit> Channels)
{
    /// <summary>Root of the sum over channels of own weights squared; beside it those of the other parts, so that layers can be compared.</summary>
    public double WeightsNorm => Norm(channel => channel.Weights);

    /// <summary>Root of the sum over channels of own input rounding squared.</summary>
    public double InputRoundingNorm => Norm(channel => channel.InputRounding);

    /// <summary>Root of the sum over channels of the inherited part squared.</summary>
    public double InheritedNorm => Norm(channel => channel.Inherited);

    /// <summary>Root of the sum over channels of the difference between predicted and measured own weights squared.</summary>
    public double PredictionErrorNorm => Norm(channel => channel.PredictedWeights - channel.Weights);

    /// <summary>The split over these and the other's images together.</summary>
    /// <exception cref="QuantNotebooksException">The numbers of channels differ.</exception>
    public ShiftSplit Merge(ShiftSplit other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return other.Channels.Length == Channels.Length
            ? new ShiftSplit([.. Channels.Select((channel, index) => channel.Merge(other.Channels[index]))])
            : throw new QuantNotebooksException($"Splits of {Channels.Length} and of {other.Channels.Length} channels can't be merged: they are of different layers.");
    }

    private double Norm(Func<ChannelSplit, double> part)
    {
        var sum = 0.0;
        foreach (var channel in Channels) sum += part(channel) * part(channel);
        return Math.Sqrt(sum);
    }
}
