using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Shift;

/// <summary>Sums all channels of a batch, a few at a time, as a sweep shows them.</summary>
internal static class WholeBatch
{
    /// <returns>The first channel that holds a NaN or an infinity, or null where all is finite.</returns>
    public static int? Add(this ShiftAccumulator accumulator, ChannelLayout layout, ReadOnlySpan<float> full, ReadOnlySpan<float> quantized)
    {
        var sums = new ShiftSums(layout);
        for (var first = 0; first < layout.Channels; first += layout.ChannelsAtOnce)
            if (sums.Add(first, Math.Min(layout.ChannelsAtOnce, layout.Channels - first), full, quantized) is { } channel) return channel;
        accumulator.Add(sums);
        return null;
    }
}
