using QuantNotebooks.Shift;

namespace QuantNotebooks.Correction;

/// <summary>
/// Finds for each channel the constant that brings its shift to a target, from shifts measured with the constants tried before: x' = x - (s - t) / slope
/// with the slope between the last two tries, and halfway between the tightest constants on both sides of the target where that leads out of them. An
/// activation passes between none and about all of a constant, so slopes are held in bounds.
/// </summary>
internal sealed class SecantSearch(int channels)
{
    /// <summary>Enough, in sigmas: far below what the images' chance leaves.</summary>
    private const double Tolerance = 2e-4;

    private readonly double[] _lastShift = new double[channels];
    private readonly float[] _last = new float[channels];
    private readonly double[] _low = [.. Enumerable.Repeat(double.NegativeInfinity, channels)];
    private readonly double[] _high = [.. Enumerable.Repeat(double.PositiveInfinity, channels)];
    private readonly double[] _bestDistance = [.. Enumerable.Repeat(double.PositiveInfinity, channels)];
    private int _tries;

    /// <summary>The constants to try next.</summary>
    public float[] Current { get; set; } = new float[channels];

    /// <summary>Of the constants tried, each channel's that came closest.</summary>
    public float[] Best { get; } = new float[channels];

    /// <summary>Takes in what <see cref="Current"/> gave and moves on to better constants.</summary>
    /// <returns>Whether any channel is worth another try.</returns>
    public bool Improve(ShiftStatistics measured, double[] target)
    {
        var next = new float[channels];
        var isWorth = false;
        for (var channel = 0; channel < channels; channel++)
        {
            var shift = measured.Channels[channel].MeanShift;
            var distance = Math.Abs(shift - target[channel]);
            if (distance < _bestDistance[channel]) (_bestDistance[channel], Best[channel]) = (distance, Current[channel]);
            var slope = 1.0;
            if (_tries > 0 && Current[channel] != _last[channel])
                slope = Math.Clamp((shift - _lastShift[channel]) / ((double)Current[channel] - _last[channel]), 0.05, 1.5);
            if (shift > target[channel]) _high[channel] = Math.Min(_high[channel], Current[channel]);
            else _low[channel] = Math.Max(_low[channel], Current[channel]);
            next[channel] = distance > Tolerance * measured.Channels[channel].Sigma ? Within(channel, Current[channel] - (shift - target[channel]) / slope) : Current[channel];
            isWorth |= next[channel] != Current[channel];
            (_last[channel], _lastShift[channel]) = (Current[channel], shift);
        }
        _tries++;
        Current = next;
        return isWorth;
    }

    private float Within(int channel, double constant) =>
        (float)(constant > _low[channel] && constant < _high[channel] ? constant : (_low[channel] + _high[channel]) / 2);
}
