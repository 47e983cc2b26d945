namespace QuantNotebooks.Correction.Analytic;

/// <summary>The standard normal distribution.</summary>
internal static class NormalDistribution
{
    /// <summary>phi(z) = exp(-z^2 / 2) / sqrt(2 pi).</summary>
    public static double Density(double z) => Math.Exp(-0.5 * z * z) / Math.Sqrt(2 * Math.PI);

    /// <summary>
    /// Phi(z), to about 1e-15: near zero by the series phi(z) (z + z^3/3 + z^5/(3 5) + ...), in the tails by the continued fraction of Mills' ratio.
    /// </summary>
    public static double Cumulative(double z)
    {
        if (double.IsInfinity(z)) return z > 0 ? 1 : 0;
        var distance = Math.Abs(z);
        if (distance < 4)
        {
            var (term, sum) = (z, z);
            for (var odd = 3; Math.Abs(term) > 1e-17 * Math.Abs(sum); odd += 2) sum += term *= z * z / odd;
            return 0.5 + sum * Density(z);
        }
        var ratio = distance;
        for (var level = 60; level > 0; level--) ratio = distance + level / ratio;
        var tail = Density(distance) / ratio;
        return z > 0 ? 1 - tail : tail;
    }
}
