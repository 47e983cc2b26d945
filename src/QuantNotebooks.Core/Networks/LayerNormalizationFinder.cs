using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>Finds layer normalizations that exporters wrote as mean, difference, square, mean, root and quotient.</summary>
internal static class LayerNormalizationFinder
{
    /// <summary>All nodes of all such normalizations in the graph.</summary>
    public static HashSet<NodeProto> Find(Graph graph)
    {
        var found = new HashSet<NodeProto>(ReferenceEqualityComparer.Instance);
        foreach (var node in graph.Nodes)
            if (node.OpType == "Sub") found.UnionWith(Of(graph, node));
        return found;
    }

    /// <summary>The nodes of the normalization whose difference from the mean this is; none where it is another difference.</summary>
    private static IReadOnlyList<NodeProto> Of(Graph graph, NodeProto difference)
    {
        if (difference.Input.Count != 2 || graph.Producer(difference.Input[1]) is not { OpType: "ReduceMean" } mean || mean.Input[0] != difference.Input[0]) return [];
        var centred = difference.Output[0];
        foreach (var square in graph.Consumers(centred))
        {
            if (!IsSquare(graph, square, centred)) continue;
            if (Next(graph, square, "ReduceMean") is not { } variance || Next(graph, variance, "Add") is not { } sum || Next(graph, sum, "Sqrt") is not { } root) continue;
            var reciprocal = Next(graph, root, "Reciprocal");
            if (graph.SoleConsumer((reciprocal ?? root).Output[0]) is not { OpType: "Div" or "Mul" } quotient || !quotient.Input.Any(input => IsCentred(graph, input, mean))) continue;
            List<NodeProto> nodes = [mean, difference, square, variance, sum, root, quotient];
            if (reciprocal is not null) nodes.Add(reciprocal);
            // Its learned scale and offset.
            var last = quotient;
            foreach (var operation in new[] { "Mul", "Add" })
                if (Next(graph, last, operation) is { } learned && learned.Input.Any(input => graph.Constant(input) is not null)) nodes.Add(last = learned);
            // PyTorch writes the difference twice.
            nodes.AddRange(quotient.Input.Where(input => IsCentred(graph, input, mean)).Select(input => graph.Producer(input)!));
            return nodes;
        }
        return [];
    }

    private static bool IsCentred(Graph graph, string tensor, NodeProto mean) =>
        graph.Producer(tensor) is { OpType: "Sub" } difference && difference.Input[0] == mean.Input[0] && difference.Input[1] == mean.Output[0];

    private static bool IsSquare(Graph graph, NodeProto node, string tensor) => node.OpType == "Mul"
        ? node.Input.All(input => input == tensor)
        : node.OpType == "Pow" && node.Input[0] == tensor && ChannelAxis.Unknown.Values(graph.Constant(node.InputOrNull(1))) is [2];

    private static NodeProto? Next(Graph graph, NodeProto node, string operation) =>
        graph.SoleConsumer(node.Output[0]) is { } next && next.OpType == operation ? next : null;
}
