using System.Numerics;
using System.Runtime.CompilerServices;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Shift;

/// <summary>
/// Sums a channel whose values lie in rows of at least one vector, as convolutions have them: vectors along the row, kept in registers from
/// row to row. Only the error is summed up for each image.
/// </summary>
internal static unsafe class RowKernel
{
    // Optimized from the first call: a measurement is over before the runtime would think of it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ChannelSums Sum(ChannelLayout layout, float* full, float* quantized, int channel)
    {
        var width = Vector<float>.Count;
        var steps = (layout.Inner + width - 1) / width;
        // A last vector that would reach over the row's end starts earlier, and what was summed before is masked out of it.
        var last = layout.Inner - width;
        var fresh = Vector.GreaterThanOrEqual(Vector<int>.Indices, new Vector<int>(steps * width - layout.Inner));

        var (yLeftSum, yRightSum, yLeftSquares, yRightSquares) = (Vector<double>.Zero, Vector<double>.Zero, Vector<double>.Zero, Vector<double>.Zero);
        var (qLeftSquares, qRightSquares, eLeftSquares, eRightSquares) = (Vector<double>.Zero, Vector<double>.Zero, Vector<double>.Zero, Vector<double>.Zero);
        var (yLow, qLow, eLow) = (new Vector<float>(float.PositiveInfinity), new Vector<float>(float.PositiveInfinity), new Vector<float>(float.PositiveInfinity));
        var (yHigh, qHigh, eHigh) = (-yLow, -qLow, -eLow);
        var sums = ChannelSums.Empty;
        for (var image = 0; image < layout.Images; image++)
        {
            var (eLeftSum, eRightSum) = (Vector<double>.Zero, Vector<double>.Zero);
            for (var item = 0; item < layout.Items; item++)
            {
                var start = (((long)image * layout.Items + item) * layout.Channels + channel) * layout.Inner;
                float* yRow = full + start, qRow = quantized + start;
                for (var step = 0; step < steps; step++)
                {
                    var isLast = step == steps - 1;
                    var offset = isLast ? last : step * width;
                    var y = Vector.Load(yRow + offset);
                    var q = Vector.Load(qRow + offset);
                    var e = q - y;
                    (yLow, yHigh) = (Vector.MinNative(yLow, y), Vector.MaxNative(yHigh, y));
                    (qLow, qHigh) = (Vector.MinNative(qLow, q), Vector.MaxNative(qHigh, q));
                    (eLow, eHigh) = (Vector.MinNative(eLow, e), Vector.MaxNative(eHigh, e));
                    if (isLast)
                    {
                        y = Vector.AsVectorSingle(Vector.AsVectorInt32(y) & fresh);
                        q = Vector.AsVectorSingle(Vector.AsVectorInt32(q) & fresh);
                    }
                    Vector.Widen(y, out var yLeft, out var yRight);
                    Vector.Widen(q, out var qLeft, out var qRight);
                    // In double, for the difference of two floats need not be one.
                    var (eLeft, eRight) = (qLeft - yLeft, qRight - yRight);
                    yLeftSum += yLeft;
                    yRightSum += yRight;
                    eLeftSum += eLeft;
                    eRightSum += eRight;
                    yLeftSquares = Vector.FusedMultiplyAdd(yLeft, yLeft, yLeftSquares);
                    yRightSquares = Vector.FusedMultiplyAdd(yRight, yRight, yRightSquares);
                    qLeftSquares = Vector.FusedMultiplyAdd(qLeft, qLeft, qLeftSquares);
                    qRightSquares = Vector.FusedMultiplyAdd(qRight, qRight, qRightSquares);
                    eLeftSquares = Vector.FusedMultiplyAdd(eLeft, eLeft, eLeftSquares);
                    eRightSquares = Vector.FusedMultiplyAdd(eRight, eRight, eRightSquares);
                }
            }
            sums.AddImage(Vector.Sum(eLeftSum + eRightSum));
        }
        sums.Full = Vector.Sum(yLeftSum + yRightSum);
        sums.FullSquares = Vector.Sum(yLeftSquares + yRightSquares);
        sums.QuantizedSquares = Vector.Sum(qLeftSquares + qRightSquares);
        sums.ErrorSquares = Vector.Sum(eLeftSquares + eRightSquares);
        for (var lane = 0; lane < width; lane++)
        {
            (sums.FullLow, sums.FullHigh) = (Math.Min(sums.FullLow, yLow[lane]), Math.Max(sums.FullHigh, yHigh[lane]));
            (sums.QuantizedLow, sums.QuantizedHigh) = (Math.Min(sums.QuantizedLow, qLow[lane]), Math.Max(sums.QuantizedHigh, qHigh[lane]));
            (sums.ErrorLow, sums.ErrorHigh) = (Math.Min(sums.ErrorLow, eLow[lane]), Math.Max(sums.ErrorHigh, eHigh[lane]));
        }
        return sums;
    }
}
