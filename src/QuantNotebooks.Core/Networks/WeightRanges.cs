using System.Collections.Immutable;

namespace QuantNotebooks.Networks;

/// <summary>How unequal the weight ranges of a layer's channels are: what quantization with one scale a tensor suffers from.</summary>
public static class WeightRanges
{
    /// <summary>max|w| of each output channel.</summary>
    public static ImmutableArray<float> ChannelWeightRanges(this Layer layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        var ranges = new float[layer.Channels];
        for (var channel = 0; channel < ranges.Length; channel++)
        {
            var range = 0f;
            layer.Layout.ForEachRun(channel, (start, length) =>
            {
                foreach (var weight in layer.Weights.Slice(start, length)) range = Math.Max(range, Math.Abs(weight));
            });
            ranges[channel] = range;
        }
        return [.. ranges];
    }

    /// <summary>
    /// max|w| of the layer over the median of its channels' max|w|, leaving out channels whose weights are all zero; NaN where all are.
    /// 1 means equal channels; 16 means that the median channel gets four bits fewer than the widest.
    /// </summary>
    public static double WeightRangeRatio(this Layer layer) => Ratio(layer.ChannelWeightRanges());

    internal static double Ratio(ImmutableArray<float> channels)
    {
        float[] ranges = [.. channels.Where(range => range > 0).Order()];
        if (ranges.Length == 0) return double.NaN;
        var median = (ranges[(ranges.Length - 1) / 2] + (double)ranges[ranges.Length / 2]) / 2;
        return ranges[^1] / median;
    }
}
