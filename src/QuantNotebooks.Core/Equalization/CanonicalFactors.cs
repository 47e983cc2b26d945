namespace QuantNotebooks.Equalization;

/// <summary>
/// One factorization for all networks that differ in nothing but scale: from input to output, every channel's largest |w| in the first layer that makes it
/// becomes 1. What is upstream is canonical already then, so whatever factors the network came with divide out.
/// </summary>
internal static class CanonicalFactors
{
    /// <summary>Sets the factors of all classes that a layer makes, those that nothing reads too.</summary>
    public static void Solve(FactorProblem problem, double[] factors)
    {
        var made = Enumerable.Range(0, problem.Count).Where(index => problem.Producers[index].Length > 0)
            .Select(index => (Class: index, First: problem.Producers[index].MinBy(end => (end.Layer, end.Channel))));
        // Layers are in topological order, so what a layer reads has its factors before what it makes.
        foreach (var layer in made.GroupBy(entry => entry.First.Layer).OrderBy(group => group.Key))
        {
            var ranges = problem.OutputRanges(layer.Key, factors);
            foreach (var (index, first) in layer)
                // Without a weight of its own a channel has no scale that could be told.
                if (float.IsNormal(ranges[first.Channel])) factors[index] /= ranges[first.Channel];
        }
    }
}
