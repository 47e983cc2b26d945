using System.Numerics.Tensors;
using QuantNotebooks.Networks;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Export;

/// <summary>Figures of a layer that reports show and that follow from what the layer and its statistics hold.</summary>
public static class LayerFacts
{
    /// <summary>Number of weights and biases.</summary>
    public static long Parameters(Layer layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        return (long)layer.Weights.Length + layer.Bias.Length;
    }

    /// <summary>
    /// The largest channel's max |w| divided by the smallest channel's that is not zero, at least 1; NaN where all weights are zero. With one
    /// scale a tensor, the smallest channel keeps that many times fewer steps than the largest.
    /// </summary>
    public static double WeightRangeRatio(Layer layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        var (smallest, largest) = (float.PositiveInfinity, 0f);
        for (var channel = 0; channel < layer.Channels; channel++)
        {
            var magnitude = 0f;
            layer.Layout.ForEachRun(channel, (start, length) =>
                magnitude = Math.Max(magnitude, MathF.Abs(TensorPrimitives.MaxMagnitude(layer.Weights.Slice(start, length)))));
            if (magnitude == 0) continue;
            (smallest, largest) = (Math.Min(smallest, magnitude), Math.Max(largest, magnitude));
        }
        return largest == 0 ? double.NaN : (double)largest / smallest;
    }

    /// <summary>Root mean square of the channels' shifts in their standard deviations; NaN where no channel varies or nothing was measured.</summary>
    public static double RmsShiftInSigmas(ShiftStatistics? statistics)
    {
        if (statistics is null) return double.NaN;
        var (sum, count) = (0.0, 0);
        foreach (var channel in statistics.Channels)
        {
            if (channel.IsConstant) continue;
            sum += channel.ShiftInSigmas * channel.ShiftInSigmas;
            count++;
        }
        return count == 0 ? double.NaN : Math.Sqrt(sum / count);
    }

    /// <summary>The channel whose shift in standard deviations is largest in magnitude, or null where no channel varies.</summary>
    public static int? LargestShift(ShiftStatistics statistics)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        int? largest = null;
        for (var channel = 0; channel < statistics.Channels.Length; channel++)
        {
            if (statistics.Channels[channel].IsConstant) continue;
            if (largest is not { } best || Math.Abs(statistics.Channels[channel].ShiftInSigmas) > Math.Abs(statistics.Channels[best].ShiftInSigmas)) largest = channel;
        }
        return largest;
    }
}
