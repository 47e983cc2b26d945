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
        _width = Math.Max(((double)extrema.Maximum - extrema.Minimum) / counts.Length, double.Epsilon);
    }

    public ActivationRange Extrema { get; }

    public void Add(ReadOnlySpan<float> values)
    {
        foreach (var value in values)
        {
            if (value == 0) _zeros++;
            else _counts[Math.Clamp((int)((value - _low) / _width), 0, _counts.Length - 1)]++;
        }
        _count += values.Length;
    }

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
    public double MeanSquaredError(Quantizer quantizer)
    {
        double sum = 0;
        var before = ErrorIntegral(_low, quantizer);
        for (var bin = 0; bin < _counts.Length; bin++)
        {
            var here = ErrorIntegral(_low + (bin + 1) * _width, quantizer);
            if (_counts[bin] > 0) sum += _counts[bin] * (here - before);
            before = here;
        }
        return sum / _width / Math.Max(1, _count);
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

    /// <summary>The integral of the squared error from zero to <paramref name="value"/>, over values that are evenly spread.</summary>
    private static double ErrorIntegral(double value, Quantizer quantizer)
    {
        // Each whole step of size 1 adds 1/12; what is left, to the nearest integer or beyond the grid's end, adds its cube over 3.
        var steps = value / quantizer.Scale;
        var nearest = Math.Clamp(Math.Round(steps), quantizer.Lowest - quantizer.ZeroPoint, quantizer.Highest - quantizer.ZeroPoint);
        var rest = steps - nearest;
        var cubed = (double)quantizer.Scale * quantizer.Scale * quantizer.Scale;
        return cubed * (nearest / 12 + rest * rest * rest / 3);
    }

    private double CountWithin(double low, double high)
    {
        var (first, last) = ((low - _low) / _width, (high - _low) / _width);
        double count = low <= 0 && high >= 0 ? _zeros : 0;
        var (from, to) = (Math.Max(0, (int)Math.Floor(first)), Math.Min(_counts.Length - 1, (int)Math.Floor(last)));
        for (var bin = from; bin <= to; bin++) count += _counts[bin] * (Math.Min(bin + 1, last) - Math.Max(bin, first));
        return count;
    }
}
