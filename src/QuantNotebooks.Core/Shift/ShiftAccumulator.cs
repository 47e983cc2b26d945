using System.Numerics;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Shift;

/// <summary>
/// Gathers the shift statistics of one measuring point, batch by batch: float32 values, double sums. The result does not depend on how many
/// threads take part, for each channel is added up by one thread in the order of the images.
/// </summary>
internal sealed class ShiftAccumulator(int channels)
{
    /// <summary>Fewer values are summed faster than another thread wakes up.</summary>
    private const int WorthThreads = 1 << 14;

    /// <summary>Columns that one thread sums at a time: their sums stay in its first cache.</summary>
    private const int ColumnsAtOnce = 256;

    private readonly ChannelShift[] _channels = new ChannelShift[channels];

    /// <summary>Adds a batch.</summary>
    /// <returns>The first channel that holds a NaN or an infinity, or null where all is finite.</returns>
    public unsafe int? Add(ChannelLayout layout, ReadOnlySpan<float> full, ReadOnlySpan<float> quantized)
    {
        var positions = (long)layout.Items * layout.Inner;
        if (layout.Images == 0 || positions == 0) return null;
        var isRows = layout.Inner >= Vector<float>.Count;
        var atOnce = isRows ? 1 : Math.Max(1, ColumnsAtOnce / layout.Inner);
        var parts = (channels + atOnce - 1) / atOnce;
        var notFinite = int.MaxValue;
        fixed (float* y = full, q = quantized)
        {
            var (fullPointer, quantizedPointer) = ((nint)y, (nint)q);
            if (full.Length < WorthThreads)
                for (var part = 0; part < parts; part++) AddPart(part);
            else
                Parallel.For(0, parts, AddPart);

            void AddPart(int part)
            {
                var first = part * atOnce;
                var sums = new ChannelSums[Math.Min(atOnce, channels - first)];
                if (isRows) sums[0] = RowKernel.Sum(layout, (float*)fullPointer, (float*)quantizedPointer, first);
                else ColumnKernel.Sum(layout, (float*)fullPointer, (float*)quantizedPointer, first, sums);
                for (var channel = 0; channel < sums.Length; channel++)
                {
                    if (!sums[channel].IsFinite) InterlockedMinimum(ref notFinite, first + channel);
                    _channels[first + channel] = _channels[first + channel].Merge(sums[channel].ToChannelShift(layout.Images, positions));
                }
            }
        }
        return notFinite == int.MaxValue ? null : notFinite;
    }

    public ShiftStatistics ToStatistics() => new([.. _channels]);

    private static void InterlockedMinimum(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value < seen;)
        {
            var before = Interlocked.CompareExchange(ref target, value, seen);
            if (before == seen) return;
            seen = before;
        }
    }
}
