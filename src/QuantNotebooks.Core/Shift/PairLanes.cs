using System.Numerics;
using System.Runtime.CompilerServices;

namespace QuantNotebooks.Shift;

/// <summary>
/// Sums and ranges of pairs of values, full precision y and quantized q, lane by lane: float32 values, double sums. A copy in a local
/// variable stays in registers while a loop adds to it.
/// </summary>
internal struct PairLanes
{
    private Vector<double> _fullLeft, _fullRight, _errorLeft, _errorRight;
    private Vector<double> _fullSquaresLeft, _fullSquaresRight, _quantizedSquaresLeft, _quantizedSquaresRight, _errorSquaresLeft, _errorSquaresRight;
    private Vector<float> _fullLow, _fullHigh, _quantizedLow, _quantizedHigh, _errorLow, _errorHigh;

    public static PairLanes Empty
    {
        get
        {
            var infinite = new Vector<float>(float.PositiveInfinity);
            return new PairLanes { _fullLow = infinite, _quantizedLow = infinite, _errorLow = infinite, _fullHigh = -infinite, _quantizedHigh = -infinite, _errorHigh = -infinite };
        }
    }

    /// <summary>The error e = q - y since <see cref="ClearError"/>, left and right lanes together.</summary>
    public readonly Vector<double> Error => _errorLeft + _errorRight;

    /// <summary>Forgets the error's sum, which is kept image by image, and nothing else.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ClearError() => (_errorLeft, _errorRight) = (Vector<double>.Zero, Vector<double>.Zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector<float> y, Vector<float> q)
    {
        AddToRanges(y, q);
        AddToSums(y, q);
    }

    /// <summary>Adds the lanes that the mask holds, all bits or none; the others must have been added before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector<float> y, Vector<float> q, Vector<int> fresh)
    {
        AddToRanges(y, q);
        AddToSums(Vector.AsVectorSingle(Vector.AsVectorInt32(y) & fresh), Vector.AsVectorSingle(Vector.AsVectorInt32(q) & fresh));
    }

    /// <summary>What all lanes together hold but the error's sum.</summary>
    public readonly void AddTo(ref ChannelSums sums)
    {
        sums.Full += Vector.Sum(_fullLeft + _fullRight);
        sums.FullSquares += Vector.Sum(_fullSquaresLeft + _fullSquaresRight);
        sums.QuantizedSquares += Vector.Sum(_quantizedSquaresLeft + _quantizedSquaresRight);
        sums.ErrorSquares += Vector.Sum(_errorSquaresLeft + _errorSquaresRight);
        for (var lane = 0; lane < Vector<float>.Count; lane++) AddRangesTo(ref sums, lane);
    }

    /// <summary>What one lane holds but the error's sum.</summary>
    public readonly void AddTo(ref ChannelSums sums, int lane)
    {
        sums.Full += Of(_fullLeft, _fullRight, lane);
        sums.FullSquares += Of(_fullSquaresLeft, _fullSquaresRight, lane);
        sums.QuantizedSquares += Of(_quantizedSquaresLeft, _quantizedSquaresRight, lane);
        sums.ErrorSquares += Of(_errorSquaresLeft, _errorSquaresRight, lane);
        AddRangesTo(ref sums, lane);
    }

    /// <summary>The error's sum of one lane.</summary>
    public readonly double ErrorOf(int lane) => Of(_errorLeft, _errorRight, lane);

    private readonly void AddRangesTo(ref ChannelSums sums, int lane)
    {
        (sums.FullLow, sums.FullHigh) = (Math.Min(sums.FullLow, _fullLow[lane]), Math.Max(sums.FullHigh, _fullHigh[lane]));
        (sums.QuantizedLow, sums.QuantizedHigh) = (Math.Min(sums.QuantizedLow, _quantizedLow[lane]), Math.Max(sums.QuantizedHigh, _quantizedHigh[lane]));
        (sums.ErrorLow, sums.ErrorHigh) = (Math.Min(sums.ErrorLow, _errorLow[lane]), Math.Max(sums.ErrorHigh, _errorHigh[lane]));
    }

    private static double Of(Vector<double> left, Vector<double> right, int lane) => lane < Vector<double>.Count ? left[lane] : right[lane - Vector<double>.Count];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddToRanges(Vector<float> y, Vector<float> q)
    {
        var e = q - y;
        (_fullLow, _fullHigh) = (Vector.MinNative(_fullLow, y), Vector.MaxNative(_fullHigh, y));
        (_quantizedLow, _quantizedHigh) = (Vector.MinNative(_quantizedLow, q), Vector.MaxNative(_quantizedHigh, q));
        (_errorLow, _errorHigh) = (Vector.MinNative(_errorLow, e), Vector.MaxNative(_errorHigh, e));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddToSums(Vector<float> y, Vector<float> q)
    {
        Vector.Widen(y, out var yLeft, out var yRight);
        Vector.Widen(q, out var qLeft, out var qRight);
        // In double, for the difference of two floats need not be one.
        var (eLeft, eRight) = (qLeft - yLeft, qRight - yRight);
        _fullLeft += yLeft;
        _fullRight += yRight;
        _errorLeft += eLeft;
        _errorRight += eRight;
        _fullSquaresLeft = Vector.FusedMultiplyAdd(yLeft, yLeft, _fullSquaresLeft);
        _fullSquaresRight = Vector.FusedMultiplyAdd(yRight, yRight, _fullSquaresRight);
        _quantizedSquaresLeft = Vector.FusedMultiplyAdd(qLeft, qLeft, _quantizedSquaresLeft);
        _quantizedSquaresRight = Vector.FusedMultiplyAdd(qRight, qRight, _quantizedSquaresRight);
        _errorSquaresLeft = Vector.FusedMultiplyAdd(eLeft, eLeft, _errorSquaresLeft);
        _errorSquaresRight = Vector.FusedMultiplyAdd(eRight, eRight, _errorSquaresRight);
    }
}
