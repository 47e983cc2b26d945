using System.Collections.Immutable;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace QuantNotebooks.Equalization;

/// <summary>
/// The equations of <see cref="CrossLayer"/> for the largest weights as they are now, in x = log s: x_c = (mean over readers (log|w| + x_n) - mean over
/// makers (log|w| - x_n)) / 2, with n the class at the other end of the weight; what would leave the bound stays at it. They are sparse and not symmetric.
/// </summary>
internal sealed class CrossLayerEquations
{
    private const int MostSteps = 200;

    /// <summary>Solved to this part of the first residual; closer would be lost when the largest weights change.</summary>
    private const double Precision = 1e-2;

    private readonly FactorProblem _problem;
    private readonly ImmutableArray<FactorBlock> _blocks;
    private readonly double _reach;

    /// <summary>The equation of class c: its terms are those from _starts[c] to _starts[c + 1].</summary>
    private readonly int[] _starts;
    private readonly List<(int Neighbour, double Share)> _terms = [];
    private readonly double[] _constants;

    /// <summary>What the equations make of each class, of the block that is being looked at.</summary>
    private readonly double[] _wanted;

    /// <summary>How many reaches a class is away from its block's mean, and NaN where no bound holds it.</summary>
    private readonly double[] _held;

    /// <param name="problem">The network.</param>
    /// <param name="blocks">The blocks whose factors may move.</param>
    /// <param name="reach">No logarithm is further than this from its block's mean.</param>
    /// <param name="weights">The largest weights.</param>
    public CrossLayerEquations(FactorProblem problem, ImmutableArray<FactorBlock> blocks, double reach, LargestWeights weights)
    {
        (_problem, _blocks, _reach) = (problem, blocks, reach);
        (_starts, _constants, _held, _wanted) = (new int[problem.Count + 1], new double[problem.Count], new double[problem.Count], new double[problem.Count]);
        for (var index = 0; index < problem.Count; index++)
        {
            _constants[index] = Add(weights, weights.Readers[index], 1) + Add(weights, weights.Makers[index], -1);
            _starts[index + 1] = _terms.Count;
        }
    }

    /// <summary>How many terms all equations have together.</summary>
    public int TermCount => _terms.Count;

    /// <summary>The largest step that any class would take from here; notes on the way which of them their bound holds.</summary>
    public double Residual(ReadOnlySpan<double> logarithms)
    {
        var moved = 0.0;
        foreach (var block in _blocks)
        {
            var mean = Mean(block, logarithms, _constants);
            foreach (var index in block.Classes)
            {
                if (_problem.IsConstant(index)) continue;
                var wanted = _wanted[index];
                _held[index] = double.IsNaN(wanted) ? 0 : wanted > mean + _reach ? 1 : wanted < mean - _reach ? -1 : double.NaN;
                moved = Math.Max(moved, Math.Abs((double.IsNaN(_held[index]) ? wanted : mean + _held[index] * _reach) - logarithms[index]));
            }
        }
        return moved;
    }

    /// <summary>Moves the logarithms to where the equations hold, by the stabilized biconjugate gradient method (van der Vorst, 1992).</summary>
    public void Solve(Span<double> logarithms)
    {
        var count = logarithms.Length;
        var residual = new double[count];
        Step(logarithms, isHomogeneous: false, residual);
        var (shadow, direction, image, stabilizer, solved) = (residual.ToArray(), residual.ToArray(), new double[count], new double[count], new double[count]);
        var (rho, target) = (TensorPrimitives.SumOfSquares<double>(residual), Precision * TensorPrimitives.Norm<double>(residual));
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
        foreach (var block in _blocks)
        {
            var mean = Mean(block, values, constants);
            foreach (var index in block.Classes)
            {
                if (_problem.IsConstant(index)) continue;
                moved[index] = (double.IsNaN(_held[index]) ? _wanted[index] : mean + (isHomogeneous ? 0 : _held[index] * _reach)) - values[index];
            }
        }
    }

    /// <summary>Notes what the equations make of every class of a block, and returns the mean of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double Mean(FactorBlock block, ReadOnlySpan<double> values, ReadOnlySpan<double> constants)
    {
        var (sum, count) = (0.0, 0);
        var terms = CollectionsMarshal.AsSpan(_terms);
        foreach (var index in block.Classes)
        {
            if (_problem.IsConstant(index)) continue;
            var wanted = constants.IsEmpty ? 0 : constants[index];
            foreach (ref readonly var term in terms[_starts[index].._starts[index + 1]]) wanted += term.Share * values[term.Neighbour];
            _wanted[index] = wanted;
            if (!double.IsNaN(_constants[index])) (sum, count) = (sum + wanted, count + 1);
        }
        return count == 0 ? 0 : sum / count;
    }

    /// <summary>Notes the terms of one side and returns its part of the constant: NaN without weights.</summary>
    private double Add(LargestWeights weights, int[] places, int sign)
    {
        var (sum, count, first) = (0.0, 0, _terms.Count);
        foreach (var place in places)
        {
            var logarithm = weights.LogMagnitude(place);
            if (double.IsNaN(logarithm)) continue;
            (sum, count) = (sum + logarithm, count + 1);
            if (weights.Neighbours[place] >= 0) _terms.Add((weights.Neighbours[place], 0));
        }
        for (var term = first; term < _terms.Count; term++) _terms[term] = (_terms[term].Neighbour, 0.5 / count);
        return sign * sum / count / 2;
    }
}
