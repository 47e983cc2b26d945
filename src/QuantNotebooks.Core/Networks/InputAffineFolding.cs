using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>
/// Folds what maps each channel x to f_i x + o_i with constants, and is read by layers alone, into those layers: W'_i = f_i W_i,
/// b' = b + sum_i o_i sum W_i, computed in double. Exact, and done, only where every output sees every weight: with zero padding, and in a transposed
/// convolution, an offset would be missing at the borders, so there only maps without offset are folded.
/// </summary>
internal static class InputAffineFolding
{
    public static Graph Fold(Graph graph)
    {
        // A bias, and constants behind an activation, belong to the layer before.
        var layers = LayerFinder.Find(graph, ImmutableDictionary<string, LayerNotes>.Empty);
        var taken = layers.SelectMany(layer => layer.LinearNodes.Concat(layer.ActivationNodes)).ToHashSet<NodeProto>(ReferenceEqualityComparer.Instance);
        var byInput = layers.ToLookup(layer => layer.Input);
        var changes = new Dictionary<Layer, (double[] Factors, double[] Offsets)>();
        var removed = new HashSet<NodeProto>(ReferenceEqualityComparer.Instance);
        var renamed = new Dictionary<string, string>();
        foreach (var node in graph.Nodes)
        {
            if (taken.Contains(node) || node.Output.Count == 0 || graph.IsOutput(node.Output[0])) continue;
            var readers = byInput[node.Output[0]].ToList();
            if (readers.Count == 0 || readers.Count != graph.Consumers(node.Output[0]).Length || node.Input.FirstOrDefault(input => graph.Constant(input) is null) is not { } input) continue;
            var maps = readers.ConvertAll(reader => MapFor(graph, node, input, reader));
            if (maps.Contains(null)) continue;
            for (var index = 0; index < readers.Count; index++) changes[readers[index]] = (maps[index]!.Factors, maps[index]!.Offsets);
            removed.Add(node);
            renamed[node.Output[0]] = input;
        }
        if (removed.Count == 0) return graph;
        graph = LayerEditor.Apply(graph, changes.Select(change => Changed(change.Key, change.Value.Factors, change.Value.Offsets)));
        // A chain of several is folded from its end: the next round finds what reads the one before.
        return Fold(graph.With(graph.Nodes.Where(node => !removed.Contains(node)).Select(node => GraphNormalizer.Rewire(node, renamed))));
    }

    private static ChannelAffine? MapFor(Graph graph, NodeProto node, string input, Layer reader) =>
        ChannelAffine.Of(graph, node, input, reader.Linear.InputAxis) is { } affine
        && (Array.TrueForAll(affine.Offsets, offset => offset == 0) || reader is { Operator: not LayerOperator.ConvTranspose, Convolution: null or { CanPad: false } })
            ? affine
            : null;

    private static LayerChange Changed(Layer layer, double[] factors, double[] offsets)
    {
        var weights = TensorData.Floats(AffineFolding.ScaledWeights(layer.Linear.Weights, layer.InputLayout, factors)).ToArray();
        if (Array.TrueForAll(offsets, offset => offset == 0)) return new LayerChange(layer, weights, null);
        // The offsets go through the layer as a constant input would: once through every weight, to that weight's output channel.
        var weighted = new double[layer.Weights.Length];
        for (var channel = 0; channel < offsets.Length; channel++)
            layer.InputLayout.ForEachRun(channel, (start, length) =>
            {
                for (var index = start; index < start + length; index++) weighted[index] = layer.Weights[index] * offsets[channel];
            });
        var bias = layer.HasBias ? layer.Bias.ToArray() : new float[layer.Channels];
        for (var channel = 0; channel < bias.Length; channel++)
        {
            var sum = (double)bias[channel];
            layer.Layout.ForEachRun(channel, (start, length) =>
            {
                foreach (var product in weighted.AsSpan(start, length)) sum += product;
            });
            bias[channel] = (float)sum;
        }
        return new LayerChange(layer, weights, bias);
    }
}
