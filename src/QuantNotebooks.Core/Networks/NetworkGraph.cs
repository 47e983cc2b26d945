using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>A node of a network as people draw it: an input, a layer with its activation, an operator beside the layers, or an output.</summary>
/// <param name="Name">The layer's name, or the node's or the tensor's.</param>
/// <param name="Operator">Its ONNX operator; "input" or "output" at the ends.</param>
/// <param name="Layer">The layer, or null for what is none.</param>
/// <param name="Depth">Nodes on the longest path that leads here, from 0 at the inputs.</param>
public sealed record GraphNode(string Name, string Operator, Layer? Layer, int Depth);

/// <summary>A tensor that goes from one node to another.</summary>
/// <param name="From">Position of the node that makes it.</param>
/// <param name="To">Position of the node that reads it, always the larger.</param>
/// <param name="Tensor">Its name.</param>
public sealed record GraphEdge(int From, int To, string Tensor);

/// <summary>
/// Which node of a network reads whose output. Layers and junctions are one node together with their activation; constants and nodes that only compute shapes
/// or indices are left out. Immutable.
/// </summary>
/// <param name="Nodes">The nodes in topological order.</param>
/// <param name="Edges">The tensors between them.</param>
public sealed record NetworkGraph(ImmutableArray<GraphNode> Nodes, ImmutableArray<GraphEdge> Edges)
{
    /// <summary>The graph of a network.</summary>
    /// <param name="network">The network.</param>
    public static NetworkGraph Of(Network network)
    {
        ArgumentNullException.ThrowIfNull(network);
        var graph = network.Graph;
        var owners = new Dictionary<NodeProto, (string Name, Layer? Layer, NodeProto First)>(ReferenceEqualityComparer.Instance);
        foreach (var layer in network.Layers)
            foreach (var node in layer.LinearNodes.Concat(layer.ActivationNodes)) owners[node] = (layer.Name, layer, layer.LinearNodes[0]);
        foreach (var junction in network.Junctions)
            foreach (var node in junction.ActivationNodes.Prepend(junction.Node)) owners[node] = (NameOf(junction.Node), null, junction.Node);

        var nodes = ImmutableArray.CreateBuilder<GraphNode>();
        var edges = ImmutableArray.CreateBuilder<GraphEdge>();
        var places = new Dictionary<NodeProto, int>(ReferenceEqualityComparer.Instance);
        var makers = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var input in graph.Inputs) makers[input.Name] = Add(input.Name, "input", null);
        foreach (var node in graph.Nodes)
        {
            if (NodeRoles.ComputesShapes(graph, node)) continue;
            var (name, layer, first) = owners.TryGetValue(node, out var owner) ? owner : (NameOf(node), null, node);
            if (!places.TryGetValue(first, out var place)) places[first] = place = Add(name, layer?.Operator.ToString() ?? node.OpType, layer);
            foreach (var tensor in node.Reads().Distinct()) Connect(tensor, place);
            foreach (var tensor in node.Output)
                if (tensor.Length > 0) makers[tensor] = place;
        }
        foreach (var output in graph.Outputs) Connect(output.Name, Add(output.Name, "output", null));
        return new NetworkGraph(nodes.ToImmutable(), edges.ToImmutable());

        int Add(string name, string operation, Layer? layer)
        {
            nodes.Add(new GraphNode(name, operation, layer, 0));
            return nodes.Count - 1;
        }

        void Connect(string tensor, int to)
        {
            if (!makers.TryGetValue(tensor, out var from) || from == to) return;
            edges.Add(new GraphEdge(from, to, tensor));
            nodes[to] = nodes[to] with { Depth = Math.Max(nodes[to].Depth, nodes[from].Depth + 1) };
        }
    }

    private static string NameOf(NodeProto node) => node.Name.Length > 0 ? node.Name : node.Output.FirstOrDefault(output => output.Length > 0) ?? node.OpType;
}
