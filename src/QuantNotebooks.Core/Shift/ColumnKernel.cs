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
    /// <summary>The sums of the channels from <paramref name="first"/> on, as many as <paramref name="sums"/> holds.</summary>
    public static void Sum(ChannelLayout layout, float* full, float* quantized, int first, Span<ChannelSums> sums)
    {
        var columns = new Columns(sums.Length * layout.Inner);
        sums.Fill(ChannelSums.Empty);
        for (var image = 0; image < layout.Images; image++)
        {
            columns.ImageError.AsSpan().Clear();
            for (var item = 0; item < layout.Items; item++)
            {
                var start = (((long)image * layout.Items + item) * layout.Channels + first) * layout.Inner;
                columns.Add(full + start, quantized + start);
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

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Add(float* full, float* quantized)
        {
            var column = 0;
            for (; column <= count - Vector<float>.Count; column += Vector<float>.Count)
            {
                var y = Vector.Load(full + column);
                var q = Vector.Load(quantized + column);
                Extend(_fullLow, _fullHigh, column, y);
                Extend(_quantizedLow, _quantizedHigh, column, q);
                Extend(_errorLow, _errorHigh, column, q - y);
                Vector.Widen(y, out var yLeft, out var yRight);
                Vector.Widen(q, out var qLeft, out var qRight);
                Add(column, yLeft, qLeft);
                Add(column + Vector<double>.Count, yRight, qRight);
            }
            for (; column < count; column++)
            {
                double y = full[column], q = quantized[column], e = q - y;
                _full[column] += y;
                ImageError[column] += e;
                _fullSquares[column] += y * y;
                _quantizedSquares[column] += q * q;
                _errorSquares[column] += e * e;
                Extend(_fullLow, _fullHigh, column, full[column]);
                Extend(_quantizedLow, _quantizedHigh, column, quantized[column]);
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

        private void Add(int column, Vector<double> y, Vector<double> q)
        {
            var e = q - y;
            (new Vector<double>(_full, column) + y).CopyTo(_full, column);
            (new Vector<double>(ImageError, column) + e).CopyTo(ImageError, column);
            Vector.FusedMultiplyAdd(y, y, new Vector<double>(_fullSquares, column)).CopyTo(_fullSquares, column);
            Vector.FusedMultiplyAdd(q, q, new Vector<double>(_quantizedSquares, column)).CopyTo(_quantizedSquares, column);
            Vector.FusedMultiplyAdd(e, e, new Vector<double>(_errorSquares, column)).CopyTo(_errorSquares, column);
        }

        private static void Extend(float[] low, float[] high, int column, Vector<float> values)
        {
            Vector.MinNative(new Vector<float>(low, column), values).CopyTo(low, column);
            Vector.MaxNative(new Vector<float>(high, column), values).CopyTo(high, column);
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
