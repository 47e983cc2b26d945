using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Quantization;

/// <summary>
/// How often values fall into equal bins between two ends that are known beforehand: small enough to keep for every tensor. Exact zeros are
/// counted apart, because after an activation there are many and every grid keeps them. For one thread at a time.
/// </summary>
internal sealed class ValueHistogram : IValueDistribution
{
    public const int Bins = 16384;

    private readonly long[] _counts;
    private readonly double _low;
    private readonly double _width;
    private readonly double _binsPerUnit;
    private long _zeros;
    private long _count;

    /// <param name="extrema">The smallest and the largest value.</param>
    public ValueHistogram(ActivationRange extrema)
        : this(extrema, new long[Bins])
    {
    }

    private ValueHistogram(ActivationRange extrema, long[] counts)
    {
        Extrema = extrema;
        _counts = counts;
        _low = extrema.Minimum;
        _width = Math.Max(((double)extrema.Maximum - extrema.Minimum) / counts.Length, 1 / double.MaxValue);
        _binsPerUnit = 1 / _width;
    }

    public ActivationRange Extrema { get; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(ReadOnlySpan<float> values)
    {
        var (low, binsPerUnit, last) = (new Vector<double>(_low), new Vector<double>(_binsPerUnit), new Vector<double>(_counts.Length - 1));
        Span<ulong> bins = stackalloc ulong[Vector<float>.Count];
        var half = bins[Vector<double>.Count..];
        ref var counts = ref MemoryMarshal.GetArrayDataReference(_counts);
        var zeros = 0L;
        var index = 0;
        for (; index <= values.Length - Vector<float>.Count; index += Vector<float>.Count)
        {
            var vector = new Vector<float>(values[index..]);
            zeros -= Vector.Sum(Vector.Equals(vector, Vector<float>.Zero));
            Vector.Widen(vector, out var left, out var right);
            BinsOf(left).CopyTo(bins);
            BinsOf(right).CopyTo(half);
            // The bin that zeros fall into gets them too; they are taken out in the end.
            foreach (var bin in bins) Unsafe.Add(ref counts, (nuint)bin)++;
        }
        if (zeros > 0) _counts[BinOf(0)] -= zeros;
        _zeros += zeros;
        for (; index < values.Length; index++)
        {
            if (values[index] == 0) _zeros++;
            else _counts[BinOf(values[index])]++;
        }
        _count += values.Length;

        // Comparisons with a NaN fail, so it lands in the first bin; and what is left is below 2^52, where adding that number leaves the whole part in the lowest bits.
        Vector<ulong> BinsOf(Vector<double> numbers)
        {
            var places = (numbers - low) * binsPerUnit;
            places = Vector.ConditionalSelect(Vector.GreaterThan(places, Vector<double>.Zero), places, Vector<double>.Zero);
            places = Vector.ConditionalSelect(Vector.LessThan(places, last), places, last);
            return Vector.AsVectorUInt64(Vector.Floor(places) + new Vector<double>(1L << 52)) & new Vector<ulong>((1UL << 52) - 1);
        }
    }

    private int BinOf(double value) => Math.Clamp((int)((value - _low) * _binsPerUnit), 0, _counts.Length - 1);

    /// <inheritdoc/>
    /// <remarks>Values are evenly spread within their bin.</remarks>
    public double Quantile(double share)
    {
        // A share like 0.999 is a hair off in binary; the hair must not reach for the next value.
        var wanted = share * _count * (1 - 1e-12);
        double below = 0;
        for (var bin = 0; bin < _counts.Length; bin++)
        {
            // Zeros stand in front of the first bin that is not below them.
            var left = _low + _width * bin;
            if (left + _width > 0 && left <= 0 && _zeros > 0)
            {
                if (below + _zeros >= wanted) return 0;
                below += _zeros;
            }
            if (_counts[bin] > 0 && below + _counts[bin] >= wanted) return left + _width * Math.Max(0, wanted - below) / _counts[bin];
            below += _counts[bin];
        }
        return _low + _width * _counts.Length;
    }

    public double MagnitudeQuantile(double share)
    {
        var wanted = share * _count * (1 - 1e-12);
        var (least, most) = (0.0, (double)Math.Max(Math.Abs(Extrema.Minimum), Math.Abs(Extrema.Maximum)));
        // The share within a magnitude grows with it, so halving finds the magnitude to a small part of a bin.
        for (var step = 0; step < 50; step++)
        {
            var middle = (least + most) / 2;
            if (CountWithin(-middle, middle) >= wanted) most = middle;
            else least = middle;
        }
        return most;
    }

    /// <inheritdoc/>
    /// <remarks>Exact for values that are evenly spread within each bin: the squared error is integrated over the bin in closed form.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public double MeanSquaredError(Quantizer quantizer)
    {
        var integral = new ErrorIntegral(quantizer);
        var (low, width) = (new Vector<double>(_low), new Vector<double>(_width));
        var total = Vector<double>.Zero;
        // Vectors of bins and of the edges at their left and right ends; the number of bins is a multiple of any vector's.
        var places = Vector<double>.Indices;
        var step = new Vector<double>(Vector<double>.Count);
        for (var bin = 0; bin < _counts.Length; bin += Vector<double>.Count, places += step)
        {
            var counts = new Vector<long>(_counts, bin);
            if (counts == Vector<long>.Zero) continue;
            var (left, right) = (integral.To(low + places * width), integral.To(low + (places + Vector<double>.One) * width));
            total += Vector.ConvertToDouble(counts) * (right - left);
        }
        return Vector.Sum(total) / _width / Math.Max(1, _count);
    }

    public ValueHistogram ToHistogram() => this;

    /// <summary>The same in bins as wide as a comparison of distributions wants them: at least 16 for each integer of the grid over all values.</summary>
    public ValueHistogram ForDivergence(int bits)
    {
        const int fewest = 2048;
        const int perInteger = 16;
        var bins = Math.Clamp(perInteger << bits, fewest, Bins);
        var merged = new long[bins];
        for (var bin = 0; bin < Bins; bin++) merged[bin / (Bins / bins)] += _counts[bin];
        return new ValueHistogram(Extrema, merged) { _zeros = _zeros, _count = _count };
    }

    /// <summary>KL(P || Q) in nats, as <see cref="RangeEstimator.Entropy"/> defines it; infinite where the grid clips everything.</summary>
    public double Divergence(Quantizer quantizer)
    {
        var (lowest, highest) = (quantizer.Lowest - quantizer.ZeroPoint, quantizer.Highest - quantizer.ZeroPoint);
        var (first, last) = (0, _counts.Length - 1);
        long clippedBelow = 0, clippedAbove = 0, all = 0;
        while (first <= last && (_counts[first] == 0 || StepOf(first) < lowest)) clippedBelow += _counts[first++];
        while (last >= first && (_counts[last] == 0 || StepOf(last) > highest)) clippedAbove += _counts[last--];
        if (first > last) return double.PositiveInfinity;
        for (var bin = first; bin <= last; bin++) all += _counts[bin];
        var (total, kept) = ((double)all + clippedBelow + clippedAbove, (double)all);

        double divergence = 0;
        for (var start = first; start <= last;)
        {
            var step = StepOf(start);
            var (end, mass, filled) = (start, 0L, 0);
            for (; end <= last && StepOf(end) == step; end++)
            {
                mass += _counts[end];
                if (_counts[end] > 0) filled++;
            }
            var spread = mass / (kept * filled);
            for (var bin = start; bin < end; bin++)
            {
                if (_counts[bin] == 0) continue;
                var share = (_counts[bin] + (bin == first ? clippedBelow : 0) + (bin == last ? clippedAbove : 0)) / total;
                divergence += share * Math.Log(share / spread);
            }
            start = end;
        }
        return divergence;

        double StepOf(int bin) => Math.Round((_low + (bin + 0.5) * _width) / quantizer.Scale);
    }

    private double CountWithin(double low, double high)
    {
        var (first, last) = ((low - _low) / _width, (high - _low) / _width);
        double count = low <= 0 && high >= 0 ? _zeros : 0;
        var (from, to) = (Math.Max(0, (int)Math.Floor(first)), Math.Min(_counts.Length - 1, (int)Math.Floor(last)));
        for (var bin = from; bin <= to; bin++) count += _counts[bin] * (Math.Min(bin + 1, last) - Math.Max(bin, first));
        return count;
    }

    /// <summary>The integral of the squared error from zero on, over values that are evenly spread.</summary>
    private readonly struct ErrorIntegral(Quantizer quantizer)
    {
        private readonly Vector<double> _scale = new(quantizer.Scale);
        private readonly Vector<double> _cubed = new((double)quantizer.Scale * quantizer.Scale * quantizer.Scale);
        private readonly Vector<double> _lowest = new(quantizer.Lowest - quantizer.ZeroPoint);
        private readonly Vector<double> _highest = new(quantizer.Highest - quantizer.ZeroPoint);

        /// <summary>Each whole step of size 1 adds 1/12; what is left, to the nearest integer or beyond the grid's end, adds its cube over 3.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector<double> To(Vector<double> values)
        {
            var steps = values / _scale;
            var nearest = Vector.Min(_highest, Vector.Max(_lowest, Vector.Round(steps)));
            var rest = steps - nearest;
            return _cubed * (nearest * new Vector<double>(1 / 12.0) + rest * rest * rest * new Vector<double>(1 / 3.0));
        }
    }
}
