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
        foreach (var node in graph.Nodes)
        {
            if (!LinearOperator.IsLayer(graph, node)) continue;
            var linear = LinearOperator.Of(graph, node);
            if (graph.SoleConsumer(linear.Output) is not { } follower || replaced.ContainsKey(follower)) continue;
            if (ChannelAffine.Of(graph, follower, linear.Output, linear.OutputAxis) is not { } affine) continue;
            if (affine.Factors.Any(factor => factor != 1)) constants[linear.Weights.Name] = ScaledWeights(linear.Weights, linear.Layout, affine.Factors);
            Replace(linear, follower, affine);
            if (affine.Notes is not null) notes = notes.SetItem(linear.Weights.Name, affine.Notes);
            else if (notes.TryGetValue(linear.Weights.Name, out var known)) notes = notes.SetItem(linear.Weights.Name, affine.MapNotes(known));
        }
        if (replaced.Count == 0) return null;
        var nodes = graph.Nodes.Select(node => replaced.TryGetValue(node, out var other) ? other : node).OfType<NodeProto>();
        return graph.With(nodes, constants.ToImmutable());

        // The operator, or the Add that is its bias, gives what the follower gave.
        void Replace(LinearOperator linear, NodeProto follower, ChannelAffine affine)
        {
            var needsBias = linear.Bias is not null || affine.Offsets.Any(offset => offset != 0);
            var biasName = linear.Bias?.Name ?? GraphNormalizer.UniqueName(BiasNameFor(linear.Weights.Name), constants.ContainsKey);
            if (needsBias) constants[biasName] = FoldedBias(biasName, linear, affine);
            if (linear.Operator == LayerOperator.MatMul && needsBias && linear.BiasNode is null)
            {
                var add = new NodeProto { OpType = "Add", Name = follower.Name };
                add.Input.Add(linear.Output);
                add.Input.Add(biasName);
                add.Output.Add(follower.Output[0]);
                replaced[follower] = add;
                return;
            }
            var last = (linear.BiasNode ?? linear.Node).Clone();
            last.Output[0] = follower.Output[0];
            if (linear.Operator != LayerOperator.MatMul && needsBias && linear.Bias is null)
            {
                if (last.Input.Count < 3) last.Input.Add(biasName);
                else last.Input[2] = biasName;
            }
            replaced[linear.BiasNode ?? linear.Node] = last;
            replaced[follower] = null;
        }
    }

    /// <summary>"x.bias" for weights named "x.weight".</summary>
    public static string BiasNameFor(string weightName) =>
        (weightName.EndsWith(".weight", StringComparison.Ordinal) ? weightName[..^".weight".Length] : weightName) + ".bias";

    /// <summary>The weights with those of each channel, of the output or the input as the layout says, times its factor.</summary>
    public static TensorProto ScaledWeights(TensorProto weights, WeightLayout layout, double[] factors)
    {
        var values = TensorData.Floats(weights).ToArray();
        for (var channel = 0; channel < layout.Channels; channel++)
        {
            var factor = factors[channel];
            layout.ForEachRun(channel, (start, length) =>
            {
                for (var index = start; index < start + length; index++) values[index] = (float)(values[index] * factor);
            });
        }
        return TensorData.Create(weights.Name, weights.Dims.ToArray(), values);
    }

    private static TensorProto FoldedBias(string name, LinearOperator linear, ChannelAffine affine)
    {
        var old = linear.Bias is null ? new float[affine.Factors.Length] : TensorData.Floats(linear.Bias).ToArray();
        var values = new float[old.Length];
        for (var channel = 0; channel < values.Length; channel++)
            values[channel] = (float)(old[channel] * affine.Factors[channel] + affine.Offsets[channel]);
        return TensorData.Create(name, linear.BiasShape.AsSpan(), values);
    }
}
