namespace QuantNotebooks.Quantization;

/// <summary>
/// How often values fall into equal bins between two ends that are known beforehand: small enough to keep for every tensor, fine enough for the
/// error of any grid of up to 10 bits. For one thread at a time.
/// </summary>
internal sealed class ValueHistogram
{
    private const int Bins = 16384;

    private readonly long[] _counts = new long[Bins];
    private readonly double _low;
    private readonly double _width;

    /// <param name="low">The smallest value.</param>
    /// <param name="high">The largest value.</param>
    public ValueHistogram(float low, float high)
    {
        _low = low;
        _width = Math.Max(((double)high - low) / Bins, double.Epsilon);
    }

    public long Count { get; private set; }

    public void Add(ReadOnlySpan<float> values)
    {
        foreach (var value in values) _counts[Math.Clamp((int)((value - _low) / _width), 0, Bins - 1)]++;
        Count += values.Length;
    }

    /// <summary>The value below which that share of all values lies, evenly spread within its bin.</summary>
    /// <param name="share">0 to 1.</param>
    public double Quantile(double share)
    {
        // A share like 0.999 is a hair off in binary; the hair must not reach for the next value.
        var wanted = share * Count * (1 - 1e-12);
        double below = 0;
        for (var bin = 0; bin < Bins; bin++)
        {
            if (_counts[bin] > 0 && below + _counts[bin] >= wanted) return _low + _width * (bin + Math.Max(0, wanted - below) / _counts[bin]);
            below += _counts[bin];
        }
        return _low + _width * Bins;
    }

    /// <summary>Mean squared error of putting every value on the grid, each bin's values taken at its centre; zero exactly at zero.</summary>
    public double MeanSquaredError(Quantizer quantizer)
    {
        double sum = 0;
        for (var bin = 0; bin < Bins; bin++)
        {
            if (_counts[bin] == 0) continue;
            var left = _low + bin * _width;
            // The bin that holds zero holds, after an activation, mostly zeros, which every grid keeps.
            var value = left <= 0 && left + _width > 0 ? 0 : left + _width / 2;
            var error = quantizer.Apply((float)value) - value;
            sum += _counts[bin] * error * error;
        }
        return sum / Math.Max(1, Count);
    }
}
