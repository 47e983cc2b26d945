using System.Collections.Immutable;
using System.Numerics.Tensors;

namespace QuantNotebooks.Equalization;

/// <summary>
/// Cross-layer equalization (DFQ, arXiv 1906.04721): for each class the range of the weights that make a channel, k, and of those that read it,
/// r, become equal by the factor sqrt(r / k); until no class moves. Two ways lead there: block after block, as in the paper, and all classes at
/// once, in logarithms.
/// </summary>
/// <remarks>
/// The paper has pairs of layers. Where several layers make a channel (a residual block) k is the geometric mean of their ranges, and so is r where several
/// read it. With the largest in its place the solution would not be unique: where the largest weights lead from the stream through a block and back, the
/// factors of all of them may move together and nothing changes. Means always hold on to the layers before and after the block.
/// </remarks>
/// <param name="problem">The network.</param>
/// <param name="blocks">The blocks whose factors may move.</param>
/// <param name="factors">One a class; improved in place.</param>
/// <param name="maxFactor">
/// No factor is further than this from the geometric mean of its block's. A factor that a whole block shares changes no ratio within a layer, so it
/// is not bounded.
/// </param>
/// <param name="cancellation">Stops between two blocks.</param>
internal sealed class CrossLayer(FactorProblem problem, ImmutableArray<FactorBlock> blocks, double[] factors, double maxFactor, CancellationToken cancellation = default)
{
    /// <summary>Factors that move by less than this part have converged: ranges then are equal to a few times as much.</summary>
    public const double Tolerance = 1e-4;

    private const int MostRounds = 60;
    private const int SweepsBetween = 2;
    private const int MostSweeps = 20_000;
    private const int MostFits = 30;

    private readonly double _reach = Math.Log(maxFactor);
    private readonly List<double> _moves = [];

    /// <summary>The largest |log| by which any factor was still off, or moved, in each round or sweep so far.</summary>
    public IReadOnlyList<double> Moves => _moves;

    /// <summary>Sweeps over the blocks until none moves by more than the tolerance; returns the number of sweeps.</summary>
    public int Iterate(double tolerance = Tolerance) => WithConstants(() => SweepUntil(tolerance), tolerance);

    /// <summary>
    /// The same factors, sooner. Each range is that of one weight, log k = log|w| + x_out - x_in with x = log s, so for given largest weights the
    /// equations are linear and solved together; then the largest weights are found anew, until they stay.
    /// </summary>
    /// <returns>The number of rounds.</returns>
    public int SolveJointly(double tolerance = Tolerance)
    {
        var weights = new LargestWeights(problem);
        var equations = new CrossLayerEquations(problem, blocks, _reach, weights);
        return WithConstants(() => SolveUntil(weights, equations, tolerance), tolerance);
    }

    /// <summary>Channels that never change make room for the others, whose factors then have to be found again.</summary>
    private int WithConstants(Func<int> solve, double tolerance)
    {
        var steps = solve();
        for (var fit = 0; fit < MostFits && FitConstants() >= tolerance; fit++) steps += solve();
        return steps;
    }

    private int SweepUntil(double tolerance)
    {
        for (var sweep = 1; sweep <= MostSweeps; sweep++)
        {
            _moves.Add(Sweep(backwards: sweep % 2 == 0));
            if (_moves[^1] < tolerance) return sweep;
        }
        return MostSweeps;
    }

    private int SolveUntil(LargestWeights weights, CrossLayerEquations equations, double tolerance)
    {
        var logarithms = new double[factors.Length];
        for (var round = 1; round <= MostRounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            weights.Find(factors);
            TensorPrimitives.Log<double>(factors, logarithms);
            equations.Update(logarithms);
            _moves.Add(equations.Residual());
            if (_moves[^1] < tolerance) return round;
            equations.Solve(logarithms);
            TensorPrimitives.Exp<double>(logarithms, factors);
            // Other weights may be the largest now, and two sets of them may take turns; block after block has no such doubt, and a few sweeps settle it.
            for (var sweep = 0; sweep < SweepsBetween; sweep++) Sweep(backwards: sweep % 2 == 1);
        }
        return MostRounds + SweepUntil(tolerance);
    }

    private double Sweep(bool backwards)
    {
        var moved = 0.0;
        for (var index = 0; index < blocks.Length; index++)
        {
            cancellation.ThrowIfCancellationRequested();
            moved = Math.Max(moved, Equalize(backwards ? blocks.Length - 1 - index : index));
        }
        return moved;
    }

    private double Equalize(int blockIndex)
    {
        var block = blocks[blockIndex];
        var made = MeanLogarithms(problem, block, made: true, layer => problem.OutputRanges(layer, factors));
        var read = MeanLogarithms(problem, block, made: false, layer => problem.InputRanges(layer, factors));
        var (before, wanted) = (new double[block.Classes.Length], new double[block.Classes.Length]);
        for (var member = 0; member < before.Length; member++) before[member] = factors[block.Classes[member]];
        TensorPrimitives.Log<double>(before, before);
        for (var member = 0; member < wanted.Length; member++)
            wanted[member] = problem.IsConstant(block.Classes[member]) ? double.NaN : before[member] + (read[member] - made[member]) / 2;
        var mean = Bound(wanted);
        var moved = 0.0;
        for (var member = 0; member < wanted.Length; member++)
        {
            // What has weights on one side alone has nothing to be equal to and stays in proportion with the others.
            if (double.IsNaN(wanted[member])) wanted[member] = mean;
            if (!problem.IsConstant(block.Classes[member])) moved = Math.Max(moved, Math.Abs(wanted[member] - before[member]));
        }
        TensorPrimitives.Exp<double>(wanted, wanted);
        for (var member = 0; member < wanted.Length; member++)
            if (!problem.IsConstant(block.Classes[member])) factors[block.Classes[member]] = wanted[member];
        return moved;
    }

    /// <summary>Bounds the logarithms of a block around their mean, which it returns; NaN stands for a factor that does not take part.</summary>
    private double Bound(Span<double> logarithms)
    {
        var (sum, count) = (0.0, 0);
        foreach (var value in logarithms)
            if (!double.IsNaN(value)) (sum, count) = (sum + value, count + 1);
        if (count == 0) return 0;
        var mean = sum / count;
        foreach (ref var value in logarithms) value = Math.Clamp(value, mean - _reach, mean + _reach);
        return mean;
    }

    /// <summary>For each class of a block the mean, over the layers that make it or those that read it, of the logarithm of its range there; NaN without weights.</summary>
    /// <param name="problem">The network.</param>
    /// <param name="block">The block.</param>
    /// <param name="made">Whether over the layers that make its classes.</param>
    /// <param name="rangesOf">The ranges of such a layer's channels.</param>
    public static double[] MeanLogarithms(FactorProblem problem, FactorBlock block, bool made, Func<int, float[]> rangesOf)
    {
        var (means, counts, ofLayer) = (new double[block.Classes.Length], new int[block.Classes.Length], new double[block.Classes.Length]);
        foreach (var layer in made ? block.Producers : block.Consumers)
        {
            problem.Gather(block, layer, made, rangesOf(layer), ofLayer);
            TensorPrimitives.Log<double>(ofLayer, ofLayer);
            for (var member = 0; member < ofLayer.Length; member++)
                if (double.IsFinite(ofLayer[member])) (means[member], counts[member]) = (means[member] + ofLayer[member], counts[member] + 1);
        }
        for (var member = 0; member < means.Length; member++) means[member] /= counts[member];
        return means;
    }

    private double FitConstants()
    {
        var moved = 0.0;
        foreach (var block in blocks)
        {
            if (!block.Classes.Any(problem.IsConstant)) continue;
            var made = block.Producers.ToDictionary(layer => layer, layer => problem.OutputRanges(layer, factors));
            var read = block.Consumers.ToDictionary(layer => layer, layer => problem.InputRanges(layer, factors));
            foreach (var index in block.Classes)
            {
                if (!problem.IsConstant(index)) continue;
                var factor = ConstantChannel.Factor(problem, index, factors[index], made, read);
                moved = Math.Max(moved, Math.Abs(Math.Log(factor / factors[index])));
                factors[index] = factor;
            }
        }
        return moved;
    }
}
