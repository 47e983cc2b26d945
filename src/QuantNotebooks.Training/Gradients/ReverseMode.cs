using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Training.Gradients;

/// <summary>Reverse-mode differentiation of a graph, written as ordinary nodes behind it.</summary>
internal static class ReverseMode
{
    /// <summary>
    /// Appends what carries gradients from some tensors back to others: through every node that lies between, each once, with the gradients of
    /// a tensor's several readers added up.
    /// </summary>
    /// <param name="graph">The forward graph.</param>
    /// <param name="emit">Where the nodes go.</param>
    /// <param name="seeds">The gradient of the loss with regard to the tensors that it is computed from.</param>
    /// <param name="targets">The tensors whose gradients are wanted: constants or inputs.</param>
    /// <returns>The gradient of each target, in order; zeros where the loss does not depend on it.</returns>
    /// <exception cref="QuantNotebooksException">An operator between has no gradient; the message names it and its node.</exception>
    public static ImmutableArray<Tensor> Differentiate(
        StaticGraph graph, NodeEmitter emit, IEnumerable<(string Tensor, Tensor Gradient)> seeds, IReadOnlyCollection<string> targets)
    {
        var wanted = DependentOn(graph.Graph, targets);
        var parts = new Dictionary<string, List<Tensor>>();
        foreach (var (tensor, gradient) in seeds) Give(tensor, gradient);
        foreach (var node in graph.Graph.Nodes.Reverse())
        {
            if (!node.Output.Any(output => wanted.Contains(output) && parts.ContainsKey(output))) continue;
            emit.Begin(node.Output[0]);
            GradientRules.Of(node)(new GradientStep(node, graph, emit, wanted.Contains, Whole, Give));
        }
        return [.. targets.Select(target => Whole(target) ?? emit.Zeros(graph.Tensor(target).Shape))];

        void Give(string tensor, Tensor gradient)
        {
            if (!parts.TryGetValue(tensor, out var list)) parts[tensor] = list = [];
            list.Add(gradient);
        }

        Tensor? Whole(string tensor)
        {
            if (!parts.TryGetValue(tensor, out var list)) return null;
            // Asked for only once every reader gave its part, because readers come first on the way back.
            if (list.Count > 1) parts[tensor] = list = [new Tensor(emit.Node("Sum", list.Select(part => part.Name)), list[0].Shape)];
            return list[0];
        }
    }

    /// <summary>The targets and every float tensor that is computed from one.</summary>
    private static HashSet<string> DependentOn(Graph graph, IReadOnlyCollection<string> targets)
    {
        var dependent = targets.ToHashSet();
        foreach (var node in graph.Nodes)
            if (node.Reads().Any(dependent.Contains)) dependent.UnionWith(node.Output.Where(output => output.Length > 0));
        return dependent;
    }

    /// <summary>What of the graph and of what was appended to it makes those outputs, as a model; nodes that they don't need are left out.</summary>
    public static ModelProto ToModel(StaticGraph graph, NodeEmitter emit, IEnumerable<Tensor> inputs, IEnumerable<string> outputs)
    {
        var model = graph.Graph.ToModel();
        model.Graph.Input.Clear();
        model.Graph.Output.Clear();
        model.Graph.ValueInfo.Clear();
        model.Graph.Node.Clear();
        model.Graph.Initializer.Clear();
        var wanted = outputs.Distinct().ToArray();
        foreach (var name in wanted) model.Graph.Output.Add(new ValueInfoProto { Name = name });
        var needed = wanted.ToHashSet();
        var kept = new List<NodeProto>();
        foreach (var node in graph.Graph.Nodes.Concat(emit.Nodes).Reverse())
        {
            if (!node.Output.Any(needed.Contains)) continue;
            kept.Add(node);
            needed.UnionWith(node.Reads());
        }
        kept.Reverse();
        model.Graph.Node.AddRange(kept);
        var given = inputs.Where(input => needed.Contains(input.Name)).ToArray();
        foreach (var (name, shape) in given) model.Graph.Input.Add(new ValueInfoProto { Name = name, Type = FloatType(shape) });
        needed.ExceptWith(given.Select(input => input.Name));
        model.Graph.Initializer.AddRange(graph.Graph.Constants.Values.Concat(emit.Constants).Where(constant => needed.Contains(constant.Name)));
        return model;
    }

    private static TypeProto FloatType(ImmutableArray<long> shape)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float, Shape = new TensorShapeProto() };
        foreach (var dimension in shape) tensor.Shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = dimension });
        return new TypeProto { TensorType = tensor };
    }
}
