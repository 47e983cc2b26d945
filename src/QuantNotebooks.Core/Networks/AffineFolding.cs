using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>
/// Folds what maps each channel y to f_c y + o_c with constants, and follows a linear operator alone, into that operator:
/// W'_c = f_c W_c, b'_c = f_c b_c + o_c, computed in double. That is batch normalization, and Mul, Div, Add and Sub with a constant.
/// </summary>
internal static class AffineFolding
{
    /// <summary>The folded graph, and for each operator with batch normalization, by the name of its weights, what is known of its channels.</summary>
    public static (Graph Graph, ImmutableDictionary<string, LayerNotes> Notes) Fold(Graph graph)
    {
        var notes = ImmutableDictionary<string, LayerNotes>.Empty;
        // Each round folds the first follower of every operator; a chain of several takes as many rounds.
        while (FoldOnce(graph, ref notes) is { } folded) graph = folded;
        return (graph, notes);
    }

    private static Graph? FoldOnce(Graph graph, ref ImmutableDictionary<string, LayerNotes> notes)
    {
        var constants = graph.Constants.ToBuilder();
        var replaced = new Dictionary<NodeProto, NodeProto?>(ReferenceEqualityComparer.Instance);
        foreach (var linear in graph.Nodes)
        {
            if (!LayerFinder.IsLayer(graph, linear) || linear.OpType == "MatMul") continue;
            if (graph.SoleConsumer(linear.Output[0]) is not { } follower || replaced.ContainsKey(follower)) continue;
            var weights = graph.Constants[linear.Input[1]];
            var layout = LayerFinder.LayoutOf(graph, linear);
            if (ChannelAffine.Of(graph, follower, linear.Output[0], LayerFinder.ChannelAxisOf(graph, linear)) is not { } affine) continue;

            var bias = graph.Constant(linear.InputOrNull(2));
            var biasName = bias?.Name ?? GraphNormalizer.UniqueName(BiasNameFor(weights.Name), constants.ContainsKey);
            var folded = linear.Clone();
            folded.Output[0] = follower.Output[0];
            if (folded.Input.Count < 3) folded.Input.Add(biasName);
            else folded.Input[2] = biasName;
            constants[weights.Name] = ScaledWeights(weights, layout, affine);
            constants[biasName] = FoldedBias(biasName, bias, affine);
            if (affine.Notes is not null) notes = notes.SetItem(weights.Name, affine.Notes);
            else if (notes.TryGetValue(weights.Name, out var known)) notes = notes.SetItem(weights.Name, affine.MapNotes(known));
            replaced[linear] = folded;
            replaced[follower] = null;
        }
        if (replaced.Count == 0) return null;
        var nodes = graph.Nodes.Select(node => replaced.TryGetValue(node, out var other) ? other : node).OfType<NodeProto>();
        return graph.With(nodes, constants.ToImmutable());
    }

    /// <summary>"x.bias" for weights named "x.weight".</summary>
    public static string BiasNameFor(string weightName) =>
        (weightName.EndsWith(".weight", StringComparison.Ordinal) ? weightName[..^".weight".Length] : weightName) + ".bias";

    private static TensorProto ScaledWeights(TensorProto weights, WeightLayout layout, ChannelAffine affine)
    {
        var values = TensorData.Floats(weights).ToArray();
        for (var channel = 0; channel < layout.Channels; channel++)
        {
            var factor = affine.Factors[channel];
            layout.ForEachRun(channel, (start, length) =>
            {
                for (var index = start; index < start + length; index++) values[index] = (float)(values[index] * factor);
            });
        }
        return TensorData.Create(weights.Name, weights.Dims.ToArray(), values);
    }

    private static TensorProto FoldedBias(string name, TensorProto? bias, ChannelAffine affine)
    {
        var old = bias is null ? new float[affine.Factors.Length] : TensorData.Floats(bias).ToArray();
        var values = new float[old.Length];
        for (var channel = 0; channel < values.Length; channel++)
            values[channel] = (float)(old[channel] * affine.Factors[channel] + affine.Offsets[channel]);
        return TensorData.Create(name, [values.Length], values);
    }
}
