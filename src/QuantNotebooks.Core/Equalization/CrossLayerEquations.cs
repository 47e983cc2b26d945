using System.Collections.Immutable;
using System.Numerics;
using System.Numerics.Tensors;

namespace QuantNotebooks.Equalization;

/// <summary>
/// The equations of <see cref="CrossLayer"/> for the largest weights as they are now, in x = log s: x_c = (mean over readers (log|w| + x_n) - mean over
/// makers (log|w| - x_n)) / 2, with n the class at the other end of the weight; what would leave the bound stays at it. They are sparse and not symmetric.
/// </summary>
internal sealed class CrossLayerEquations
{
    private const int MostSteps = 200;

    /// <summary>The part of the first residual that may stay: when the largest weights change, more is lost than a closer solution would gain.</summary>
    private const double Precision = 0.1;

    private readonly LargestWeights _weights;
    private readonly double _reach;

    /// <summary>The classes that may move, block after block: those of block b are at the places from _blocks[b] to _blocks[b + 1].</summary>
    private readonly int[] _classes;
    private readonly int[] _blocks;

    /// <summary>The place of each class, or -1.</summary>
    private readonly int[] _places;

    /// <summary>
    /// The terms of a block's equations, each a neighbour's place and its share, begin at _terms[b]: the first of every place, then the second of every
    /// place, and so on; a place that has fewer than others of its block has some of share 0.
    /// </summary>
    private readonly int[] _terms;
    private readonly int[] _neighbours;
    private readonly double[] _shares;
    private readonly double[] _constants;

    /// <summary>1 where a class has weights on both sides, and 0 where it has nothing to be equal to; and how many the former are of each block.</summary>
    private readonly double[] _counted, _counts;

    /// <summary>How many reaches a place is away from its block's mean, and NaN where no bound holds it.</summary>
    private readonly double[] _held;

    /// <summary>The logarithm at each place, and what the equations make of it.</summary>
    private readonly double[] _values, _wanted;

    private readonly double[] _residual, _shadow, _direction, _image, _stabilizer, _solved;

    /// <param name="problem">The network.</param>
    /// <param name="blocks">The blocks whose factors may move.</param>
    /// <param name="reach">No logarithm is further than this from its block's mean.</param>
    /// <param name="weights">The largest weights, found anew before each <see cref="Update"/>.</param>
    public CrossLayerEquations(FactorProblem problem, ImmutableArray<FactorBlock> blocks, double reach, LargestWeights weights)
    {
        (_weights, _reach) = (weights, reach);
        _classes = [.. blocks.SelectMany(block => block.Classes).Where(index => !problem.IsConstant(index))];
        _places = new int[problem.Count];
        Array.Fill(_places, -1);
        for (var place = 0; place < _classes.Length; place++) _places[_classes[place]] = place;
        (_blocks, _terms) = (new int[blocks.Length + 1], new int[blocks.Length + 1]);
        for (var block = 0; block < blocks.Length; block++)
        {
            var (count, most) = (0, 0);
            foreach (var index in blocks[block].Classes)
                if (_places[index] >= 0) (count, most) = (count + 1, Math.Max(most, weights.Readers[index].Length + weights.Makers[index].Length));
            (_blocks[block + 1], _terms[block + 1]) = (_blocks[block] + count, _terms[block] + count * most);
        }
        _counts = new double[blocks.Length];
        (_neighbours, _shares) = (new int[_terms[^1]], new double[_terms[^1]]);
        (_constants, _counted, _held, _values, _wanted) = (OneEach(), OneEach(), OneEach(), OneEach(), OneEach());
        (_residual, _shadow, _direction, _image, _stabilizer, _solved) = (OneEach(), OneEach(), OneEach(), OneEach(), OneEach(), OneEach());

        double[] OneEach() => new double[_classes.Length];
    }

    /// <summary>How many places there are, and how many terms all equations have together.</summary>
    public (int Places, int Terms) Size => (_classes.Length, _shares.Length);

    /// <summary>Takes the largest weights and the logarithms, one a class, as they are now.</summary>
    public void Update(ReadOnlySpan<double> logarithms)
    {
        Array.Clear(_shares);
        for (var block = 0; block + 1 < _blocks.Length; block++)
        {
            var (first, count) = (_blocks[block], _blocks[block + 1] - _blocks[block]);
            for (var member = 0; member < count; member++)
            {
                var (place, index, term) = (first + member, _classes[first + member], _terms[block] + member);
                _values[place] = logarithms[index];
                var constant = AddTerms(_weights.Readers[index], 1, logarithms, ref term, count) + AddTerms(_weights.Makers[index], -1, logarithms, ref term, count);
                var isCounted = !double.IsNaN(constant);
                (_counted[place], _constants[place]) = isCounted ? (1, constant) : (0, 0);
            }
            _counts[block] = TensorPrimitives.Sum<double>(_counted.AsSpan(first, count));
        }
    }

    /// <summary>The largest step that any class would take from here; notes on the way which of them their bound holds.</summary>
    public double Residual()
    {
        for (var block = 0; block + 1 < _blocks.Length; block++)
        {
            var mean = Mean(block, _values, isHomogeneous: false);
            for (var place = _blocks[block]; place < _blocks[block + 1]; place++)
                _held[place] = _counted[place] == 0 ? 0 : _wanted[place] > mean + _reach ? 1 : _wanted[place] < mean - _reach ? -1 : double.NaN;
        }
        Step(_values, isHomogeneous: false, _residual);
        return _residual.Length == 0 ? 0 : Math.Abs(TensorPrimitives.MaxMagnitude<double>(_residual));
    }

    /// <summary>
    /// Moves the logarithms to where the equations hold, each held where <see cref="Residual"/> found it, by the stabilized biconjugate gradient method
    /// (van der Vorst, 1992).
    /// </summary>
    /// <param name="logarithms">One a class.</param>
    public void Solve(Span<double> logarithms)
    {
        var (residual, direction, image, stabilizer, solved) = (_residual, _direction, _image, _stabilizer, _solved);
        _residual.CopyTo(_shadow, 0);
        _residual.CopyTo(direction, 0);
        Array.Clear(solved);
        var (rho, target) = (TensorPrimitives.SumOfSquares<double>(residual), Precision * TensorPrimitives.Norm<double>(residual));
        for (var step = 0; step < MostSteps; step++)
        {
            Apply(direction, image);
            var alpha = rho / TensorPrimitives.Dot<double>(_shadow, image);
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
            var next = TensorPrimitives.Dot<double>(_shadow, residual);
            var beta = next / rho * (alpha / omega);
            if (!double.IsFinite(beta)) break;
            rho = next;
            TensorPrimitives.MultiplyAdd(image, -omega, direction, direction);
            TensorPrimitives.MultiplyAdd(direction, beta, residual, direction);
        }
        for (var place = 0; place < _classes.Length; place++) logarithms[_classes[place]] += solved[place];
    }

    /// <summary>v less what the equations without their constants make of it.</summary>
    private void Apply(double[] values, double[] image)
    {
        Step(values, isHomogeneous: true, image);
        TensorPrimitives.Negate<double>(image, image);
    }

    /// <summary>How far the equations, each held where it is held now, move every place.</summary>
    private void Step(double[] values, bool isHomogeneous, double[] moved)
    {
        for (var block = 0; block + 1 < _blocks.Length; block++)
        {
            var (mean, reach) = (Mean(block, values, isHomogeneous), isHomogeneous ? 0 : _reach);
            var (place, end) = (_blocks[block], _blocks[block + 1]);
            for (; place <= end - Vector<double>.Count; place += Vector<double>.Count)
            {
                var held = new Vector<double>(_held, place);
                var wanted = Vector.ConditionalSelect(Vector.Equals(held, held), new Vector<double>(mean) + held * reach, new Vector<double>(_wanted, place));
                (wanted - new Vector<double>(values, place)).CopyTo(moved, place);
            }
            for (; place < end; place++) moved[place] = (double.IsNaN(_held[place]) ? _wanted[place] : mean + _held[place] * reach) - values[place];
        }
    }

    /// <summary>Notes what the equations make of every place of a block, and returns the mean of it.</summary>
    private double Mean(int block, double[] values, bool isHomogeneous)
    {
        var (first, count) = (_blocks[block], _blocks[block + 1] - _blocks[block]);
        var wanted = _wanted.AsSpan(first, count);
        if (isHomogeneous) wanted.Clear();
        else _constants.AsSpan(first, count).CopyTo(wanted);
        for (var term = _terms[block]; term < _terms[block + 1]; term += count) AddProducts(_neighbours.AsSpan(term, count), _shares.AsSpan(term, count), values, wanted);
        return _counts[block] == 0 ? 0 : TensorPrimitives.Dot<double>(wanted, _counted.AsSpan(first, count)) / _counts[block];
    }

    private static void AddProducts(ReadOnlySpan<int> neighbours, ReadOnlySpan<double> shares, double[] values, Span<double> sums)
    {
        for (var index = 0; index < neighbours.Length; index++) sums[index] += shares[index] * values[neighbours[index]];
    }

    /// <summary>Notes the terms of one side, one every so many, and returns the side's part of the constant: NaN without weights.</summary>
    private double AddTerms(int[] ends, int sign, ReadOnlySpan<double> logarithms, ref int term, int stride)
    {
        var (sum, others, count, first) = (0.0, 0.0, 0, term);
        foreach (var end in ends)
        {
            var logarithm = _weights.LogMagnitude(end);
            if (double.IsNaN(logarithm)) continue;
            (sum, count) = (sum + logarithm, count + 1);
            if (_weights.Neighbours[end] is not (>= 0 and var neighbour)) continue;
            // A factor that stays as it is belongs to the constant.
            if (_places[neighbour] < 0) others += logarithms[neighbour];
            else
            {
                _neighbours[term] = _places[neighbour];
                term += stride;
            }
        }
        for (; first < term; first += stride) _shares[first] = 0.5 / count;
        return (sign * sum + others) / count / 2;
    }
}
