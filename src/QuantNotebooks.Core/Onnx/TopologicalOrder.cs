using System.Collections.Immutable;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Onnx;

/// <summary>Brings a graph's nodes into an order in which every tensor is made before it is read.</summary>
internal static class TopologicalOrder
{
    /// <exception cref="QuantNotebooksException">The graph has a circle, or a node reads a tensor that nothing makes.</exception>
    public static ImmutableArray<NodeProto> Sort(GraphProto graph, string source)
    {
        var known = new HashSet<string>(graph.Input.Select(input => input.Name));
        known.UnionWith(graph.Initializer.Select(tensor => tensor.Name));
        known.UnionWith(graph.SparseInitializer.Select(tensor => tensor.Values?.Name ?? ""));
        var producer = new Dictionary<string, int>();
        for (var index = 0; index < graph.Node.Count; index++)
            foreach (var output in graph.Node[index].Output)
                if (output.Length > 0 && (!producer.TryAdd(output, index) || known.Contains(output)))
                    throw new QuantNotebooksException($"'{source}': tensor '{output}' is made more than once.");

        var waitsFor = new int[graph.Node.Count];
        var readers = new Dictionary<int, List<int>>();
        for (var index = 0; index < graph.Node.Count; index++)
            foreach (var input in graph.Node[index].Reads().Distinct())
            {
                if (known.Contains(input)) continue;
                if (!producer.TryGetValue(input, out var maker))
                    throw new QuantNotebooksException($"'{source}': {Describe(graph.Node[index])} reads tensor '{input}', which nothing makes.");
                waitsFor[index]++;
                if (!readers.TryGetValue(maker, out var list)) readers[maker] = list = [];
                list.Add(index);
            }

        // A heap keeps the file's own order wherever the graph leaves a choice.
        var ready = new PriorityQueue<int, int>();
        for (var index = 0; index < waitsFor.Length; index++)
            if (waitsFor[index] == 0) ready.Enqueue(index, index);
        var sorted = ImmutableArray.CreateBuilder<NodeProto>(graph.Node.Count);
        while (ready.TryDequeue(out var next, out _))
        {
            sorted.Add(graph.Node[next]);
            foreach (var reader in readers.GetValueOrDefault(next, []))
                if (--waitsFor[reader] == 0) ready.Enqueue(reader, reader);
        }
        if (sorted.Count == graph.Node.Count) return sorted.MoveToImmutable();
        var stuck = graph.Node[Array.FindIndex(waitsFor, count => count > 0)];
        throw new QuantNotebooksException($"'{source}': the graph has a circle through {Describe(stuck)}.");
    }

    private static string Describe(NodeProto node) => $"node '{(node.Name.Length > 0 ? node.Name : node.Output.FirstOrDefault())}' ({node.OpType})";
}
