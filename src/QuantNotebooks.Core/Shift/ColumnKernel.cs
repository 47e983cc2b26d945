using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Shift;

/// <summary>
/// Sums channels whose own rows are shorter than a vector, as matrix products have them: vectors across channels, one lane a column, where a
/// column is one of the layout's Channels x Inner values at an item.
/// </summary>
internal static unsafe class ColumnKernel
{
    /// <summary>Items whose values go into a column's sums while these are in registers: few, for items often lie so far apart that the first cache holds only some.</summary>
    private const int ItemsAtOnce = 4;

    /// <summary>How far ahead in an item values are asked for.</summary>
    private const int Ahead = 64;

    /// <summary>The sums of the channels from <paramref name="first"/> on, as many as <paramref name="sums"/> holds.</summary>
    public static void Sum(ChannelLayout layout, float* full, float* quantized, int first, Span<ChannelSums> sums)
    {
        var columns = sums.Length * layout.Inner;
        var vectors = (columns + Vector<float>.Count - 1) / Vector<float>.Count;
        var lanes = (PairLanes*)NativeMemory.AlignedAlloc((nuint)vectors * (nuint)sizeof(PairLanes), (nuint)sizeof(Vector<double>));
        try
        {
            new Span<PairLanes>(lanes, vectors).Fill(PairLanes.Empty);
            sums.Fill(ChannelSums.Empty);
            nint distance = layout.Channels * layout.Inner;
            for (var image = 0; image < layout.Images; image++)
            {
                for (var vector = 0; vector < vectors; vector++) lanes[vector].ClearError();
                for (var item = 0; item < layout.Items; item += ItemsAtOnce)
                {
                    var start = ((long)image * layout.Items + item) * distance + (nint)first * layout.Inner;
                    AddItems(full + start, quantized + start, distance, Math.Min(ItemsAtOnce, layout.Items - item), columns, lanes);
                }
                for (var channel = 0; channel < sums.Length; channel++)
                {
                    var error = 0.0;
                    for (var column = channel * layout.Inner; column < (channel + 1) * layout.Inner; column++)
                        error += lanes[column / Vector<float>.Count].ErrorOf(column % Vector<float>.Count);
                    sums[channel].AddImage(error);
                }
            }
            for (var column = 0; column < columns; column++) lanes[column / Vector<float>.Count].AddTo(ref sums[column / layout.Inner], column % Vector<float>.Count);
        }
        finally
        {
            NativeMemory.AlignedFree(lanes);
        }
    }

    /// <summary>Adds some items, each <paramref name="distance"/> values behind the one before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddItems(float* full, float* quantized, nint distance, int items, int columns, PairLanes* lanes)
    {
        for (; columns >= Vector<float>.Count; columns -= Vector<float>.Count)
        {
            var sums = *lanes;
            float* y = full, q = quantized;
            for (var item = 0; item < items; item++)
            {
                Memory.Prefetch(y + Ahead);
                Memory.Prefetch(q + Ahead);
                sums.Add(Vector.Load(y), Vector.Load(q));
                y += distance;
                q += distance;
            }
            *lanes++ = sums;
            full += Vector<float>.Count;
            quantized += Vector<float>.Count;
        }
        if (columns == 0) return;
        // The columns that are left fill a part of a vector; nobody asks for its other lanes.
        var (someFull, someQuantized) = (Vector<float>.Zero, Vector<float>.Zero);
        for (var item = 0; item < items; item++)
        {
            Unsafe.CopyBlock(&someFull, full + item * distance, (uint)(columns * sizeof(float)));
            Unsafe.CopyBlock(&someQuantized, quantized + item * distance, (uint)(columns * sizeof(float)));
            lanes->Add(someFull, someQuantized);
        }
    }
}
