using System.Buffers;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Shift;

/// <summary>The sums of every channel over one batch at one measuring point, before they are put to those of other batches. For one thread at a time.</summary>
/// <param name="layout">How the batch lies in memory.</param>
internal sealed class ShiftSums(ChannelLayout layout)
{
    private readonly ChannelSums[] _sums = ArrayPool<ChannelSums>.Shared.Rent(layout.Channels);

    /// <summary>How the batch lies in memory.</summary>
    public ChannelLayout Layout { get; } = layout;

    /// <summary>Sums some channels of a batch.</summary>
    /// <returns>The first of them that holds a NaN or an infinity, or null where all is finite.</returns>
    public unsafe int? Add(int first, int count, ReadOnlySpan<float> full, ReadOnlySpan<float> quantized)
    {
        var sums = _sums.AsSpan(first, count);
        fixed (float* y = full, q = quantized)
        {
            if (!Layout.HasRows) ColumnKernel.Sum(Layout, y, q, first, sums);
            else
                for (var channel = 0; channel < count; channel++) sums[channel] = RowKernel.Sum(Layout, y, q, first + channel);
        }
        for (var channel = 0; channel < count; channel++)
            if (!sums[channel].IsFinite) return first + channel;
        return null;
    }

    /// <summary>Puts the batch's moments to those of the batches before, and gives the memory back: the sums are not to be used again.</summary>
    public void AddTo(ChannelShift[] channels)
    {
        var positions = (long)Layout.Items * Layout.Inner;
        for (var channel = 0; channel < channels.Length; channel++)
            channels[channel] = channels[channel].Merge(_sums[channel].ToChannelShift(Layout.Images, positions));
        ArrayPool<ChannelSums>.Shared.Return(_sums);
    }
}
