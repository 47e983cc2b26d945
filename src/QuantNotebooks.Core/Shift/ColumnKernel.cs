using System.Numerics;
using System.Runtime.CompilerServices;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Shift;

/// <summary>
/// Sums channels whose own rows are shorter than a vector, as matrix products have them: vectors across channels, one sum a column, where a
/// column is one of the layout's Channels x Inner values at an item.
/// </summary>
internal static unsafe class ColumnKernel
{
    /// <summary>Items whose values go into a column's sums while these are in registers.</summary>
    private const int RowsAtOnce = 16;

    /// <summary>The sums of the channels from <paramref name="first"/> on, as many as <paramref name="sums"/> holds.</summary>
    public static void Sum(ChannelLayout layout, float* full, float* quantized, int first, Span<ChannelSums> sums)
    {
        var columns = new Columns(sums.Length * layout.Inner);
        sums.Fill(ChannelSums.Empty);
        for (var image = 0; image < layout.Images; image++)
        {
            columns.ImageError.AsSpan().Clear();
            for (var item = 0; item < layout.Items; item += RowsAtOnce)
            {
                var start = (((long)image * layout.Items + item) * layout.Channels + first) * layout.Inner;
                columns.Add(full + start, quantized + start, layout.Channels * layout.Inner, Math.Min(RowsAtOnce, layout.Items - item));
            }
            for (var channel = 0; channel < sums.Length; channel++)
            {
                var error = 0.0;
                for (var column = channel * layout.Inner; column < (channel + 1) * layout.Inner; column++) error += columns.ImageError[column];
                sums[channel].AddImage(error);
            }
        }
        for (var channel = 0; channel < sums.Length; channel++)
            for (var column = channel * layout.Inner; column < (channel + 1) * layout.Inner; column++) columns.AddTo(ref sums[channel], column);
    }

    private sealed class Columns(int count)
    {
        public readonly double[] ImageError = new double[count];
        private readonly double[] _full = new double[count], _fullSquares = new double[count], _quantizedSquares = new double[count], _errorSquares = new double[count];
        private readonly float[] _fullLow = Filled(count, float.PositiveInfinity), _fullHigh = Filled(count, float.NegativeInfinity);
        private readonly float[] _quantizedLow = Filled(count, float.PositiveInfinity), _quantizedHigh = Filled(count, float.NegativeInfinity);
        private readonly float[] _errorLow = Filled(count, float.PositiveInfinity), _errorHigh = Filled(count, float.NegativeInfinity);

        /// <summary>Adds some items, each <paramref name="distance"/> values behind the one before, in order.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Add(float* full, float* quantized, long distance, int rows)
        {
            var column = 0;
            for (; column <= count - Vector<float>.Count; column += Vector<float>.Count)
            {
                var right = column + Vector<double>.Count;
                var (yLow, yHigh) = (new Vector<float>(_fullLow, column), new Vector<float>(_fullHigh, column));
                var (qLow, qHigh) = (new Vector<float>(_quantizedLow, column), new Vector<float>(_quantizedHigh, column));
                var (eLow, eHigh) = (new Vector<float>(_errorLow, column), new Vector<float>(_errorHigh, column));
                var (yLeftSum, yRightSum) = (new Vector<double>(_full, column), new Vector<double>(_full, right));
                var (eLeftSum, eRightSum) = (new Vector<double>(ImageError, column), new Vector<double>(ImageError, right));
                var (yLeftSquares, yRightSquares) = (new Vector<double>(_fullSquares, column), new Vector<double>(_fullSquares, right));
                var (qLeftSquares, qRightSquares) = (new Vector<double>(_quantizedSquares, column), new Vector<double>(_quantizedSquares, right));
                var (eLeftSquares, eRightSquares) = (new Vector<double>(_errorSquares, column), new Vector<double>(_errorSquares, right));
                for (var row = 0; row < rows; row++)
                {
                    var y = Vector.Load(full + row * distance + column);
                    var q = Vector.Load(quantized + row * distance + column);
                    var e = q - y;
                    (yLow, yHigh) = (Vector.MinNative(yLow, y), Vector.MaxNative(yHigh, y));
                    (qLow, qHigh) = (Vector.MinNative(qLow, q), Vector.MaxNative(qHigh, q));
                    (eLow, eHigh) = (Vector.MinNative(eLow, e), Vector.MaxNative(eHigh, e));
                    Vector.Widen(y, out var yLeft, out var yRight);
                    Vector.Widen(q, out var qLeft, out var qRight);
                    // In double, for the difference of two floats need not be one.
                    var (eLeft, eRight) = (qLeft - yLeft, qRight - yRight);
                    (yLeftSum, yRightSum) = (yLeftSum + yLeft, yRightSum + yRight);
                    (eLeftSum, eRightSum) = (eLeftSum + eLeft, eRightSum + eRight);
                    yLeftSquares = Vector.FusedMultiplyAdd(yLeft, yLeft, yLeftSquares);
                    yRightSquares = Vector.FusedMultiplyAdd(yRight, yRight, yRightSquares);
                    qLeftSquares = Vector.FusedMultiplyAdd(qLeft, qLeft, qLeftSquares);
                    qRightSquares = Vector.FusedMultiplyAdd(qRight, qRight, qRightSquares);
                    eLeftSquares = Vector.FusedMultiplyAdd(eLeft, eLeft, eLeftSquares);
                    eRightSquares = Vector.FusedMultiplyAdd(eRight, eRight, eRightSquares);
                }
                yLow.CopyTo(_fullLow, column);
                yHigh.CopyTo(_fullHigh, column);
                qLow.CopyTo(_quantizedLow, column);
                qHigh.CopyTo(_quantizedHigh, column);
                eLow.CopyTo(_errorLow, column);
                eHigh.CopyTo(_errorHigh, column);
                Store(_full, column, yLeftSum, yRightSum);
                Store(ImageError, column, eLeftSum, eRightSum);
                Store(_fullSquares, column, yLeftSquares, yRightSquares);
                Store(_quantizedSquares, column, qLeftSquares, qRightSquares);
                Store(_errorSquares, column, eLeftSquares, eRightSquares);
            }
            for (; column < count; column++)
                for (var row = 0; row < rows; row++)
                {
                    var (single, rounded) = (full[row * distance + column], quantized[row * distance + column]);
                    double y = single, q = rounded, e = q - y;
                    _full[column] += y;
                    ImageError[column] += e;
                    _fullSquares[column] += y * y;
                    _quantizedSquares[column] += q * q;
                    _errorSquares[column] += e * e;
                    Extend(_fullLow, _fullHigh, column, single);
                    Extend(_quantizedLow, _quantizedHigh, column, rounded);
                    Extend(_errorLow, _errorHigh, column, (float)e);
                }
        }

        public void AddTo(ref ChannelSums sums, int column)
        {
            sums.Full += _full[column];
            sums.FullSquares += _fullSquares[column];
            sums.QuantizedSquares += _quantizedSquares[column];
            sums.ErrorSquares += _errorSquares[column];
            (sums.FullLow, sums.FullHigh) = (Math.Min(sums.FullLow, _fullLow[column]), Math.Max(sums.FullHigh, _fullHigh[column]));
            (sums.QuantizedLow, sums.QuantizedHigh) = (Math.Min(sums.QuantizedLow, _quantizedLow[column]), Math.Max(sums.QuantizedHigh, _quantizedHigh[column]));
            (sums.ErrorLow, sums.ErrorHigh) = (Math.Min(sums.ErrorLow, _errorLow[column]), Math.Max(sums.ErrorHigh, _errorHigh[column]));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Store(double[] sums, int column, Vector<double> left, Vector<double> right)
        {
            left.CopyTo(sums, column);
            right.CopyTo(sums, column + Vector<double>.Count);
        }

        private static void Extend(float[] low, float[] high, int column, float value)
        {
            low[column] = Math.Min(low[column], value);
            high[column] = Math.Max(high[column], value);
        }

        private static float[] Filled(int count, float value)
        {
            var values = new float[count];
            Array.Fill(values, value);
            return values;
        }
    }
}
