using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Equalization;

/// <summary>
/// One node of the network before beside the one that makes the same tensor after: from the factors of what it reads and from both nodes' constants
/// follow the factors of what it makes, or a fault.
/// </summary>
internal sealed class StructureRules(Graph before, Graph after, FactorTensors tensors, NodeProto node, NodeProto other)
{
    private string Output => node.Output[0];

    /// <summary>Sets the factors of the node's outputs, or says why the two nodes are not the same function.</summary>
    public string? Apply()
    {
        if (node.OpType == "Clip" && other.OpType != "Clip") return new StructureClip(before, after, tensors, node, other).Apply();
        if (node.OpType != other.OpType || !node.Attribute.Equals(other.Attribute)) return $"is {other.OpType} with other attributes in the scaled network";
        for (var index = 0; index < node.Input.Count; index++)
            if (before.Constant(node.Input[index]) is null && node.Input[index] != other.Input[index]) return $"reads {other.Input[index]} in the scaled network";
        return node.OpType switch
        {
            "Conv" or "ConvTranspose" or "Gemm" or "MatMul" when LinearWeights() is { } weights => weights.Apply(),
            "Relu" or "LeakyRelu" or "PRelu" or "Identity" or "Dropout" or "Neg" or "Abs" => Pass(),
            "Clip" => new StructureClip(before, after, tensors, node, other).Apply(),
            "Add" or "Sub" or "Sum" or "Mean" or "Max" or "Min" => Join(),
            "Mul" or "Div" => Product(),
            "MaxPool" or "AveragePool" or "GlobalMaxPool" or "GlobalAveragePool" or "LpPool" or "GlobalLpPool" or "Resize" or "Upsample" => Pool(),
            "ReduceMean" or "ReduceSum" or "ReduceMax" or "ReduceMin" or "ReduceL1" or "ReduceL2" => Reduce(),
            "Reshape" or "Flatten" or "Squeeze" or "Unsqueeze" or "Transpose" or "Slice" or "Gather" or "DepthToSpace" or "SpaceToDepth" or "Split" or "Concat" or "Expand" => Move(),
            "Pad" => Pad(),
            "Shape" or "Size" => null, // whatever the values are
            "BatchNormalization" => Normalize(),
            _ => Unscaled($"{node.OpType} is not homogeneous, or not known to be"),
        };
    }

    private StructureLinear? LinearWeights() =>
        before.Constant(node.Input[1]) is { } old && after.Constant(other.Input[1]) is { } scaled && TensorData.IsFloat(old) && tensors.IsFloat(node.Input[0])
            ? StructureLinear.Of(before, after, tensors, node, other, old, scaled)
            : null;

    private string? Pass()
    {
        if (!SameConstants()) return "its constants differ";
        for (var index = 1; index < node.Input.Count; index++)
            if (before.Constant(node.InputOrNull(index)) is null && node.InputOrNull(index) is not null) return Unscaled("its parameters are computed");
        if (!tensors.IsFloat(node.Input[0])) return Unscaled("its input is no float");
        tensors.Set(Output, tensors.Factors(node.Input[0]));
        return null;
    }

    /// <summary>All that meets must have the same factor: f(s x, s y) = s f(x, y).</summary>
    private string? Join()
    {
        var shape = tensors.Shape(Output);
        var factors = new float[FactorTensors.Count(shape)];
        Array.Fill(factors, float.NaN);
        foreach (var input in node.Input.Where(input => before.Constant(input) is null))
        {
            var positions = Positions(tensors.Shape(input), shape);
            var own = tensors.Factors(input);
            for (var index = 0; index < factors.Length; index++)
            {
                var factor = own[positions[index]];
                if (!FactorTensors.Same(factors[index], factor)) return "tensors of different factors meet";
                if (float.IsNaN(factors[index])) factors[index] = factor;
            }
        }
        for (var input = 0; input < node.Input.Count; input++)
        {
            if (before.Constant(node.Input[input]) is not { } constant) continue;
            var (old, scaled) = (Broadcast(constant, shape), Broadcast(after.Constant(other.Input[input])!, shape));
            for (var index = 0; index < factors.Length; index++)
            {
                if (old[index] == 0 && scaled[index] == 0) continue;
                if (float.IsNaN(factors[index])) factors[index] = scaled[index] / old[index];
                if (!FactorTensors.Same(old[index] * factors[index], scaled[index])) return FormattableString.Invariant($"a constant {old[index]:G4} was scaled to {scaled[index]:G4}, and what it meets by {factors[index]:G6}");
            }
        }
        tensors.Set(Output, factors);
        return null;
    }

    /// <summary>Factors multiply as values do.</summary>
    private string? Product()
    {
        var shape = tensors.Shape(Output);
        var factors = new float[FactorTensors.Count(shape)];
        Array.Fill(factors, 1f);
        for (var input = 0; input < 2; input++)
        {
            var divides = input == 1 && node.OpType == "Div";
            var own = before.Constant(node.Input[input]) is { } constant ? Ratios(constant, after.Constant(other.Input[input])!, shape) : Spread(node.Input[input], shape);
            for (var index = 0; index < factors.Length; index++)
            {
                if (divides && float.IsNaN(own[index])) return "a divisor may be zero";
                factors[index] = divides ? factors[index] / own[index] : factors[index] * own[index];
                if (factors[index] < 0) return "a constant changed its sign";
            }
        }
        tensors.Set(Output, factors);
        return null;
    }

    private string? Pool()
    {
        if (!SameConstants()) return "its constants differ";
        if (node.Attribute("coordinate_transformation_mode")?.S.ToStringUtf8() == "tf_crop_and_resize") return Unscaled("it fills with a constant");
        // Images apart, every position of a channel must have one factor.
        if (tensors.PerChannel(node.Input[0], 1) is not { } channels) return "positions of one channel have different factors";
        foreach (var output in node.Output)
            if (tensors.IsFloat(output)) tensors.SetPerChannel(output, 1, channels);
        return null;
    }

    private string? Reduce()
    {
        if (!SameConstants()) return "its constants differ";
        var shape = tensors.Shape(node.Input[0]);
        long[] axes = node.InputOrNull(1) is not { } name ? [.. node.Ints("axes")]
            : before.Constant(name) is { } constant ? TensorData.Integers(constant).ToArray() : [.. Enumerable.Range(0, shape.Length).Select(axis => (long)axis)];
        if (axes.Length == 0 && node.Int("noop_with_empty_axes", 0) != 0) return Pass();
        var kept = shape.Select((size, axis) => axes.Length == 0 || axes.Contains(axis) || axes.Contains(axis - shape.Length) ? 1 : size).ToArray();
        var (positions, own) = (Positions(kept, shape), tensors.Factors(node.Input[0]));
        var factors = new float[FactorTensors.Count(kept)];
        Array.Fill(factors, float.NaN);
        for (var index = 0; index < own.Length; index++)
        {
            ref var factor = ref factors[positions[index]];
            if (!FactorTensors.Same(factor, own[index])) return "values of different factors are reduced to one";
            if (float.IsNaN(factor)) factor = own[index];
        }
        tensors.Set(Output, factors);
        return null;
    }

    private string? Move()
    {
        if (!SameConstants()) return "its constants differ";
        if (node.Input.Any(input => input.Length > 0 && before.Constant(input) is { } constant && TensorData.IsFloat(constant)) && !AreOne())
            return Unscaled("it moves values and constants together");
        tensors.Move(before, node);
        return null;
    }

    /// <summary>A zero that is added has any factor, so that of its neighbour serves.</summary>
    private string? Pad()
    {
        if (!SameConstants()) return "its constants differ";
        var moved = node.Clone();
        if ((node.Attribute("mode")?.S.ToStringUtf8() ?? "constant") == "constant")
        {
            var fill = node.InputOrNull(2) is { } value ? before.Constant(value) is { } constant ? TensorData.Floats(TensorData.ToRawFloats(constant)!)[0] : float.NaN : node.Float("value", 0);
            if (fill != 0) return Unscaled("it fills with a value that is not zero");
            if (moved.Attribute("mode") is { } mode) moved.Attribute.Remove(mode);
            moved.Attribute.Add(new AttributeProto { Name = "mode", Type = AttributeProto.Types.AttributeType.String, S = Google.Protobuf.ByteString.CopyFromUtf8("edge") });
            if (node.InputOrNull(2) is not null) moved.Input[2] = "";
        }
        tensors.Move(before, moved);
        return null;
    }

    /// <summary>gamma (x - mean) / sigma + beta: mean and beta go along, gamma and sigma stay.</summary>
    private string? Normalize()
    {
        if (tensors.PerChannel(node.Input[0], 1) is not { } channels) return "positions of one channel have different factors";
        for (var input = 1; input < 5; input++)
        {
            if (before.Constant(node.Input[input]) is not { } constant) return Unscaled("its parameters are computed");
            var (old, scaled) = (Values(constant), Values(after.Constant(other.Input[input])!));
            for (var channel = 0; channel < channels.Length; channel++)
                if (!FactorTensors.Same(input is 2 or 3 ? old[channel] * channels[channel] : old[channel], scaled[channel])) return "its constants were not scaled as what they meet";
        }
        tensors.SetPerChannel(Output, 1, channels);
        return null;
    }

    /// <summary>The rule for all that is not homogeneous: nothing may be scaled.</summary>
    private string? Unscaled(string reason)
    {
        if (!SameConstants()) return "its constants differ";
        if (!AreOne()) return $"it reads scaled values, and {reason}";
        foreach (var output in node.Output)
            if (tensors.IsFloat(output)) tensors.SetOne(output);
        return null;
    }

    private bool AreOne() => node.Input.Where(input => before.Constant(input) is null && tensors.IsFloat(input)).All(tensors.IsOne);

    private bool SameConstants()
    {
        for (var index = 0; index < node.Input.Count; index++)
            if (before.Constant(node.Input[index]) is { } constant
                && (after.Constant(other.Input[index]) is not { } same || !ReferenceEquals(constant, same) && (!constant.RawData.Equals(same.RawData) || !constant.Dims.Equals(same.Dims))))
                return false;
        return true;
    }

    private float[] Spread(string tensor, long[] shape)
    {
        var own = tensors.Factors(tensor);
        return Array.ConvertAll(Positions(tensors.Shape(tensor), shape), position => own[position]);
    }

    private static float[] Ratios(TensorProto old, TensorProto scaled, long[] shape)
    {
        var (numerator, denominator) = (Broadcast(scaled, shape), Broadcast(old, shape));
        for (var index = 0; index < numerator.Length; index++)
            numerator[index] = denominator[index] == 0 ? numerator[index] == 0 ? float.NaN : -1 : numerator[index] / denominator[index];
        return numerator;
    }

    private static float[] Values(TensorProto constant) => TensorData.Floats(TensorData.ToRawFloats(constant)!).ToArray();

    internal static float[] Broadcast(TensorProto constant, long[] shape)
    {
        var values = Values(constant);
        return Array.ConvertAll(Positions([.. constant.Dims], shape), position => values[position]);
    }

    /// <summary>For each element of a shape the element of a smaller one that broadcasts to it.</summary>
    internal static int[] Positions(long[] from, long[] to)
    {
        var positions = new int[FactorTensors.Count(to)];
        var (stride, inner) = (1, 1);
        for (var axis = to.Length - 1; axis >= 0; axis--)
        {
            var own = axis - (to.Length - from.Length);
            if (own >= 0 && from[own] > 1)
            {
                for (var index = 0; index < positions.Length; index++) positions[index] += index / inner % (int)to[axis] * stride;
                stride *= (int)from[own];
            }
            inner *= (int)to[axis];
        }
        return positions;
    }
}
