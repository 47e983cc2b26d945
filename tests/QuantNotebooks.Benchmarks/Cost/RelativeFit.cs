namespace QuantNotebooks.Benchmarks.Cost;

/// <summary>A linear model of what was measured: coefficients that are not negative, by least squares of the relative error.</summary>
internal static class RelativeFit
{
    /// <summary>The coefficient of each count.</summary>
    /// <param name="runs">What each run had to do, in the same counts, and what it took.</param>
    public static double[] Of(IReadOnlyList<(double[] Counts, double Measured)> runs)
    {
        var rows = runs.Select(run => Array.ConvertAll(run.Counts, count => count / run.Measured)).ToArray();
        var scales = Enumerable.Range(0, rows[0].Length).Select(column => Math.Max(double.Epsilon, rows.Max(row => row[column]))).ToArray();
        var solution = new double[scales.Length];
        // Least squares of sum a x - 1 with a >= 0, one coordinate after the other: few unknowns, so many rounds cost nothing.
        for (var round = 0; round < 20_000; round++)
            for (var column = 0; column < solution.Length; column++)
            {
                var (above, below) = (0.0, 0.0);
                foreach (var row in rows)
                {
                    var rest = 1.0;
                    for (var other = 0; other < solution.Length; other++)
                        if (other != column) rest -= solution[other] * row[other] / scales[other];
                    above += rest * row[column] / scales[column];
                    below += row[column] / scales[column] * (row[column] / scales[column]);
                }
                solution[column] = below == 0 ? 0 : Math.Max(0, above / below);
            }
        return [.. solution.Zip(scales, (value, scale) => value / scale)];
    }
}
