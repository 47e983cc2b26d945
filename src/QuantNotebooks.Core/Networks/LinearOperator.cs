using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>A linear operator with constant weights, in a graph, with the bias that belongs to it.</summary>
/// <param name="Operator">Which it is.</param>
/// <param name="Node">The operator's node.</param>
/// <param name="BiasNode">The Add behind a MatMul that is its bias, or null.</param>
/// <param name="Weights">Its weights.</param>
/// <param name="Bias">Its bias, or null.</param>
/// <param name="Layout">Which weights make an output channel.</param>
/// <param name="InputLayout">Which weights read an input channel.</param>
/// <param name="AxesBehindChannels">Axes behind the channels' in its input and output: 2 for an image, 0 for a vector, 1 for a constant times a matrix.</param>
/// <param name="Rank">Number of axes of its input and output; 0 where that is not known.</param>
internal sealed record LinearOperator(
    LayerOperator Operator, NodeProto Node, NodeProto? BiasNode, TensorProto Weights, TensorProto? Bias, WeightLayout Layout, WeightLayout InputLayout,
    int AxesBehindChannels, int Rank)
{
    /// <summary>The tensor it reads.</summary>
    public string Input => Node.Input[1 - WeightIndex];

    /// <summary>The tensor behind its bias.</summary>
    public string Output => (BiasNode ?? Node).Output[0];

    public ImmutableArray<NodeProto> Nodes => BiasNode is null ? [Node] : [Node, BiasNode];

    /// <summary>Where the channels of its output lie.</summary>
    public ChannelAxis OutputAxis => new(Layout.Channels, AxesBehindChannels, Rank);

    /// <summary>Where the channels of its input lie.</summary>
    public ChannelAxis InputAxis => new(InputLayout.Channels, AxesBehindChannels, Rank);

    /// <summary>The shape that its bias has: [C], or [C, 1] behind a constant times a matrix.</summary>
    public ImmutableArray<long> BiasShape => WeightIndex == 0 ? [Layout.Channels, 1] : [Layout.Channels];

    /// <summary>The position of the weights among the node's inputs.</summary>
    private int WeightIndex => Node.Input[0] == Weights.Name ? 0 : 1;

    /// <summary>Whether the node is a linear operator that can be analysed as a layer.</summary>
    public static bool IsLayer(Graph graph, NodeProto node) => IsLinear(node) && WhyNot(graph, node) is null;

    private static bool IsLinear(NodeProto node) => node.Domain is "" or "ai.onnx" && node.OpType is "Conv" or "ConvTranspose" or "Gemm" or "MatMul";

    /// <summary>Why a Conv, ConvTranspose, Gemm or MatMul is no layer; null where it is one.</summary>
    public static string? WhyNot(Graph graph, NodeProto node)
    {
        if (!IsLinear(node)) return "not a linear operator";
        var (left, right) = (graph.Constant(node.InputOrNull(0)), graph.Constant(node.InputOrNull(1)));
        if (left is not null && right is not null) return "multiplies two constants: its output never changes";
        if (left is null && right is null)
            return node.OpType is "Conv" or "ConvTranspose" || graph.Producer(node.InputOrNull(1) ?? "")?.OpType == "DequantizeLinear"
                ? graph.Producer(node.InputOrNull(1) ?? "")?.OpType == "DequantizeLinear"
                    ? "its weights are quantized in the file already"
                    : "its weights are computed, not constant"
                : "multiplies two computed tensors, as attention does: it has no weights of its own";
        var weights = right ?? left!;
        if (weights.DataType != (int)TensorProto.Types.DataType.Float)
            return $"its weights are {(TensorProto.Types.DataType)weights.DataType}, and float32 is analysed";
        if (weights.Dims.Any(length => length <= 0)) return "its weights are empty";
        if (left is not null) return WhyNotLeft(graph, node, left);
        return WhyNotShape(node, weights) ?? WhyNotBias(graph, node, weights);
    }

    private static string? WhyNotLeft(Graph graph, NodeProto node, TensorProto weights)
    {
        if (node.OpType is "Conv" or "ConvTranspose") return "its input is constant and its weights are computed";
        if (weights.Dims.Count != 2) return "multiplies by a batch of constant matrices, which share no channels";
        return node.OpType == "MatMul" && graph.RankOf(node.Input[1]) > 2
            ? null
            : "a constant times a matrix whose columns are the images: its rows are no channels of each image";
    }

    private static string? WhyNotShape(NodeProto node, TensorProto weights) => node.OpType switch
    {
        "MatMul" when weights.Dims.Count == 1 => "multiplies by a constant vector: its output has no channels",
        "MatMul" when weights.Dims.Count > 2 => "multiplies by a batch of constant matrices, which share no channels",
        "Gemm" when node.Int("transA", 0) != 0 => "reads its input transposed",
        "Gemm" when weights.Dims.Count != 2 => "its weights are no matrix",
        "Conv" or "ConvTranspose" when weights.Dims.Count < 3 => "its weights have no spatial axis",
        "Conv" or "ConvTranspose" when node.Int("group", 1) is var groups && (groups < 1 || weights.Dims[0] % groups != 0) => "its groups do not divide its channels",
        _ => null,
    };

    private static string? WhyNotBias(Graph graph, NodeProto node, TensorProto weights)
    {
        if (node.OpType == "MatMul") return null;
        if (node.OpType == "Gemm" && (node.Float("alpha", 1) != 1 || node.Float("beta", 1) != 1 && node.InputOrNull(2) is not null))
            return "scales its product (alpha) or a bias that is not constant (beta)";
        if (node.InputOrNull(2) is not { } name) return null;
        if (graph.Constant(name) is not { } bias) return "its bias is computed, not constant";
        if (bias.DataType != (int)TensorProto.Types.DataType.Float) return "its bias is not float32";
        return bias.Dims is [var length] && length == LayoutOf(node, weights, leftConstant: false).Channels ? null : "its bias varies along other axes than the channels'";
    }

    /// <summary>The operator of a node that <see cref="IsLayer"/> accepts.</summary>
    public static LinearOperator Of(Graph graph, NodeProto node)
    {
        var leftConstant = graph.Constant(node.Input[0]) is not null;
        var weights = graph.Constants[node.Input[leftConstant ? 0 : 1]];
        var rank = node.OpType switch
        {
            "MatMul" => graph.RankOf(node.Input[leftConstant ? 1 : 0]),
            _ => weights.Dims.Count,
        };
        var behind = node.OpType == "MatMul" ? leftConstant ? 1 : 0 : rank - 2;
        var linear = new LinearOperator(
            OperatorOf(node, weights), node, null, weights, node.OpType == "MatMul" ? null : graph.Constant(node.InputOrNull(2)),
            LayoutOf(node, weights, leftConstant), InputLayoutOf(node, weights, leftConstant), behind, rank);
        return node.OpType == "MatMul" && linear.FollowingBias(graph) is var (add, bias) ? linear with { BiasNode = add, Bias = bias } : linear;
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

    private static WeightLayout LayoutOf(NodeProto node, TensorProto weights, bool leftConstant)
    {
        var shape = weights.Dims;
        var groups = (int)node.Int("group", 1);
        return node.OpType switch
        {
            "Conv" => new WeightLayout(1, 1, (int)shape[0], (int)shape[1] * Taps(shape)),
            "ConvTranspose" => new WeightLayout(groups, (int)shape[0] / groups, (int)shape[1], Taps(shape)),
            _ when leftConstant || node.OpType == "Gemm" && node.Int("transB", 0) != 0 => new WeightLayout(1, 1, (int)shape[0], (int)shape[1]),
            _ => new WeightLayout(1, (int)shape[0], (int)shape[1], 1),
        };
    }

    private static WeightLayout InputLayoutOf(NodeProto node, TensorProto weights, bool leftConstant)
    {
        var shape = weights.Dims;
        var groups = (int)node.Int("group", 1);
        return node.OpType switch
        {
            "Conv" => new WeightLayout(groups, (int)shape[0] / groups, (int)shape[1], Taps(shape)),
            "ConvTranspose" => new WeightLayout(1, 1, (int)shape[0], (int)shape[1] * Taps(shape)),
            _ when leftConstant || node.OpType == "Gemm" && node.Int("transB", 0) != 0 => new WeightLayout(1, (int)shape[0], (int)shape[1], 1),
            _ => new WeightLayout(1, 1, (int)shape[0], (int)shape[1]),
        };
    }

    private static int Taps(IList<long> shape)
    {
        var taps = 1;
        for (var axis = 2; axis < shape.Count; axis++) taps *= (int)shape[axis];
        return taps;
    }

    /// <summary>The Add behind a MatMul whose constant is that MatMul's bias, in the shape that a bias has, and nobody else's.</summary>
    private (NodeProto Add, TensorProto Bias)? FollowingBias(Graph graph)
    {
        if (graph.SoleConsumer(Node.Output[0]) is not { OpType: "Add", Domain: "" or "ai.onnx" } add) return null;
        var constant = graph.Constant(add.Input[0]) ?? graph.Constant(add.Input[1]);
        return constant is { DataType: (int)TensorProto.Types.DataType.Float } && constant.Dims.SequenceEqual(BiasShape)
            && graph.Consumers(constant.Name).Length == 1 && !graph.IsOutput(constant.Name)
            ? (add, constant)
            : null;
    }
}
