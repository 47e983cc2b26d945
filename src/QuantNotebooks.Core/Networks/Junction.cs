using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>
/// A node at which computed tensors meet and whose result an integer engine quantizes, behind an activation that follows it alone.
/// </summary>
/// <param name="Node">Add, Concat or Mul (a gate) of two computed tensors.</param>
/// <param name="ActivationNodes">The nodes of the activation that follows; none where there is none.</param>
/// <param name="Activation">What they compute.</param>
internal sealed record Junction(NodeProto Node, ImmutableArray<NodeProto> ActivationNodes, Activation Activation)
{
    /// <summary>The tensor that is quantized.</summary>
    public string Output => ActivationNodes.IsEmpty ? Node.Output[0] : ActivationNodes[^1].Output[0];

    /// <summary>The junctions of a graph, in its order.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="layers">Its layers, whose nodes are none.</param>
    /// <param name="others">Further nodes that are none.</param>
    public static ImmutableArray<Junction> Find(Graph graph, ImmutableArray<Layer> layers, IReadOnlySet<NodeProto> others)
    {
        var taken = layers.SelectMany(layer => layer.LinearNodes.Concat(layer.ActivationNodes)).ToHashSet<NodeProto>(ReferenceEqualityComparer.Instance);
        taken.UnionWith(others);
        var junctions = ImmutableArray.CreateBuilder<Junction>();
        foreach (var node in graph.Nodes)
        {
            if (taken.Contains(node) || !NodeRoles.IsJunction(graph, node)) continue;
            var (nodes, activation) = ActivationFinder.After(graph, node.Output[0], ChannelAxis.Unknown);
            // What an activation is made of can look like a junction too: a product of two computed tensors.
            taken.UnionWith(nodes);
            junctions.Add(new Junction(node, nodes, activation));
        }
        return junctions.ToImmutable();
    }
}
