using System.Collections.Immutable;
using System.Globalization;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using static QuantNotebooks.Training.Gradients.Attributes;

namespace QuantNotebooks.Training.Gradients;

/// <summary>
/// Appends nodes to a graph and knows the shape of everything it makes. Only operators whose form is the same in every operator set from
/// <see cref="StaticGraph.OperatorSet"/> on are emitted.
/// </summary>
internal sealed class NodeEmitter
{
    private readonly Dictionary<string, string> _integerConstants = [];
    private readonly Dictionary<float, Tensor> _scalars = [];
    private string _prefix = "gradient";
    private int _made;

    public List<NodeProto> Nodes { get; } = [];

    public List<TensorProto> Constants { get; } = [];

    /// <summary>Nodes made from now on carry the name of what they are the gradient of.</summary>
    public void Begin(string origin) => _prefix = "gradient/" + origin;

    public Tensor Constant(ReadOnlySpan<float> values, params ImmutableArray<long> shape)
    {
        var tensor = TensorData.Create(NewName("constant"), shape.AsSpan(), values);
        Constants.Add(tensor);
        return new Tensor(tensor.Name, shape);
    }

    public Tensor Scalar(double value)
    {
        if (!_scalars.TryGetValue((float)value, out var tensor)) _scalars[(float)value] = tensor = Constant([(float)value]);
        return tensor;
    }

    /// <summary>A constant of int64 with one axis.</summary>
    public string Integers(IEnumerable<long> values)
    {
        var list = values.ToArray();
        var key = string.Join(",", list);
        if (_integerConstants.TryGetValue(key, out var name)) return name;
        var tensor = new TensorProto { Name = NewName("integers"), DataType = (int)TensorProto.Types.DataType.Int64 };
        tensor.Dims.Add(list.Length);
        tensor.Int64Data.AddRange(list);
        Constants.Add(tensor);
        return _integerConstants[key] = tensor.Name;
    }

    /// <summary>Appends a node with one output of any type and returns the output's name.</summary>
    public string Node(string operation, IEnumerable<string> inputs, params AttributeProto[] attributes) => Node(operation, inputs, 1, attributes)[0];

    public string[] Node(string operation, IEnumerable<string> inputs, int outputs, AttributeProto[] attributes)
    {
        var node = new NodeProto { OpType = operation, Name = NewName(operation) };
        node.Input.AddRange(inputs);
        for (var output = 0; output < outputs; output++) node.Output.Add(output == 0 ? node.Name : node.Name + "/" + output.ToString(CultureInfo.InvariantCulture));
        node.Attribute.AddRange(attributes);
        Nodes.Add(node);
        return [.. node.Output];
    }

    public Tensor Unary(string operation, Tensor input, params AttributeProto[] attributes) => new(Node(operation, [input.Name], attributes), input.Shape);

    /// <summary>An element-wise operator of two tensors that broadcast.</summary>
    public Tensor Binary(string operation, Tensor left, Tensor right) => new(Node(operation, [left.Name, right.Name]), Broadcast(left.Shape, right.Shape));

    public Tensor Add(Tensor left, Tensor right) => Binary("Add", left, right);

    public Tensor Subtract(Tensor left, Tensor right) => Binary("Sub", left, right);

    public Tensor Multiply(Tensor left, Tensor right) => Binary("Mul", left, right);

    public Tensor Divide(Tensor left, Tensor right) => Binary("Div", left, right);

    public Tensor Scale(Tensor input, double factor) => factor == 1 ? input : Multiply(input, Scalar(factor));

    /// <summary>1 where a comparison holds and 0 elsewhere.</summary>
    public Tensor Mask(string comparison, Tensor left, Tensor right) => new(
        Node("Cast", [Node(comparison, [left.Name, right.Name])], Int("to", (int)TensorProto.Types.DataType.Float)), Broadcast(left.Shape, right.Shape));

    /// <summary>The input held between bounds; a bound without a name, or left out, is none.</summary>
    public Tensor Clip(Tensor input, params string[] bounds) => new(Node("Clip", [input.Name, .. bounds]), input.Shape);

    public Tensor Reshape(Tensor input, params ImmutableArray<long> shape) =>
        input.Shape.SequenceEqual(shape) ? input : new Tensor(Node("Reshape", [input.Name, Integers(shape)]), shape);

    public Tensor Transpose(Tensor input, params int[] permutation) => permutation.SequenceEqual(Enumerable.Range(0, permutation.Length))
        ? input
        : new Tensor(
            Node("Transpose", [input.Name], Ints("perm", permutation.Select(axis => (long)axis))), [.. permutation.Select(axis => input.Shape[axis])]);

    /// <summary>Sums over axes; keeps each as 1.</summary>
    public Tensor ReduceSum(Tensor input, params IReadOnlyList<int> axes) => axes.Count == 0
        ? input
        : new Tensor(
            Node("ReduceSum", [input.Name, Integers(axes.Select(axis => (long)axis))], Int("keepdims", 1)),
            [.. input.Shape.Select((dimension, axis) => axes.Contains(axis) ? 1 : dimension)]);

    /// <summary>Sums over whatever broadcasting repeated, so that the result has that shape.</summary>
    public Tensor SumTo(Tensor input, ImmutableArray<long> shape)
    {
        var added = input.Rank - shape.Length;
        var axes = new List<int>();
        for (var axis = 0; axis < input.Rank; axis++)
            if (axis < added || shape[axis - added] == 1 && input.Shape[axis] != 1) axes.Add(axis);
        return Reshape(ReduceSum(input, axes), shape);
    }

    public Tensor Expand(Tensor input, ImmutableArray<long> shape) =>
        input.Shape.SequenceEqual(shape) ? input : new Tensor(Node("Expand", [input.Name, Integers(shape)]), shape);

    public Tensor Zeros(ImmutableArray<long> shape) => Expand(Scalar(0), shape);

    /// <summary>Takes [start, end) of an axis; the whole axis costs no node.</summary>
    public Tensor Slice(Tensor input, int axis, long start, long end) => start == 0 && end == input.Shape[axis]
        ? input
        : new Tensor(
            Node("Slice", [input.Name, Integers([start]), Integers([end]), Integers([axis])]), input.Shape.SetItem(axis, end - start));

    /// <summary>From every axis behind the first ones, count elements a step apart, from a start on.</summary>
    public Tensor Stride(Tensor input, int first, IReadOnlyList<long> starts, IReadOnlyList<long> steps, ImmutableArray<long> counts)
    {
        ImmutableArray<long> shape = [.. input.Shape[..first], .. counts];
        if (input.Shape.SequenceEqual(shape)) return input;
        var ends = counts.Select((count, axis) => starts[axis] + (count - 1) * steps[axis] + 1);
        return new Tensor(
            Node("Slice", [input.Name, Integers(starts), Integers(ends), Integers(counts.Select((_, axis) => (long)(first + axis))), Integers(steps)]), shape);
    }

    public Tensor Concat(IReadOnlyList<Tensor> inputs, int axis) => inputs.Count == 1
        ? inputs[0]
        : new Tensor(
            Node("Concat", inputs.Select(input => input.Name), Int("axis", axis)),
            inputs[0].Shape.SetItem(axis, inputs.Sum(input => input.Shape[axis])));

    /// <summary>Turns axes around.</summary>
    public Tensor Flip(Tensor input, params int[] axes)
    {
        axes = [.. axes.Where(axis => input.Shape[axis] > 1)];
        return axes.Length == 0 ? input : input with
        {
            Name = Node("Slice",
            [
                input.Name, Integers(axes.Select(_ => -1L)), Integers(axes.Select(_ => long.MinValue)), Integers(axes.Select(axis => (long)axis)),
                Integers(axes.Select(_ => -1L)),
            ]),
        };
    }

    /// <summary>Adds zeros around a tensor, or crops it where a number is negative.</summary>
    public Tensor Pad(Tensor input, IReadOnlyList<long> before, IReadOnlyList<long> after) => before.Concat(after).All(count => count == 0)
        ? input
        : new Tensor(
            Node("Pad", [input.Name, Integers(before.Concat(after))]),
            [.. input.Shape.Select((dimension, axis) => dimension + before[axis] + after[axis])]);

    /// <summary>Puts step - 1 zeros after every element along the axes: an axis of n elements gets n x step.</summary>
    public Tensor Interleave(Tensor input, IReadOnlyList<long> steps)
    {
        if (steps.All(step => step == 1)) return input;
        var apart = ImmutableArray.CreateBuilder<long>();
        var after = new List<long>();
        for (var axis = 0; axis < input.Rank; axis++)
        {
            apart.Add(input.Shape[axis]);
            after.Add(0);
            if (steps[axis] == 1) continue;
            apart.Add(1);
            after.Add(steps[axis] - 1);
        }
        var padded = Pad(Reshape(input, apart.ToImmutable()), [.. after.Select(_ => 0L)], after);
        return Reshape(padded, [.. input.Shape.Select((dimension, axis) => dimension * steps[axis])]);
    }

    /// <summary>A matrix product of the last two axes; the axes before broadcast.</summary>
    public Tensor MatMul(Tensor left, Tensor right) => new(
        Node("MatMul", [left.Name, right.Name]),
        [.. Broadcast(left.Shape[..^2], right.Shape[..^2]), left.Shape[^2], right.Shape[^1]]);

    public Tensor SwapLastAxes(Tensor input)
    {
        var permutation = Enumerable.Range(0, input.Rank).ToArray();
        (permutation[^1], permutation[^2]) = (permutation[^2], permutation[^1]);
        return Transpose(input, permutation);
    }

    public static ImmutableArray<long> Broadcast(ImmutableArray<long> left, ImmutableArray<long> right)
    {
        var rank = Math.Max(left.Length, right.Length);
        var shape = ImmutableArray.CreateBuilder<long>(rank);
        for (var axis = 0; axis < rank; axis++)
        {
            var one = axis - (rank - left.Length) is >= 0 and var leftAxis ? left[leftAxis] : 1;
            var other = axis - (rank - right.Length) is >= 0 and var rightAxis ? right[rightAxis] : 1;
            shape.Add(one == 1 ? other : one);
        }
        return shape.MoveToImmutable();
    }

    private string NewName(string what) => string.Create(CultureInfo.InvariantCulture, $"{_prefix}/{what}#{++_made}");
}
