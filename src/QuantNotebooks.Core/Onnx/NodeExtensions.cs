using System.Collections.Immutable;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Onnx;

/// <summary>Reads a node's attributes by name, with the default that the ONNX standard gives.</summary>
internal static class NodeExtensions
{
    public static AttributeProto? Attribute(this NodeProto node, string name)
    {
        foreach (var attribute in node.Attribute)
            if (attribute.Name == name) return attribute;
        return null;
    }

    public static long Int(this NodeProto node, string name, long otherwise) => node.Attribute(name)?.I ?? otherwise;

    public static float Float(this NodeProto node, string name, float otherwise) => node.Attribute(name)?.F ?? otherwise;

    public static ImmutableArray<long> Ints(this NodeProto node, string name) =>
        node.Attribute(name) is { } attribute ? [.. attribute.Ints] : [];

    /// <summary>The name of input <paramref name="index"/>, or null where it is absent or left out (an empty name).</summary>
    public static string? InputOrNull(this NodeProto node, int index) =>
        index < node.Input.Count && node.Input[index].Length > 0 ? node.Input[index] : null;

    /// <summary>Every tensor the node reads: its own inputs and what its sub-graphs capture from outside.</summary>
    public static IEnumerable<string> Reads(this NodeProto node)
    {
        foreach (var input in node.Input)
            if (input.Length > 0) yield return input;
        foreach (var attribute in node.Attribute)
        {
            if (attribute.G is not null)
                foreach (var name in Captured(attribute.G)) yield return name;
            foreach (var graph in attribute.Graphs)
                foreach (var name in Captured(graph)) yield return name;
        }
    }

    private static HashSet<string> Captured(GraphProto graph)
    {
        var inner = new HashSet<string>(graph.Input.Select(input => input.Name).Concat(graph.Initializer.Select(tensor => tensor.Name)));
        foreach (var node in graph.Node) inner.UnionWith(node.Output);
        var captured = new HashSet<string>();
        foreach (var node in graph.Node)
            captured.UnionWith(node.Reads().Where(name => !inner.Contains(name)));
        captured.UnionWith(graph.Output.Select(output => output.Name).Where(name => !inner.Contains(name)));
        return captured;
    }
}
