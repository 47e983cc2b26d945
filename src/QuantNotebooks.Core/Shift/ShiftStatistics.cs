using System.Collections.Immutable;

namespace QuantNotebooks.Shift;

/// <summary>
/// The shift statistics of one measuring point: every channel, and the layer's figures that sum over channels. Immutable; statistics over
/// disjoint images merge.
/// </summary>
/// <param name="Channels">One entry a channel.</param>
public sealed record ShiftStatistics(ImmutableArray<ChannelShift> Channels)
{
    /// <summary>Of a layer that was not measured.</summary>
    internal static ShiftStatistics None { get; } = new([]);

    /// <summary>Root quantization noise to signal ratio, sqrt(sum_c E[e_c^2] / sum_c E[y_c^2]); NaN where the signal is zero.</summary>
    public double RootQnsr => Math.Sqrt(Ratio(NoisePower, SignalPower));

    /// <summary>Mean shift to signal ratio, sqrt(sum_c MAS_c^2 / sum_c E[y_c^2]); NaN where the signal is zero.</summary>
    public double Mssr => Math.Sqrt(Ratio(ShiftPower, SignalPower));

    /// <summary>The part of the noise energy that is mean shift, MSSR^2 / rQNSR^2, 0 to 1; NaN where there is no noise.</summary>
    public double MeanShiftShare => Ratio(ShiftPower, NoisePower);

    /// <summary>Signal to quantization noise ratio in decibels, -20 log10 rQNSR.</summary>
    public double SqnrDecibels => NoiseConventions.ToDecibels(RootQnsr);

    /// <summary>
    /// Cosine of the angle between y and q, all channels taken as one vector: sum_c E[y_c q_c] / sqrt(sum_c E[y_c^2] sum_c E[q_c^2]), from
    /// 2 y q = y^2 + q^2 - e^2; NaN where either is zero.
    /// </summary>
    public double Cosine
    {
        get
        {
            var (signal, quantized) = (SignalPower, QuantizedPower);
            return Ratio((signal + quantized - NoisePower) / 2, Math.Sqrt(signal * quantized));
        }
    }

    /// <summary>sum_c E[q_c^2].</summary>
    public double QuantizedPower => Sum(channel => channel.Quantized.Power);

    /// <summary>sum_c E[y_c^2].</summary>
    public double SignalPower => Sum(channel => channel.Float.Power);

    /// <summary>sum_c E[e_c^2].</summary>
    public double NoisePower => Sum(channel => channel.NoisePower);

    /// <summary>sum_c MAS_c^2.</summary>
    public double ShiftPower => Sum(channel => channel.MeanShift * channel.MeanShift);

    /// <summary>
    /// Root mean square over channels of the shift in sigmas; channels that do not vary, or less than float32 can tell beside the layer's most
    /// varying one, are left out, NaN where none is left.
    /// </summary>
    public double RmsShiftInSigmas
    {
        get
        {
            var (sum, count, least) = (0.0, 0, LeastSigma);
            foreach (var channel in Channels)
            {
                if (channel.IsConstant || channel.Sigma < least) continue;
                sum += channel.ShiftInSigmas * channel.ShiftInSigmas;
                count++;
            }
            return count == 0 ? double.NaN : Math.Sqrt(sum / count);
        }
    }

    /// <summary>The channel, of those that <see cref="RmsShiftInSigmas"/> counts, whose shift in sigmas is largest in magnitude, or null where there is none.</summary>
    public int? LargestShiftChannel
    {
        get
        {
            var least = LeastSigma;
            int? largest = null;
            for (var channel = 0; channel < Channels.Length; channel++)
                if (!Channels[channel].IsConstant && Channels[channel].Sigma >= least
                    && (largest is not { } best || Math.Abs(Channels[channel].ShiftInSigmas) > Math.Abs(Channels[best].ShiftInSigmas)))
                    largest = channel;
            return largest;
        }
    }

    /// <summary>
    /// The statistics with each channel divided by its factor: those of an equalized layer in the original network's units, so that sums over channels
    /// compare with the original's.
    /// </summary>
    /// <param name="factors">One a channel, as <see cref="Networks.Network.ChannelFactors"/> gives them; empty where nothing was scaled.</param>
    /// <exception cref="QuantNotebooksException">There is another number of factors than of channels.</exception>
    public ShiftStatistics UnscaledBy(ImmutableArray<double> factors)
    {
        if (factors.IsDefaultOrEmpty) return this;
        if (factors.Length != Channels.Length) throw new QuantNotebooksException($"{factors.Length} factors don't fit statistics of {Channels.Length} channels.");
        return new ShiftStatistics([.. Channels.Select((channel, index) => channel.InUnitsOf(factors[index]))]);
    }

    /// <summary>The statistics once a constant a channel is added to q.</summary>
    internal ShiftStatistics Plus(ReadOnlySpan<float> constants)
    {
        var moved = ImmutableArray.CreateBuilder<ChannelShift>(Channels.Length);
        for (var channel = 0; channel < Channels.Length; channel++) moved.Add(Channels[channel].Plus(constants[channel]));
        return new ShiftStatistics(moved.MoveToImmutable());
    }

    /// <summary>The statistics of these images and the other's together.</summary>
    /// <exception cref="QuantNotebooksException">The numbers of channels differ.</exception>
    public ShiftStatistics Merge(ShiftStatistics other)
    {
        if (other.Channels.Length != Channels.Length)
            throw new QuantNotebooksException($"Statistics of {Channels.Length} and of {other.Channels.Length} channels can't be merged: they are of different layers.");
        var merged = ImmutableArray.CreateBuilder<ChannelShift>(Channels.Length);
        for (var channel = 0; channel < Channels.Length; channel++) merged.Add(Channels[channel].Merge(other.Channels[channel]));
        return new ShiftStatistics(merged.MoveToImmutable());
    }

    /// <summary>
    /// 1e-6 of the largest sigma. Trained networks hold channels whose weights decayed to 1e-12 or to 1e-38: next to them any shift is many sigmas, and means nothing.
    /// </summary>
    private double LeastSigma
    {
        get
        {
            var largest = 0.0;
            foreach (var channel in Channels) largest = Math.Max(largest, channel.Sigma);
            return 1e-6 * largest;
        }
    }

    private double Sum(Func<ChannelShift, double> term)
    {
        var sum = 0.0;
        foreach (var channel in Channels) sum += term(channel);
        return sum;
    }

    private static double Ratio(double part, double whole) => whole > 0 ? part / whole : double.NaN;
}
