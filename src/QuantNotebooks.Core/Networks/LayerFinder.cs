using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>Recognizes the layers of a normalized graph: linear operators with constant weights, their bias and their activation.</summary>
internal static class LayerFinder
{
    public static ImmutableArray<Layer> Find(Graph graph, IReadOnlyDictionary<string, LayerNotes> notesByWeight)
    {
        var layers = ImmutableArray.CreateBuilder<Layer>();
        var names = new HashSet<string>();
        foreach (var node in graph.Nodes)
            if (TryRecognize(graph, node, out var found))
            {
                var name = UniqueName(found, names);
                var (activationNodes, activation) = ActivationFinder.After(graph, found.LinearNodes[^1].Output[0], ChannelAxisOf(graph, node));
                layers.Add(new Layer(
                    layers.Count, name, found.Operator, found.LinearNodes, activationNodes, found.Weights, found.Bias, found.Layout, InputLayoutOf(graph, node),
                    found.ChannelsLast, activation, notesByWeight.GetValueOrDefault(found.Weights.Name, LayerNotes.None)));
            }
        return layers.ToImmutable();
    }

    /// <summary>Whether the node is a linear operator with constant weights (its second input) that can be analysed as a layer.</summary>
    public static bool IsLayer(Graph graph, NodeProto node)
    {
        if (node.Domain is not ("" or "ai.onnx") || node.OpType is not ("Conv" or "ConvTranspose" or "Gemm" or "MatMul")) return false;
        if (graph.Constant(node.InputOrNull(0)) is not null || !IsFloat(node.InputOrNull(1))) return false;
        return (node.InputOrNull(2) is not { } bias || IsFloat(bias)) && IsSupported(graph, node);

        bool IsFloat(string? name) => graph.Constant(name) is { } constant && TensorData.IsFloat(constant);
    }

    private static bool IsSupported(Graph graph, NodeProto node)
    {
        var weights = graph.Constants[node.Input[1]];
        return weights.Dims.All(dimension => dimension > 0) && node.OpType switch
        {
            "Gemm" => weights.Dims.Count == 2 && node.Int("transA", 0) == 0 && node.Float("alpha", 1) == 1
                && (node.InputOrNull(2) is not { } bias || (node.Float("beta", 1) == 1
                    && graph.Constants[bias].Dims.LastOrDefault(1) == weights.Dims[node.Int("transB", 0) == 1 ? 0 : 1]
                    && graph.Constants[bias].Dims.SkipLast(1).All(dimension => dimension == 1))),
            "MatMul" => weights.Dims.Count == 2,
            _ => weights.Dims.Count >= 3,
        };
    }

    private sealed record Found(
        LayerOperator Operator, ImmutableArray<NodeProto> LinearNodes, TensorProto Weights, TensorProto? Bias, WeightLayout Layout, bool ChannelsLast);

    private static bool TryRecognize(Graph graph, NodeProto node, out Found found)
    {
        found = null!;
        if (!IsLayer(graph, node)) return false;
        var weights = graph.Constants[node.Input[1]];
        var layout = LayoutOf(graph, node);
        if (node.OpType == "MatMul" && FollowingBias(graph, node, layout.Channels) is var (add, constant))
            found = new Found(LayerOperator.MatMul, [node, add], weights, constant, layout, true);
        else
            found = new Found(OperatorOf(node, weights), [node], weights, graph.Constant(node.InputOrNull(2)), layout, node.OpType is "Gemm" or "MatMul");
        return true;
    }

    private static LayerOperator OperatorOf(NodeProto node, TensorProto weights)
    {
        var groups = node.Int("group", 1);
        return node.OpType switch
        {
            "Gemm" => LayerOperator.Gemm,
            "MatMul" => LayerOperator.MatMul,
            "ConvTranspose" => LayerOperator.ConvTranspose,
            _ when groups == 1 => LayerOperator.Conv,
            // weights are [O, I/groups, ...]: one input channel a group is depthwise.
            _ when weights.Dims[1] == 1 => LayerOperator.DepthwiseConv,
            _ => LayerOperator.GroupedConv,
        };
    }

    /// <summary>How the output channels lie in a layer operator's weights.</summary>
    public static WeightLayout LayoutOf(Graph graph, NodeProto node)
    {
        var shape = graph.Constants[node.Input[1]].Dims;
        var groups = (int)node.Int("group", 1);
        var taps = 1;
        for (var axis = 2; axis < shape.Count; axis++) taps *= (int)shape[axis];
        return node.OpType switch
        {
            "Conv" => new WeightLayout(1, 1, (int)shape[0], (int)shape[1] * taps),
            "ConvTranspose" => new WeightLayout(groups, (int)shape[0] / groups, (int)shape[1], taps),
            "Gemm" when node.Int("transB", 0) == 1 => new WeightLayout(1, 1, (int)shape[0], (int)shape[1]),
            _ => new WeightLayout(1, (int)shape[0], (int)shape[1], 1),
        };
    }

    /// <summary>How the input channels lie in a layer operator's weights: [g, *, c, *] are all weights that read input channel g * ChannelsPerGroup + c.</summary>
    public static WeightLayout InputLayoutOf(Graph graph, NodeProto node)
    {
        var shape = graph.Constants[node.Input[1]].Dims;
        var groups = (int)node.Int("group", 1);
        var taps = 1;
        for (var axis = 2; axis < shape.Count; axis++) taps *= (int)shape[axis];
        return node.OpType switch
        {
            "Conv" => new WeightLayout(groups, (int)shape[0] / groups, (int)shape[1], taps),
            "ConvTranspose" => new WeightLayout(1, 1, (int)shape[0], (int)shape[1] * taps),
            "Gemm" when node.Int("transB", 0) == 1 => new WeightLayout(1, (int)shape[0], (int)shape[1], 1),
            _ => new WeightLayout(1, 1, (int)shape[0], (int)shape[1]),
        };
    }

    /// <summary>Where the channels lie in what a layer operator gives.</summary>
    public static ChannelAxis ChannelAxisOf(Graph graph, NodeProto node)
    {
        var channels = LayoutOf(graph, node).Channels;
        var rank = graph.Constants[node.Input[1]].Dims.Count;
        return node.OpType == "MatMul" ? new ChannelAxis(channels, 0, 0) : new ChannelAxis(channels, rank - 2, rank);
    }

    private static (NodeProto Add, TensorProto Bias)? FollowingBias(Graph graph, NodeProto node, int channels)
    {
        if (graph.SoleConsumer(node.Output[0]) is not { OpType: "Add" } add) return null;
        var constant = graph.Constant(add.Input[0]) ?? graph.Constant(add.Input[1]);
        return constant is { Dims: [var length] } && length == channels && TensorData.IsFloat(constant) && graph.Consumers(constant.Name).Length == 1
            ? (add, constant)
            : null;
    }

    private static string UniqueName(Found found, HashSet<string> taken)
    {
        const string suffix = ".weight";
        var node = found.LinearNodes[0];
        var weight = found.Weights.Name;
        var wanted = weight.EndsWith(suffix, StringComparison.Ordinal) && weight.Length > suffix.Length ? weight[..^suffix.Length]
            : node.Name.Length > 0 ? node.Name
            : node.Output[0];
        var name = wanted;
        for (var copy = 2; !taken.Add(name); copy++) name = $"{wanted}#{copy}";
        return name;
    }
}
