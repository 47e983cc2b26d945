using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>Nodes that together compute a function of each value of one tensor, and of nothing else but constants.</summary>
/// <param name="Input">The tensor that the function is of.</param>
/// <param name="Nodes">In an order in which they can run.</param>
/// <param name="Output">The one tensor that others read.</param>
internal sealed record ElementWiseRegion(string Input, IReadOnlyList<NodeProto> Nodes, string Output)
{
    /// <summary>The longest formula that is looked through; GELU by its tanh approximation takes nine nodes.</summary>
    private const int MostNodes = 16;

    /// <summary>
    /// Every region after a tensor that ends in a single tensor, shortest first; none where anything but element-wise nodes reads the tensor.
    /// </summary>
    public static IEnumerable<ElementWiseRegion> After(Graph graph, string tensor)
    {
        var nodes = new List<NodeProto>();
        var unread = new Dictionary<string, int> { [tensor] = graph.Consumers(tensor).Length };
        var open = new HashSet<string> { tensor };
        var waiting = new LinkedList<NodeProto>(graph.Consumers(tensor));
        if (graph.IsOutput(tensor) || waiting.Count > MostNodes || !waiting.All(node => Takes(graph, node))) yield break;
        while (nodes.Count < MostNodes && waiting.FirstOrDefault(IsReady) is { } next)
        {
            waiting.Remove(next);
            nodes.Add(next);
            foreach (var input in next.Input.Distinct())
                if (unread.TryGetValue(input, out var left) && (unread[input] = left - 1) == 0 && !graph.IsOutput(input)) open.Remove(input);
            var output = next.Output[0];
            var consumers = graph.Consumers(output);
            unread[output] = consumers.Length;
            open.Add(output);
            foreach (var consumer in consumers)
                if (Takes(graph, consumer) && !waiting.Contains(consumer)) waiting.AddLast(consumer);
            if (open.Count == 1 && open.Contains(output)) yield return new ElementWiseRegion(tensor, [.. nodes], output);
        }

        bool IsReady(NodeProto node) => node.Input.All(input => input.Length == 0 || unread.ContainsKey(input) || graph.Constant(input) is not null);
    }

    private static bool Takes(Graph graph, NodeProto node) =>
        ElementWise.IsOne(node) && node.Output.Count == 1 && node.Input.All(input => graph.Constant(input) is not { } constant || TensorData.IsFloat(constant));

    /// <summary>The function's values at some points: one row for all channels, or one a channel; none where a constant varies within a channel.</summary>
    /// <param name="graph">Holds the constants.</param>
    /// <param name="channels">Where the channels lie.</param>
    /// <param name="points">Where to evaluate it.</param>
    public IEnumerable<double[]> Values(Graph graph, ChannelAxis channels, double[] points)
    {
        var constants = new Dictionary<string, double[]>();
        foreach (var name in Nodes.SelectMany(node => node.Input).Where(name => graph.Constant(name) is not null))
        {
            if (channels.Values(graph.Constant(name)) is not { } values) yield break;
            constants[name] = values;
        }
        var rows = constants.Values.Select(values => values.Length).Append(1).Max();
        if (constants.Values.Any(values => values.Length != 1 && values.Length != rows)) yield break;
        for (var row = 0; row < rows; row++)
        {
            var known = new Dictionary<string, double[]> { [Input] = points };
            foreach (var (name, values) in constants) known[name] = [values[values.Length == 1 ? 0 : row]];
            foreach (var node in Nodes)
            {
                if (ElementWise.Evaluate(node, [.. node.Input.Select(name => name.Length == 0 ? null : known[name])], points.Length) is not { } made) yield break;
                known[node.Output[0]] = made;
            }
            yield return known[Output];
        }
    }
}
