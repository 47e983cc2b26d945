namespace QuantNotebooks.Evaluation;

/// <summary>
/// The interval that holds the true share with a given confidence when so many of so many were right (Wilson 1927): it stays within 0 and 1 and
/// is right for shares near them too.
/// </summary>
/// <param name="Low">Lower end, 0 to 1.</param>
/// <param name="High">Upper end, 0 to 1.</param>
public readonly record struct WilsonInterval(double Low, double High)
{
    /// <summary>The interval for a share of <paramref name="count"/> independent trials; all of 0 to 1 where there were none.</summary>
    /// <param name="share">0 to 1.</param>
    /// <param name="count">Number of trials.</param>
    /// <param name="z">1.96 for 95 % confidence.</param>
    public static WilsonInterval Of(double share, int count, double z = 1.959964)
    {
        if (count == 0) return new WilsonInterval(0, 1);
        var square = z * z / count;
        var centre = (share + square / 2) / (1 + square);
        var half = z / (1 + square) * Math.Sqrt(share * (1 - share) / count + square / (4 * count));
        return new WilsonInterval(Math.Max(0, centre - half), Math.Min(1, centre + half));
    }
}
