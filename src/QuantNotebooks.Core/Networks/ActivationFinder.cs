using System.Collections.Immutable;
using System.Numerics.Tensors;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>Recognizes the element-wise function after a tensor: one operator, or the several that exporters write for it.</summary>
internal static class ActivationFinder
{
    /// <summary>The nodes that compute the function and only that, in order; none where the tensor is linear or used otherwise too.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="tensor">The tensor before the function.</param>
    /// <param name="channels">Its channels.</param>
    /// <param name="rank">Its number of axes, or 0 where constants after the function are not to be taken along.</param>
    public static (ImmutableArray<NodeProto> Nodes, Activation Activation) After(Graph graph, string tensor, int channels, int rank)
    {
        if (Find(graph, tensor) is not (var nodes, { } activation)) return ([], Activation.None);
        // A learned scale and offset after the function belong to it: an engine's grid follows the last of them.
        var output = nodes[^1].Output[0];
        while (rank > 0 && graph.SoleConsumer(output) is { } next && next.OpType != "BatchNormalization"
            && ChannelAffine.Of(graph, next, output, channels, rank) is not null)
        {
            nodes = nodes.Add(next);
            activation = activation with { IsScaled = true };
            output = next.Output[0];
        }
        return (nodes, activation);
    }

    private static (ImmutableArray<NodeProto>, Activation)? Find(Graph graph, string tensor)
    {
        if (graph.IsOutput(tensor)) return null;
        return graph.Consumers(tensor) switch
        {
            [var only] when Reads(graph, only, tensor) && Of(graph, only) is { } activation => TwoSided(graph, only, activation),
            [var one, var other] => Gated(graph, tensor, one, other) ?? Gated(graph, tensor, other, one),
            _ => null,
        };
    }

    /// <summary>The function with the upper bound that follows it: ReLU or a lower bound, then Min with a constant, is a Clip in two nodes.</summary>
    public static (ImmutableArray<NodeProto> Nodes, Activation Activation) TwoSided(Graph graph, NodeProto first, Activation activation)
    {
        var isLower = activation is { Kind: ActivationKind.Relu } or { Kind: ActivationKind.Clip, Maximum: double.PositiveInfinity };
        if (!isLower || graph.SoleConsumer(first.Output[0]) is not { OpType: "Min" } second || Of(graph, second) is not { } upper) return ([first], activation);
        var minimum = activation.Kind == ActivationKind.Relu ? 0 : activation.Minimum;
        return ([first, second], upper with { Minimum = minimum, HasChannelBounds = activation.HasChannelBounds || upper.HasChannelBounds });
    }

    private static bool Reads(Graph graph, NodeProto node, string tensor) =>
        node.InputOrNull(0) == tensor || node.OpType is "Min" or "Max" && node.InputOrNull(1) == tensor;

    /// <summary>y g(y), with the gate g written apart: Swish (sigmoid, of y or of beta y) and HardSwish (hard sigmoid, or clip(y + 3, 0, 6) / 6).</summary>
    private static (ImmutableArray<NodeProto>, Activation)? Gated(Graph graph, string tensor, NodeProto gate, NodeProto product)
    {
        if (product.OpType != "Mul" || gate.InputOrNull(0) != tensor && gate.InputOrNull(1) != tensor) return null;
        if (gate.OpType == "Sigmoid" && IsProduct(gate.Output[0])) return ([gate, product], new Activation(ActivationKind.Swish));
        if (gate.OpType == "HardSigmoid" && IsProduct(gate.Output[0])
            && Near(gate.Float("alpha", 0.2f), 1 / 6f) && Near(gate.Float("beta", 0.5f), 0.5f))
            return ([gate, product], new Activation(ActivationKind.HardSwish));
        if (gate.OpType == "Mul" && (Scalar(graph, gate.InputOrNull(0)) ?? Scalar(graph, gate.InputOrNull(1))) is not null
            && graph.SoleConsumer(gate.Output[0]) is { OpType: "Sigmoid" } sigmoid && IsProduct(sigmoid.Output[0]))
            return ([gate, sigmoid, product], new Activation(ActivationKind.Swish));
        if (gate.OpType != "Add" || !IsConstant(gate, 3)) return null;
        if (graph.SoleConsumer(gate.Output[0]) is not { } clip || Of(graph, clip) is not { Kind: ActivationKind.Clip, Minimum: 0, Maximum: 6 }) return null;
        if (!IsProduct(clip.Output[0]) || graph.SoleConsumer(product.Output[0]) is not { } sixth || sixth.InputOrNull(0) != product.Output[0]) return null;
        return sixth.OpType == "Div" && IsConstant(sixth, 6) || sixth.OpType == "Mul" && IsConstant(sixth, 1 / 6f)
            ? ([gate, clip, product, sixth], new Activation(ActivationKind.HardSwish))
            : null;

        bool IsProduct(string gated) => graph.SoleConsumer(gated) == product
            && (product.Input[0] == tensor && product.Input[1] == gated || product.Input[1] == tensor && product.Input[0] == gated);

        bool IsConstant(NodeProto node, float value) => node.Input.Any(input => Scalar(graph, input) is { } constant && Near(constant, value));
    }

    /// <summary>The element-wise function that one node computes of its one computed input, or null where it is none of the known ones.</summary>
    public static Activation? Of(Graph graph, NodeProto node) => node.Domain is not ("" or "ai.onnx") ? null : node.OpType switch
    {
        "Relu" => new Activation(ActivationKind.Relu),
        "LeakyRelu" => new Activation(ActivationKind.LeakyRelu),
        "PRelu" when graph.Constant(node.InputOrNull(1)) is not null => new Activation(ActivationKind.PRelu),
        "Clip" => Clip(graph, node),
        "Min" or "Max" => OneSided(graph, node),
        "Sigmoid" => new Activation(ActivationKind.Sigmoid),
        "HardSigmoid" => new Activation(ActivationKind.HardSigmoid),
        "HardSwish" => new Activation(ActivationKind.HardSwish),
        "Tanh" => new Activation(ActivationKind.Tanh),
        "Gelu" => new Activation(ActivationKind.Gelu),
        _ => null,
    };

    /// <summary>Min or Max of a tensor and a constant that is one number, or one a channel.</summary>
    private static Activation? OneSided(Graph graph, NodeProto node)
    {
        if (node.Input.Count != 2 || (graph.Constant(node.Input[1]) ?? graph.Constant(node.Input[0])) is not { } constant) return null;
        if (!TensorData.IsFloat(constant) || constant.Dims.Count(dimension => dimension != 1) > 1) return null;
        var bounds = TensorData.Floats(TensorData.ToRawFloats(constant)!);
        if (bounds.IsEmpty) return null;
        var (least, largest) = (TensorPrimitives.Min(bounds), TensorPrimitives.Max(bounds));
        var (minimum, maximum) = node.OpType == "Max" ? (least, float.PositiveInfinity) : (float.NegativeInfinity, largest);
        return new Activation(ActivationKind.Clip, minimum, maximum) { HasChannelBounds = least != largest };
    }

    private static Activation? Clip(Graph graph, NodeProto node)
    {
        // Before operator set 11 the bounds are attributes, since then optional inputs.
        return Bound(1, "min", float.NegativeInfinity) is { } minimum && Bound(2, "max", float.PositiveInfinity) is { } maximum
            ? new Activation(ActivationKind.Clip, minimum, maximum)
            : null;

        float? Bound(int input, string attribute, float otherwise) =>
            node.InputOrNull(input) is { } name ? Scalar(graph, name) : node.Float(attribute, otherwise);
    }

    private static float? Scalar(Graph graph, string? name) =>
        graph.Constant(name) is { } constant && TensorData.IsFloat(constant) && TensorData.ToRawFloats(constant) is { } raw && TensorData.Floats(raw) is [var value]
            ? value
            : null;

    private static bool Near(float value, float expected) => Math.Abs(value - expected) < 1e-6f * Math.Max(1, expected);
}
