using System.Collections.Immutable;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace QuantNotebooks.Equalization;

/// <summary>
/// The equations of <see cref="CrossLayer"/> for the largest weights as they are now, in x = log s: x_c = (mean over readers (log|w| + x_n) - mean over
/// makers (log|w| - x_n)) / 2, with n the class at the other end of the weight; what would leave the bound stays at it. They are sparse and not symmetric.
/// </summary>
internal sealed class CrossLayerEquations
{
    private const int MostSteps = 200;

    /// <summary>Solved no closer than to the first and no less than to the second part of the first residual.</summary>
    private const double Finest = 1e-3, Coarsest = 0.1;

    private readonly double _reach;

    /// <summary>The classes that may move, block after block: those of block b are the ones from _blocks[b] to _blocks[b + 1].</summary>
    private readonly int[] _classes;
    private readonly int[] _blocks;

    /// <summary>The equation of the class at a place: its terms, each a neighbour and its share, are those from _starts[place] to _starts[place + 1].</summary>
    private readonly int[] _starts;
    private readonly int[] _neighbours;
    private readonly double[] _shares;
    private readonly double[] _constants;

    /// <summary>What the equations make of the class at each place, of the block that is being looked at.</summary>
    private readonly double[] _wanted;

    /// <summary>How many reaches the class at a place is away from its block's mean, and NaN where no bound holds it.</summary>
    private readonly double[] _held;

    /// <param name="problem">The network.</param>
    /// <param name="blocks">The blocks whose factors may move.</param>
    /// <param name="reach">No logarithm is further than this from its block's mean.</param>
    /// <param name="weights">The largest weights.</param>
    public CrossLayerEquations(FactorProblem problem, ImmutableArray<FactorBlock> blocks, double reach, LargestWeights weights)
    {
        _reach = reach;
        _blocks = new int[blocks.Length + 1];
        _classes = new int[problem.Count];
        var count = 0;
        for (var block = 0; block < blocks.Length; block++)
        {
            foreach (var index in blocks[block].Classes)
                if (!problem.IsConstant(index)) _classes[count++] = index;
            _blocks[block + 1] = count;
        }
        (_starts, _constants, _held, _wanted) = (new int[count + 1], new double[count], new double[count], new double[count]);
        (_neighbours, _shares) = (new int[weights.Neighbours.Length], new double[weights.Neighbours.Length]);
        for (var place = 0; place < count; place++)
        {
            _starts[place + 1] = _starts[place];
            _constants[place] = Add(weights, weights.Readers[_classes[place]], 1, ref _starts[place + 1]) + Add(weights, weights.Makers[_classes[place]], -1, ref _starts[place + 1]);
        }
    }

    /// <summary>How many terms all equations have together.</summary>
    public int TermCount => _starts[^1];

    /// <summary>The largest step that any class would take from here; notes on the way which of them their bound holds.</summary>
    public double Residual(ReadOnlySpan<double> logarithms)
    {
        var moved = 0.0;
        for (var block = 0; block + 1 < _blocks.Length; block++)
        {
            var mean = Mean(block, logarithms, _constants);
            for (var place = _blocks[block]; place < _blocks[block + 1]; place++)
            {
                var wanted = _wanted[place];
                _held[place] = double.IsNaN(wanted) ? 0 : wanted > mean + _reach ? 1 : wanted < mean - _reach ? -1 : double.NaN;
                moved = Math.Max(moved, Math.Abs((double.IsNaN(_held[place]) ? wanted : mean + _held[place] * _reach) - logarithms[_classes[place]]));
            }
        }
        return moved;
    }

    /// <summary>Moves the logarithms to where the equations hold, by the stabilized biconjugate gradient method (van der Vorst, 1992).</summary>
    /// <param name="logarithms">One a class.</param>
    /// <param name="precision">The part of the first residual that may stay: while factors still move far, more would be lost when the largest weights change.</param>
    public void Solve(Span<double> logarithms, double precision)
    {
        var count = logarithms.Length;
        var residual = new double[count];
        Step(logarithms, isHomogeneous: false, residual);
        var (shadow, direction, image, stabilizer, solved) = (residual.ToArray(), residual.ToArray(), new double[count], new double[count], new double[count]);
        var (rho, target) = (TensorPrimitives.SumOfSquares<double>(residual), Math.Clamp(precision, Finest, Coarsest) * TensorPrimitives.Norm<double>(residual));
        for (var step = 0; step < MostSteps; step++)
        {
            Apply(direction, image);
            var alpha = rho / TensorPrimitives.Dot<double>(shadow, image);
            if (!double.IsFinite(alpha)) break;
            TensorPrimitives.MultiplyAdd(direction, alpha, solved, solved);
            TensorPrimitives.MultiplyAdd(image, -alpha, residual, residual);
            if (TensorPrimitives.Norm<double>(residual) <= target) break;
            Apply(residual, stabilizer);
            var omega = TensorPrimitives.Dot<double>(stabilizer, residual) / TensorPrimitives.SumOfSquares<double>(stabilizer);
            if (!double.IsFinite(omega)) break;
            TensorPrimitives.MultiplyAdd(residual, omega, solved, solved);
            TensorPrimitives.MultiplyAdd(stabilizer, -omega, residual, residual);
            if (TensorPrimitives.Norm<double>(residual) <= target) break;
            var next = TensorPrimitives.Dot<double>(shadow, residual);
            var beta = next / rho * (alpha / omega);
            if (!double.IsFinite(beta)) break;
            rho = next;
            TensorPrimitives.MultiplyAdd(image, -omega, direction, direction);
            TensorPrimitives.MultiplyAdd(direction, beta, residual, direction);
        }
        TensorPrimitives.Add(logarithms, solved, logarithms);
    }

    /// <summary>v less what the equations without their constants make of it.</summary>
    private void Apply(ReadOnlySpan<double> values, Span<double> image)
    {
        Step(values, isHomogeneous: true, image);
        TensorPrimitives.Negate(image, image);
    }

    /// <summary>How far the equations, each held where it is held now, move every class.</summary>
    private void Step(ReadOnlySpan<double> values, bool isHomogeneous, Span<double> moved)
    {
        moved.Clear();
        ReadOnlySpan<double> constants = isHomogeneous ? [] : _constants;
        for (var block = 0; block + 1 < _blocks.Length; block++)
        {
            var mean = Mean(block, values, constants);
            for (var place = _blocks[block]; place < _blocks[block + 1]; place++)
            {
                var index = _classes[place];
                moved[index] = (double.IsNaN(_held[place]) ? _wanted[place] : mean + (isHomogeneous ? 0 : _held[place] * _reach)) - values[index];
            }
        }
    }

    /// <summary>Notes what the equations make of every class of a block, and returns the mean of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double Mean(int block, ReadOnlySpan<double> values, ReadOnlySpan<double> constants)
    {
        var (sum, count) = (0.0, 0);
        ReadOnlySpan<int> neighbours = _neighbours;
        var shares = _shares.AsSpan(0, neighbours.Length);
        var term = _starts[_blocks[block]];
        for (var place = _blocks[block]; place < _blocks[block + 1]; place++)
        {
            var wanted = constants.IsEmpty ? 0 : constants[place];
            for (var end = _starts[place + 1]; term < end; term++) wanted += shares[term] * values[neighbours[term]];
            _wanted[place] = wanted;
            if (!double.IsNaN(_constants[place])) (sum, count) = (sum + wanted, count + 1);
        }
        return count == 0 ? 0 : sum / count;
    }

    /// <summary>Notes the terms of one side from a place on and returns the side's part of the constant: NaN without weights.</summary>
    private double Add(LargestWeights weights, int[] places, int sign, ref int end)
    {
        var (sum, count, first) = (0.0, 0, end);
        foreach (var place in places)
        {
            var logarithm = weights.LogMagnitude(place);
            if (double.IsNaN(logarithm)) continue;
            (sum, count) = (sum + logarithm, count + 1);
            if (weights.Neighbours[place] >= 0) _neighbours[end++] = weights.Neighbours[place];
        }
        _shares.AsSpan(first, end - first).Fill(0.5 / count);
        return sign * sum / count / 2;
    }
}
