using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>Brings a graph into the form that the analysis works on, without changing what it computes.</summary>
internal static class GraphNormalizer
{
    /// <summary>
    /// Constant nodes become constants, Identity, Dropout and casts to the same type vanish, and each layer operator has one form and owns its
    /// weights and bias alone.
    /// </summary>
    public static Graph Simplify(Graph graph) => OwnWeights(OperatorForms.Unify(ConstantFolding.Fold(RemoveNoOperations(ConstantNodes(graph)))));

    private static Graph ConstantNodes(Graph graph)
    {
        var constants = graph.Constants.ToBuilder();
        var nodes = ImmutableArray.CreateBuilder<NodeProto>();
        foreach (var node in graph.Nodes)
        {
            var value = node.Domain is not ("" or "ai.onnx") ? null : node.OpType switch
            {
                "Constant" => ConstantValue(node),
                "Identity" => node.InputOrNull(0) is { } input ? constants.GetValueOrDefault(input) : null,
                _ => null,
            };
            if (value is null || graph.IsOutput(node.Output[0]))
            {
                nodes.Add(node);
                continue;
            }
            var named = value.Clone();
            named.Name = node.Output[0];
            constants[named.Name] = named;
        }
        return graph.With(nodes, constants.ToImmutable());
    }

    private static TensorProto? ConstantValue(NodeProto node)
    {
        if (node.Attribute("value")?.T is { } tensor) return tensor;
        if (node.Attribute("value_float") is { } number) return TensorData.Scalar("", number.F);
        if (node.Attribute("value_floats") is { } floats) return TensorData.Create("", [floats.Floats.Count], floats.Floats.ToArray());
        return null;
    }

    private static Graph RemoveNoOperations(Graph graph)
    {
        var renamed = new Dictionary<string, string>();
        var nodes = ImmutableArray.CreateBuilder<NodeProto>();
        foreach (var node in graph.Nodes)
        {
            var rewired = Rewire(node, renamed);
            if (IsNoOperation(graph, node)) renamed[node.Output[0]] = rewired.Input[0];
            else nodes.Add(rewired);
        }
        return graph.With(nodes);
    }

    private static bool IsNoOperation(Graph graph, NodeProto node)
    {
        if (node.Domain is not ("" or "ai.onnx")) return false;
        var passes = node.OpType switch
        {
            "Identity" => true,
            // What is left of a float16 network's borders once all of it is float32.
            "Cast" => graph.Types.TryGetValue(node.Input[0], out var type) && type.ElementType == node.Int("to", 0),
            // A third input could switch Dropout to training; a second output would be its mask.
            "Dropout" => node.InputOrNull(2) is null && node.Output.Count(output => output.Length > 0) == 1,
            _ => false,
        };
        return passes && !graph.IsOutput(node.Output[0])
            && graph.Consumers(node.Output[0]).All(consumer => consumer.Attribute.All(attribute => attribute.G is null && attribute.Graphs.Count == 0));
    }

    /// <summary>The node with inputs under their new names.</summary>
    public static NodeProto Rewire(NodeProto node, Dictionary<string, string> renamed)
    {
        if (!node.Input.Any(renamed.ContainsKey)) return node;
        var clone = node.Clone();
        for (var index = 0; index < clone.Input.Count; index++)
            if (renamed.TryGetValue(clone.Input[index], out var name)) clone.Input[index] = name;
        return clone;
    }

    private static Graph OwnWeights(Graph graph)
    {
        var constants = graph.Constants.ToBuilder();
        var nodes = ImmutableArray.CreateBuilder<NodeProto>(graph.Nodes.Length);
        foreach (var node in graph.Nodes)
        {
            if (!LinearOperator.IsLayer(graph, node))
            {
                nodes.Add(node);
                continue;
            }
            var clone = node.Clone();
            for (var index = 0; index < clone.Input.Count; index++)
            {
                var name = clone.Input[index];
                if (graph.Constant(name) is null) continue;
                var shared = graph.Consumers(name).Length > 1 || graph.IsOutput(name) || node.Input.Count(input => input == name) > 1;
                var owned = TensorData.ToRawFloats(graph.Constants[name])!.Clone();
                owned.Name = shared ? UniqueName($"{name}@{node.Output[0]}", constants.ContainsKey) : name;
                constants[owned.Name] = owned;
                clone.Input[index] = owned.Name;
            }
            nodes.Add(clone);
        }
        return graph.With(nodes, constants.ToImmutable());
    }

    /// <summary>The wanted name, or the first of name#2, name#3, ... that is free.</summary>
    public static string UniqueName(string wanted, Func<string, bool> isTaken)
    {
        var name = wanted;
        for (var copy = 2; isTaken(name); copy++) name = $"{wanted}#{copy}";
        return name;
    }
}
