using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>What the nodes beside the layers do to a grid of quantized values.</summary>
internal static class NodeRoles
{
    private static readonly ImmutableHashSet<string> GridKeeping =
        ["Flatten", "Gather", "Identity", "MaxPool", "GlobalMaxPool", "Reshape", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze", "DepthToSpace", "SpaceToDepth"];

    private static readonly ImmutableHashSet<string> Averaging = ["AveragePool", "GlobalAveragePool", "ReduceMean"];

    /// <summary>Whether every output value is one of the input values, so that a quantized input gives an output on the same grid.</summary>
    public static bool KeepsGrid(NodeProto node) => GridKeeping.Contains(node.OpType);

    /// <summary>Whether tensors meet here and an integer engine quantizes the result: Add, Concat or Mul (a gate) of two computed tensors.</summary>
    public static bool IsJunction(Graph graph, NodeProto node) =>
        node.OpType is "Add" or "Concat" or "Mul" && node.Input.Count(input => graph.Constant(input) is null) > 1;

    /// <summary>Why a node that is part of no layer is not analysed, or null where nothing of it is left out.</summary>
    public static string? WhyNotAnalysed(Graph graph, NodeProto node)
    {
        if (IsJunction(graph, node) || KeepsGrid(node) || Averaging.Contains(node.OpType)) return null;
        if (node.Domain is not ("" or "ai.onnx")) return $"operator of domain '{node.Domain}'";
        switch (node.OpType)
        {
            case "Conv" or "ConvTranspose" or "Gemm" or "MatMul":
                return LinearOperator.WhyNot(graph, node);
            case "BatchNormalization":
                return "batch normalization that does not follow a layer's only output, so it can't be folded";
            case "Softmax":
                // It turns scores, which are quantized, into probabilities, which nothing quantized reads.
                return graph.IsOutput(node.Output[0]) ? null : "an operator without weights whose output is not quantized";
            case "Constant" or "Shape" or "Cast" or "ConstantOfShape" or "Range":
                return null;
            default:
                return ActivationFinder.Of(graph, node) is not null
                    ? "an activation that follows no layer alone"
                    : "an operator without weights that is not analysed; its output is not quantized";
        }
    }
}
