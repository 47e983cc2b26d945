using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>
/// Folds each batch normalization into the linear operator before it:
/// W'_c = W_c gamma_c / sqrt(var_c + epsilon), b'_c = (b_c - mean_c) gamma_c / sqrt(var_c + epsilon) + beta_c, computed in double.
/// </summary>
internal static class BatchNormalizationFolding
{
    /// <summary>
    /// A variance below this part of epsilon adds nothing to var + epsilon in float32's seven digits: to the normalization it is zero,
    /// and the channel's output is constant.
    /// </summary>
    private const double ZeroVariance = 1e-7;

    /// <summary>The folded graph, and for each folded operator, by the name of its weights, what the normalization said about its channels.</summary>
    public static (Graph Graph, ImmutableDictionary<string, LayerNotes> Notes) Fold(Graph graph)
    {
        var constants = graph.Constants.ToBuilder();
        var notes = ImmutableDictionary.CreateBuilder<string, LayerNotes>();
        var replaced = new Dictionary<NodeProto, NodeProto?>(ReferenceEqualityComparer.Instance);
        foreach (var node in graph.Nodes)
        {
            if (node.OpType != "BatchNormalization" || Parameters.Read(graph, node) is not { } parameters) continue;
            if (graph.Producer(node.Input[0]) is not { } linear || graph.SoleConsumer(node.Input[0]) != node) continue;
            if (!LayerFinder.IsLayer(graph, linear) || linear.OpType == "MatMul") continue;
            var weights = graph.Constants[linear.Input[1]];
            var layout = LayerFinder.LayoutOf(graph, linear);
            if (layout.Channels != parameters.Gamma.Length) continue;

            var bias = graph.Constant(linear.InputOrNull(2));
            var folded = linear.Clone();
            folded.Output[0] = node.Output[0];
            var biasName = bias?.Name ?? GraphNormalizer.UniqueName(BiasNameFor(weights.Name), constants.ContainsKey);
            if (folded.Input.Count < 3) folded.Input.Add(biasName);
            else folded.Input[2] = biasName;
            constants[weights.Name] = ScaledWeights(weights, layout, parameters);
            constants[biasName] = FoldedBias(biasName, bias, parameters);
            notes[weights.Name] = new LayerNotes(
                DeadChannelsOf(parameters), new BatchNormalizationStatistics([.. parameters.Beta], [.. parameters.Gamma.Select(Math.Abs)]));
            replaced[linear] = folded;
            replaced[node] = null;
        }
        var nodes = graph.Nodes.Select(node => replaced.TryGetValue(node, out var other) ? other : node).OfType<NodeProto>();
        return (graph.With(nodes, constants.ToImmutable()), notes.ToImmutable());
    }

    /// <summary>"x.bias" for weights named "x.weight".</summary>
    public static string BiasNameFor(string weightName) =>
        (weightName.EndsWith(".weight", StringComparison.Ordinal) ? weightName[..^".weight".Length] : weightName) + ".bias";

    private static TensorProto ScaledWeights(TensorProto weights, WeightLayout layout, Parameters parameters)
    {
        var values = TensorData.Floats(weights).ToArray();
        for (var channel = 0; channel < layout.Channels; channel++)
        {
            var factor = parameters.FactorOf(channel);
            layout.ForEachRun(channel, (start, length) =>
            {
                for (var index = start; index < start + length; index++) values[index] = (float)(values[index] * factor);
            });
        }
        return TensorData.Create(weights.Name, weights.Dims.ToArray(), values);
    }

    private static TensorProto FoldedBias(string name, TensorProto? bias, Parameters parameters)
    {
        var old = bias is null ? new float[parameters.Gamma.Length] : TensorData.Floats(bias).ToArray();
        var values = new float[old.Length];
        for (var channel = 0; channel < values.Length; channel++)
            values[channel] = (float)((old[channel] - (double)parameters.Mean[channel]) * parameters.FactorOf(channel) + parameters.Beta[channel]);
        return TensorData.Create(name, [values.Length], values);
    }

    private static ImmutableArray<DeadChannel> DeadChannelsOf(Parameters parameters)
    {
        var dead = ImmutableArray.CreateBuilder<DeadChannel>();
        for (var channel = 0; channel < parameters.Variance.Length; channel++)
            if (parameters.Variance[channel] <= ZeroVariance * parameters.Epsilon)
                dead.Add(new DeadChannel(
                    channel, FormattableString.Invariant($"batch normalization variance {parameters.Variance[channel]:G2}"), parameters.Beta[channel]));
        return dead.ToImmutable();
    }

    private sealed record Parameters(float[] Gamma, float[] Beta, float[] Mean, float[] Variance, double Epsilon)
    {
        public double FactorOf(int channel) => Gamma[channel] / Math.Sqrt(Variance[channel] + Epsilon);

        public static Parameters? Read(Graph graph, NodeProto node)
        {
            if (node.Int("training_mode", 0) != 0 || node.Output.Count(output => output.Length > 0) != 1) return null;
            return Floats(1) is { } gamma && Floats(2) is { } beta && Floats(3) is { } mean && Floats(4) is { } variance
                ? new Parameters(gamma, beta, mean, variance, node.Float("epsilon", 1e-5f))
                : null;

            float[]? Floats(int input) => graph.Constant(node.InputOrNull(input)) is { } constant && TensorData.ToRawFloats(constant) is { } raw
                ? TensorData.Floats(raw).ToArray()
                : null;
        }
    }
}
