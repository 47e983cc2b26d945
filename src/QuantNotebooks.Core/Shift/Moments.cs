namespace QuantNotebooks.Shift;

/// <summary>
/// Count, mean, sum of squared deviations from the mean, and extrema of a set of values; two of them merge into that of both sets (Chan, Golub,
/// LeVeque 1983). The default value is that of the empty set.
/// </summary>
/// <param name="Count">Number of values.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="SquaredDeviations">Sum of (value - Mean)^2.</param>
/// <param name="Minimum">Smallest value.</param>
/// <param name="Maximum">Largest value.</param>
public readonly record struct Moments(long Count, double Mean, double SquaredDeviations, double Minimum, double Maximum)
{
    /// <summary>Population variance; NaN for the empty set.</summary>
    public double Variance => Count == 0 ? double.NaN : SquaredDeviations / Count;

    /// <summary>Mean of the squares: Mean^2 + Variance; NaN for the empty set.</summary>
    public double Power => Count == 0 ? double.NaN : Mean * Mean + Variance;

    /// <summary>Standard error of the mean, the values taken as independent; NaN for fewer than two.</summary>
    public double StandardError => Count < 2 ? double.NaN : Math.Sqrt(SquaredDeviations / (Count - 1) / Count);

    /// <summary>The moments of one value.</summary>
    public static Moments Of(double value) => new(1, value, 0, value, value);

    /// <summary>The moments of the same values in units that are <paramref name="unit"/> times as large.</summary>
    public Moments InUnitsOf(double unit) => new(Count, Mean / unit, SquaredDeviations / (unit * unit), Minimum / unit, Maximum / unit);

    /// <summary>The moments of the same values with a constant added to each.</summary>
    internal Moments Plus(double constant) => Count == 0 ? this : this with { Mean = Mean + constant, Minimum = Minimum + constant, Maximum = Maximum + constant };

    /// <summary>The moments of both sets together.</summary>
    public Moments Merge(Moments other)
    {
        if (Count == 0) return other;
        if (other.Count == 0) return this;
        var count = Count + other.Count;
        var distance = other.Mean - Mean;
        return new Moments(
            count,
            Mean + distance * other.Count / count,
            SquaredDeviations + other.SquaredDeviations + distance * distance * ((double)Count * other.Count / count),
            Math.Min(Minimum, other.Minimum),
            Math.Max(Maximum, other.Maximum));
    }
}
