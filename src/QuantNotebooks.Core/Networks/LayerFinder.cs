using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>Recognizes the layers of a normalized graph: linear operators with constant weights, their bias and their activation.</summary>
internal static class LayerFinder
{
    public static ImmutableArray<Layer> Find(Graph graph, IReadOnlyDictionary<string, LayerNotes> notesByWeight)
    {
        var layers = ImmutableArray.CreateBuilder<Layer>();
        var names = new HashSet<string>();
        foreach (var node in graph.Nodes)
        {
            if (!LinearOperator.IsLayer(graph, node)) continue;
            var linear = LinearOperator.Of(graph, node);
            var (activationNodes, activation) = ActivationFinder.After(graph, linear.Output, linear.OutputAxis);
            layers.Add(new Layer(
                layers.Count, UniqueName(linear, names), linear, activationNodes, activation, notesByWeight.GetValueOrDefault(linear.Weights.Name, LayerNotes.None)));
        }
        return layers.ToImmutable();
    }

    private static string UniqueName(LinearOperator linear, HashSet<string> taken)
    {
        const string suffix = ".weight";
        var weight = linear.Weights.Name;
        var wanted = weight.EndsWith(suffix, StringComparison.Ordinal) && weight.Length > suffix.Length ? weight[..^suffix.Length]
            : linear.Node.Name.Length > 0 ? linear.Node.Name
            : linear.Node.Output[0];
        var name = wanted;
        for (var copy = 2; !taken.Add(name); copy++) name = $"{wanted}#{copy}";
        return name;
    }
}
