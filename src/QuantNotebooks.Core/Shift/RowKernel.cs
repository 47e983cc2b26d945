using System.Numerics;
using System.Runtime.CompilerServices;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Shift;

/// <summary>Sums a channel whose values lie in rows of at least one vector, as convolutions have them: vectors along the row. Only the error is summed up for each image.</summary>
internal static unsafe class RowKernel
{
    /// <summary>Images whose errors wait on the stack to be told apart.</summary>
    private const int ImagesAtOnce = 64;

    /// <summary>Rows of fewer values than this come from memory in time if the next channel's row, which lies right behind, is asked for; longer ones do where the channel's own next row is.</summary>
    private const int LongRow = 128;

    [SkipLocalsInit]
    public static ChannelSums Sum(ChannelLayout layout, float* full, float* quantized, int channel)
    {
        var sums = ChannelSums.Empty;
        var lanes = PairLanes.Empty;
        var errors = stackalloc Vector<double>[ImagesAtOnce];
        for (var first = 0; first < layout.Images; first += ImagesAtOnce)
        {
            var start = ((long)first * layout.Items * layout.Channels + channel) * layout.Inner;
            var images = Math.Min(ImagesAtOnce, layout.Images - first);
            AddImages(layout with { Images = images }, full + start, quantized + start, &lanes, errors);
            for (var image = 0; image < images; image++) sums.AddImage(Vector.Sum(errors[image]));
        }
        lanes.AddTo(ref sums);
        return sums;
    }

    // Optimized from the first call: a measurement is over before the runtime would think of it. Without calls in it, so that all sums stay in registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddImages(ChannelLayout layout, float* full, float* quantized, PairLanes* sums, Vector<double>* errors)
    {
        var (images, items) = (layout.Images, layout.Items);
        nint distance = layout.Channels * layout.Inner;
        nint ahead = layout.Inner < LongRow ? layout.Inner : distance;
        // A last vector that would reach over the row's end starts earlier, and what was summed before is masked out of it.
        nint whole = layout.Inner / Vector<float>.Count * Vector<float>.Count;
        nint last = layout.Inner - Vector<float>.Count;
        var fresh = Vector.GreaterThanOrEqual(Vector<int>.Indices, new Vector<int>((int)(whole - last)));
        var lanes = *sums;
        for (var image = 0; image < images; image++)
        {
            lanes.ClearError();
            for (var item = 0; item < items; item++)
            {
                for (nint index = 0; index < whole; index += Vector<float>.Count)
                {
                    Memory.Prefetch(full + index + ahead);
                    Memory.Prefetch(quantized + index + ahead);
                    lanes.Add(Vector.Load(full + index), Vector.Load(quantized + index));
                }
                if (last != whole - Vector<float>.Count) lanes.Add(Vector.Load(full + last), Vector.Load(quantized + last), fresh);
                full += distance;
                quantized += distance;
            }
            errors[image] = lanes.Error;
        }
        *sums = lanes;
    }
}
