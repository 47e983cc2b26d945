using System.Collections.Immutable;
using System.Numerics;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Shift;

/// <summary>
/// Gathers the shift statistics of one measuring point, batch by batch: float32 values, double sums. The result does not depend on how many
/// threads take part, for each channel is added up by one thread in the order of the images.
/// </summary>
internal sealed class ShiftAccumulator(int channels)
{
    private readonly ChannelShift[] _channels = new ChannelShift[channels];

    public unsafe void Add(ChannelLayout layout, ReadOnlySpan<float> full, ReadOnlySpan<float> quantized)
    {
        fixed (float* y = full, q = quantized)
        {
            var (fullPointer, quantizedPointer, length) = ((nint)y, (nint)q, full.Length);
            Parallel.For(0, _channels.Length, channel =>
            {
                var fullValues = new ReadOnlySpan<float>((void*)fullPointer, length);
                var quantizedValues = new ReadOnlySpan<float>((void*)quantizedPointer, length);
                for (var image = 0; image < layout.Images; image++)
                    _channels[channel] = _channels[channel].Merge(OneImage(layout, fullValues, quantizedValues, image, channel));
            });
        }
    }

    public ShiftStatistics ToStatistics() => new([.. _channels]);

    private static ChannelShift OneImage(ChannelLayout layout, ReadOnlySpan<float> full, ReadOnlySpan<float> quantized, int image, int channel)
    {
        var sums = RowSums.Empty;
        for (var item = 0; item < layout.Items; item++)
        {
            var start = ((image * layout.Items + item) * layout.Channels + channel) * layout.Inner;
            sums.Add(full.Slice(start, layout.Inner), quantized.Slice(start, layout.Inner));
        }
        return sums.ToChannelShift((long)layout.Items * layout.Inner);
    }

    /// <summary>Plain sums over one channel of one image: few enough values that double sums of squares lose nothing that float32 values hold.</summary>
    private struct RowSums
    {
        private double _full, _fullSquares, _quantized, _quantizedSquares, _error, _errorSquares;
        private float _fullLow, _fullHigh, _quantizedLow, _quantizedHigh, _errorLow, _errorHigh;

        public static RowSums Empty => new()
        {
            _fullLow = float.PositiveInfinity,
            _quantizedLow = float.PositiveInfinity,
            _errorLow = float.PositiveInfinity,
            _fullHigh = float.NegativeInfinity,
            _quantizedHigh = float.NegativeInfinity,
            _errorHigh = float.NegativeInfinity,
        };

        public void Add(ReadOnlySpan<float> full, ReadOnlySpan<float> quantized)
        {
            var index = 0;
            if (full.Length >= Vector<float>.Count)
            {
                var (fullSum, fullSquares) = (Vector<double>.Zero, Vector<double>.Zero);
                var (quantizedSum, quantizedSquares) = (Vector<double>.Zero, Vector<double>.Zero);
                var (errorSum, errorSquares) = (Vector<double>.Zero, Vector<double>.Zero);
                var (fullLow, fullHigh) = (new Vector<float>(_fullLow), new Vector<float>(_fullHigh));
                var (quantizedLow, quantizedHigh) = (new Vector<float>(_quantizedLow), new Vector<float>(_quantizedHigh));
                var (errorLow, errorHigh) = (new Vector<float>(_errorLow), new Vector<float>(_errorHigh));
                for (; index <= full.Length - Vector<float>.Count; index += Vector<float>.Count)
                {
                    var y = new Vector<float>(full[index..]);
                    var q = new Vector<float>(quantized[index..]);
                    (fullLow, fullHigh) = (Vector.Min(fullLow, y), Vector.Max(fullHigh, y));
                    (quantizedLow, quantizedHigh) = (Vector.Min(quantizedLow, q), Vector.Max(quantizedHigh, q));
                    var e = q - y;
                    (errorLow, errorHigh) = (Vector.Min(errorLow, e), Vector.Max(errorHigh, e));
                    Vector.Widen(y, out var yLeft, out var yRight);
                    Vector.Widen(q, out var qLeft, out var qRight);
                    var (eLeft, eRight) = (qLeft - yLeft, qRight - yRight);
                    fullSum += yLeft + yRight;
                    fullSquares += yLeft * yLeft + yRight * yRight;
                    quantizedSum += qLeft + qRight;
                    quantizedSquares += qLeft * qLeft + qRight * qRight;
                    errorSum += eLeft + eRight;
                    errorSquares += eLeft * eLeft + eRight * eRight;
                }
                _full += Vector.Sum(fullSum);
                _fullSquares += Vector.Sum(fullSquares);
                _quantized += Vector.Sum(quantizedSum);
                _quantizedSquares += Vector.Sum(quantizedSquares);
                _error += Vector.Sum(errorSum);
                _errorSquares += Vector.Sum(errorSquares);
                for (var lane = 0; lane < Vector<float>.Count; lane++)
                {
                    Extend(fullLow[lane], quantizedLow[lane], errorLow[lane]);
                    Extend(fullHigh[lane], quantizedHigh[lane], errorHigh[lane]);
                }
            }
            for (; index < full.Length; index++)
            {
                double y = full[index], q = quantized[index], e = q - y;
                _full += y;
                _fullSquares += y * y;
                _quantized += q;
                _quantizedSquares += q * q;
                _error += e;
                _errorSquares += e * e;
                Extend(full[index], quantized[index], (float)e);
            }
        }

        public readonly ChannelShift ToChannelShift(long count)
        {
            var error = MomentsOf(count, _error, _errorSquares, _errorLow, _errorHigh);
            return new ChannelShift(
                MomentsOf(count, _full, _fullSquares, _fullLow, _fullHigh),
                MomentsOf(count, _quantized, _quantizedSquares, _quantizedLow, _quantizedHigh),
                error,
                Moments.Of(error.Mean));
        }

        private void Extend(float full, float quantized, float error)
        {
            (_fullLow, _fullHigh) = (Math.Min(_fullLow, full), Math.Max(_fullHigh, full));
            (_quantizedLow, _quantizedHigh) = (Math.Min(_quantizedLow, quantized), Math.Max(_quantizedHigh, quantized));
            (_errorLow, _errorHigh) = (Math.Min(_errorLow, error), Math.Max(_errorHigh, error));
        }

        private static Moments MomentsOf(long count, double sum, double squares, float low, float high)
        {
            var mean = sum / count;
            return new Moments(count, mean, Math.Max(0, squares - sum * mean), low, high);
        }
    }
}
