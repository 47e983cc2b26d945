using System.Collections.Immutable;

namespace QuantNotebooks.Equalization;

/// <summary>
/// Cross-layer equalization (DFQ, arXiv 1906.04721): for each class the range of the weights that make a channel, k, and of those that read it,
/// r, become equal by the factor sqrt(r / k); until no class moves. Two ways lead there: block after block, as in the paper, and all classes at
/// once, in logarithms.
/// </summary>
/// <param name="problem">The network.</param>
/// <param name="blocks">The blocks whose factors may move.</param>
/// <param name="factors">One a class; improved in place.</param>
/// <param name="maxFactor">
/// No factor is further than this from the geometric mean of its block's. A factor that a whole block shares changes no ratio within a layer, so it
/// is not bounded.
/// </param>
internal sealed class CrossLayer(FactorProblem problem, ImmutableArray<FactorBlock> blocks, double[] factors, double maxFactor)
{
    /// <summary>Factors that move by less than this part have converged: ranges then are equal to a few times as much.</summary>
    public const double Tolerance = 1e-4;

    private const int MostRounds = 100;
    private const int MostSweeps = 2000;
    private const double InnerTolerance = 1e-7;

    /// <summary>Sweeps over the blocks until none moves by more than the tolerance; returns the number of sweeps.</summary>
    public int Iterate(double tolerance = Tolerance)
    {
        for (var sweep = 1; sweep <= MostSweeps; sweep++)
            if (Sweep(backwards: sweep % 2 == 0) < tolerance) return sweep;
        return MostSweeps;
    }

    /// <summary>
    /// The same factors, sooner. Each range is that of one weight, log k = log|w| + x_out - x_in with x = log s, so for given largest weights the
    /// equations are linear and solved together; then the largest weights are found anew, until they stay.
    /// </summary>
    /// <returns>The number of rounds.</returns>
    public int SolveJointly(double tolerance = Tolerance)
    {
        for (var round = 1; round <= MostRounds; round++)
        {
            if (Math.Max(Sweep(backwards: false), Sweep(backwards: true)) < tolerance) return round;
            SolveLinear();
        }
        // Two sets of largest weights may take turns for ever; block after block has no such doubt.
        return MostRounds + Iterate(tolerance);
    }

    private double Sweep(bool backwards)
    {
        var moved = 0.0;
        for (var index = 0; index < blocks.Length; index++)
            moved = Math.Max(moved, Equalize(blocks[backwards ? blocks.Length - 1 - index : index]));
        return moved;
    }

    private double Equalize(FactorBlock block)
    {
        var made = block.Producers.ToDictionary(layer => layer, layer => problem.OutputRanges(layer, factors));
        var read = block.Consumers.ToDictionary(layer => layer, layer => problem.InputRanges(layer, factors));
        var wanted = new double[block.Classes.Length];
        for (var index = 0; index < wanted.Length; index++)
        {
            var factorClass = block.Classes[index];
            var (maker, reader) = (0f, 0f);
            foreach (var end in problem.Producers[factorClass]) maker = Math.Max(maker, made[end.Layer][end.Channel]);
            foreach (var end in problem.Consumers[factorClass]) reader = Math.Max(reader, read[end.Layer][end.Channel]);
            // Without weights on one of the sides there is nothing to be equal to.
            wanted[index] = problem.IsConstant(factorClass) || !float.IsNormal(maker) || !float.IsNormal(reader)
                ? double.NaN
                : Math.Log(factors[factorClass]) + Math.Log((double)reader / maker) / 2;
        }
        var mean = Bound(wanted);
        var moved = 0.0;
        for (var index = 0; index < wanted.Length; index++)
        {
            var factorClass = block.Classes[index];
            if (problem.IsConstant(factorClass)) factors[factorClass] = ConstantChannel.Factor(problem, factorClass, factors, made, read);
            // It stays in proportion with the others.
            else if (double.IsNaN(wanted[index])) factors[factorClass] = Math.Exp(mean);
            if (double.IsNaN(wanted[index])) continue;
            moved = Math.Max(moved, Math.Abs(wanted[index] - Math.Log(factors[factorClass])));
            factors[factorClass] = Math.Exp(wanted[index]);
        }
        return moved;
    }

    /// <summary>Keeps logarithms of factors within the bound around their mean, which it returns; NaN stands for a factor that does not take part.</summary>
    private double Bound(double[] logarithms)
    {
        var (sum, count) = (0.0, 0);
        foreach (var value in logarithms)
            if (!double.IsNaN(value)) (sum, count) = (sum + value, count + 1);
        if (count == 0) return 0;
        var (mean, reach) = (sum / count, Math.Log(maxFactor));
        foreach (ref var value in logarithms.AsSpan()) value = Math.Clamp(value, mean - reach, mean + reach);
        return mean;
    }

    /// <summary>Solves 2 x = log(r / k without factors) + x_above + x_below for all classes, each with the neighbours that its largest weights have now.</summary>
    private void SolveLinear()
    {
        var (makers, readers) = problem.LargestWeights(factors);
        var logarithms = Array.ConvertAll(factors, Math.Log);
        var ratios = new double[factors.Length];
        for (var index = 0; index < ratios.Length; index++)
            ratios[index] = problem.IsConstant(index) || !float.IsNormal(makers[index].Magnitude) || !float.IsNormal(readers[index].Magnitude)
                ? double.NaN
                : Math.Log((double)readers[index].Magnitude / makers[index].Magnitude);
        var buffers = blocks.Select(block => new double[block.Classes.Length]).ToArray();
        for (var sweep = 0; sweep < MostSweeps; sweep++)
        {
            var moved = 0.0;
            for (var position = 0; position < blocks.Length; position++)
            {
                var index = sweep % 2 == 0 ? position : blocks.Length - 1 - position;
                var (classes, wanted) = (blocks[index].Classes, buffers[index]);
                for (var member = 0; member < wanted.Length; member++)
                    wanted[member] = (ratios[classes[member]] + At(readers[classes[member]].Neighbour) + At(makers[classes[member]].Neighbour)) / 2;
                Bound(wanted);
                for (var member = 0; member < wanted.Length; member++)
                {
                    if (double.IsNaN(wanted[member])) continue;
                    moved = Math.Max(moved, Math.Abs(wanted[member] - logarithms[classes[member]]));
                    logarithms[classes[member]] = wanted[member];
                }
            }
            if (moved < InnerTolerance) break;
        }
        for (var index = 0; index < factors.Length; index++)
            if (logarithms[index] != Math.Log(factors[index])) factors[index] = Math.Exp(logarithms[index]);

        double At(int neighbour) => neighbour < 0 ? 0 : logarithms[neighbour];
    }
}
