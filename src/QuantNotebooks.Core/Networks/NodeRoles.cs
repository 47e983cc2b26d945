using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>What the nodes beside the layers do to a grid of quantized values.</summary>
internal static class NodeRoles
{
    private static readonly ImmutableHashSet<string> GridKeeping =
        ["Flatten", "Gather", "Identity", "MaxPool", "GlobalMaxPool", "Reshape", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze", "DepthToSpace", "SpaceToDepth"];

    private static readonly ImmutableHashSet<string> Averaging =
        ["AveragePool", "GlobalAveragePool", "LpPool", "GlobalLpPool", "ReduceMean", "ReduceSum", "ReduceMax", "Resize", "Upsample", "Pad", "Expand", "Tile"];

    private static readonly ImmutableHashSet<string> Normalizing =
        ["LayerNormalization", "InstanceNormalization", "GroupNormalization", "RMSNormalization", "MeanVarianceNormalization", "LpNormalization", "LRN"];

    private static readonly ImmutableHashSet<string> Integer =
    [
        "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger",
    ];

    /// <summary>Whether every output value is one of the input values, so that a quantized input gives an output on the same grid.</summary>
    public static bool KeepsGrid(NodeProto node) => GridKeeping.Contains(node.OpType) && IsStandard(node);

    /// <summary>Whether tensors meet here and an integer engine quantizes the result: Add, Concat or Mul (a gate) of two computed tensors.</summary>
    public static bool IsJunction(Graph graph, NodeProto node) => node.OpType is "Add" or "Concat" or "Mul" && IsStandard(node)
        && node.Input.Count(input => graph.Constant(input) is null) > 1 && !ComputesNoFloats(graph, node);

    /// <summary>Whether the node computes shapes, indices or other constants of the graph, and no values that the network passes on.</summary>
    public static bool ComputesShapes(Graph graph, NodeProto node) =>
        !HasSubGraph(node) && (ComputesNoFloats(graph, node) || IsStandard(node) && node.OpType is "Constant" or "Shape" or "ConstantOfShape" or "Range");

    /// <summary>What each node that is part of no layer does; and for those of which something is left out, what and why.</summary>
    public static (ImmutableArray<OtherNode> Understood, ImmutableArray<NotAnalysed> NotAnalysed) Of(
        Graph graph, ImmutableArray<Layer> layers, ImmutableArray<Junction> junctions, IReadOnlySet<NodeProto> normalizations)
    {
        var done = layers.SelectMany(layer => layer.LinearNodes.Concat(layer.ActivationNodes)).ToHashSet<NodeProto>(ReferenceEqualityComparer.Instance);
        var roles = new Dictionary<NodeProto, string>(ReferenceEqualityComparer.Instance);
        foreach (var junction in junctions)
        {
            roles[junction.Node] = junction.Node.OpType switch
            {
                "Add" => "sums of tensors, quantized",
                "Concat" => "joined tensors, quantized",
                _ => "products of tensors (gates), quantized",
            };
            foreach (var node in junction.ActivationNodes) roles[node] = "activations behind such results";
        }
        var understood = ImmutableArray.CreateBuilder<OtherNode>();
        var left = ImmutableArray.CreateBuilder<NotAnalysed>();
        foreach (var node in graph.Nodes)
        {
            if (done.Contains(node)) continue;
            var name = node.Name.Length > 0 ? node.Name : node.Output.FirstOrDefault(output => output.Length > 0) ?? "";
            if (normalizations.Contains(node)) left.Add(new NotAnalysed(name, node.OpType, "part of a layer normalization written as several nodes, which runs in floating point"));
            else if ((roles.GetValueOrDefault(node) ?? Role(graph, node)) is { } role) understood.Add(new OtherNode(name, node.OpType, role));
            else left.Add(new NotAnalysed(name, node.OpType, Reason(graph, node)));
        }
        return (understood.ToImmutable(), left.ToImmutable());
    }

    private static bool IsStandard(NodeProto node) => node.Domain is "" or "ai.onnx";

    private static bool ComputesNoFloats(Graph graph, NodeProto node) => node.Output.All(output =>
        output.Length == 0 || graph.Types.TryGetValue(output, out var type) && type.ElementType is not ((int)TensorProto.Types.DataType.Float or (int)TensorProto.Types.DataType.Double));

    private static bool HasSubGraph(NodeProto node) => node.Attribute.Any(attribute => attribute.G is not null || attribute.Graphs.Count > 0);

    /// <summary>What a node that leaves nothing out does, or null.</summary>
    private static string? Role(Graph graph, NodeProto node)
    {
        if (!IsStandard(node) || HasSubGraph(node) || Integer.Contains(node.OpType)) return null;
        if (ComputesShapes(graph, node)) return "shapes and indices, not quantized";
        if (KeepsGrid(node)) return "values moved, still on their grid";
        if (Averaging.Contains(node.OpType)) return "averages, padding or resizing, quantized where the next layer reads them";
        // It turns scores, which are quantized, into probabilities, which nothing quantized reads.
        if (node.OpType is "Softmax" or "LogSoftmax" && graph.IsOutput(node.Output[0])) return "the output's scores as probabilities, in floating point";
        return node.OpType == "Cast" ? "conversion of number types" : null;
    }

    private static string Reason(Graph graph, NodeProto node)
    {
        if (!IsStandard(node)) return $"an operator of domain '{node.Domain}', which is carried along";
        if (HasSubGraph(node)) return "control flow: its sub-graphs are carried along and not looked into";
        if (Integer.Contains(node.OpType)) return "integer arithmetic: this part of the network is quantized in the file already";
        if (Normalizing.Contains(node.OpType)) return "normalizes by statistics of its own input, which runs in floating point";
        switch (node.OpType)
        {
            case "Conv" or "ConvTranspose" or "Gemm" or "MatMul":
                return LinearOperator.WhyNot(graph, node)!;
            case "BatchNormalization":
                return "batch normalization that neither follows a layer alone nor can be folded into the next one exactly";
            case "Softmax" or "LogSoftmax":
                return "turns scores into weights of attention, which runs in floating point";
            case "LSTM" or "GRU" or "RNN":
                return "a recurrent operator, whose weights are not analysed";
            case "Attention" or "Einsum":
                return "multiplies computed tensors: it has no weights of its own";
        }
        if (ActivationFinder.Of(graph, node) is not null) return "an activation that follows no layer alone";
        if (!ElementWise.IsOne(node)) return "an operator without weights, whose output is not quantized";
        return node.Input.Any(input => graph.Constant(input) is not null)
            ? "arithmetic with a constant that belongs to no layer; its output is not quantized"
            : "arithmetic that belongs to no layer; its output is not quantized";
    }
}
