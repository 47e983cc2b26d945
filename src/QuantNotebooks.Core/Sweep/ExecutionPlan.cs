using System.Collections.Immutable;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Sweep;

/// <summary>One thing to run: a layer, or a node between layers.</summary>
/// <param name="Layer">The layer, or null for a node that is part of none.</param>
/// <param name="Nodes">What runs: the layer's linear nodes and activation, or the one node.</param>
/// <param name="Inputs">Computed tensors that it reads.</param>
/// <param name="Outputs">Tensors it makes that a later step or the network's output needs.</param>
internal sealed record SweepStep(Layer? Layer, ImmutableArray<NodeProto> Nodes, ImmutableArray<string> Inputs, ImmutableArray<string> Outputs)
{
    /// <summary>Tensors that nothing reads once this step is done.</summary>
    public ImmutableArray<string> Releases { get; init; } = [];

    /// <summary>What is under way, for people.</summary>
    public string Name => Layer?.Name ?? Nodes[0].OpType;
}

/// <summary>A network as a sequence of steps, and for each tensor how many steps read it.</summary>
internal sealed class ExecutionPlan
{
    private ExecutionPlan(ImmutableArray<SweepStep> steps, ImmutableDictionary<string, int> readers)
    {
        Steps = steps;
        Readers = readers;
    }

    public ImmutableArray<SweepStep> Steps { get; }

    /// <summary>How many steps read a tensor.</summary>
    public ImmutableDictionary<string, int> Readers { get; }

    public static ExecutionPlan Of(Network network)
    {
        var graph = network.Graph;
        var layerOf = new Dictionary<NodeProto, Layer>(ReferenceEqualityComparer.Instance);
        foreach (var layer in network.Layers)
            foreach (var node in layer.LinearNodes.AddRange(layer.ActivationNodes)) layerOf[node] = layer;

        var steps = ImmutableArray.CreateBuilder<SweepStep>();
        foreach (var node in graph.Nodes)
        {
            // A layer's nodes follow one another alone, so the whole layer can stand where its last node stands.
            if (!layerOf.TryGetValue(node, out var layer)) steps.Add(StepOf(graph, null, [node]));
            else if (ReferenceEquals(node, LastNode(layer))) steps.Add(StepOf(graph, layer, layer.LinearNodes.AddRange(layer.ActivationNodes)));
        }
        var readers = steps.SelectMany(step => step.Inputs).GroupBy(name => name).ToImmutableDictionary(group => group.Key, group => group.Count());
        return new ExecutionPlan(WithReleases(steps, readers), readers);
    }

    private static ImmutableArray<SweepStep> WithReleases(IReadOnlyList<SweepStep> steps, ImmutableDictionary<string, int> readers)
    {
        var left = readers.ToDictionary();
        return [.. steps.Select(step => step with
        {
            Releases = [.. step.Inputs.Where(input => --left[input] == 0), .. step.Outputs.Where(output => !readers.ContainsKey(output))],
        })];
    }

    private static NodeProto LastNode(Layer layer) => layer.ActivationNodes.IsEmpty ? layer.LinearNodes[^1] : layer.ActivationNodes[^1];

    private static SweepStep StepOf(Graph graph, Layer? layer, ImmutableArray<NodeProto> nodes)
    {
        var made = nodes.SelectMany(node => node.Output).Where(name => name.Length > 0).ToHashSet();
        return new SweepStep(
            layer, nodes,
            [.. nodes.SelectMany(node => node.Reads()).Distinct().Where(name => graph.Constant(name) is null && !made.Contains(name))],
            layer is not null ? [layer.Output] : [.. made.Where(name => graph.Consumers(name).Length > 0 || graph.IsOutput(name))]);
    }
}
