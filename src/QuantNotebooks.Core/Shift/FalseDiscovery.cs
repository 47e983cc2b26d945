namespace QuantNotebooks.Shift;

/// <summary>Control of the false discovery rate over many tests (Benjamini and Hochberg, 1995).</summary>
internal static class FalseDiscovery
{
    /// <summary>
    /// Adjusted p-values: rejecting all tests whose adjusted value is at most a rate keeps the expected share of false ones among the rejected
    /// at or below that rate, for independent or positively dependent tests. NaN is no test and stays NaN.
    /// </summary>
    public static double[] Adjust(ReadOnlySpan<double> pValues)
    {
        var tests = new List<int>();
        for (var index = 0; index < pValues.Length; index++)
            if (!double.IsNaN(pValues[index])) tests.Add(index);
        var keys = new double[tests.Count];
        for (var rank = 0; rank < keys.Length; rank++) keys[rank] = pValues[tests[rank]];
        var order = tests.ToArray();
        Array.Sort(keys, order);

        var adjusted = new double[pValues.Length];
        Array.Fill(adjusted, double.NaN);
        var smallest = 1.0;
        for (var rank = keys.Length - 1; rank >= 0; rank--)
        {
            smallest = Math.Min(smallest, keys[rank] * keys.Length / (rank + 1));
            adjusted[order[rank]] = smallest;
        }
        return adjusted;
    }
}
