using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>A node that maps channel c of its input from y to Factors[c] y + Offsets[c].</summary>
/// <param name="Factors">One a channel.</param>
/// <param name="Offsets">One a channel.</param>
/// <param name="Notes">What a batch normalization says about its output's channels; null for plain arithmetic.</param>
internal sealed record ChannelAffine(double[] Factors, double[] Offsets, LayerNotes? Notes)
{
    /// <summary>
    /// A variance below this part of epsilon adds nothing to var + epsilon in float32's seven digits: to the normalization it is zero,
    /// and the channel's output is constant.
    /// </summary>
    private const double ZeroVariance = 1e-7;

    /// <summary>The map that a node computes of one input, or null where it computes something else.</summary>
    /// <param name="graph">Holds the node's constants.</param>
    /// <param name="node">The node.</param>
    /// <param name="input">The input that varies.</param>
    /// <param name="axis">Where that input's channels lie.</param>
    public static ChannelAffine? Of(Graph graph, NodeProto node, string input, ChannelAxis axis)
    {
        if (node.Domain is not ("" or "ai.onnx")) return null;
        var channels = axis.Channels;
        // Batch normalization takes the second axis for the channels'.
        if (node.OpType == "BatchNormalization")
            return node.Input[0] == input && axis.AxesBehind == axis.Rank - 2 ? OfBatchNormalization(graph, node, channels) : null;
        if (node.OpType is not ("Mul" or "Add" or "Div" or "Sub") || node.Input.Count != 2) return null;
        var constantFirst = node.Input[1] == input;
        // c / y is no such map; c - y would be, with factor -1, but networks don't hold it.
        if (constantFirst && node.OpType is ("Div" or "Sub")) return null;
        if (axis.PerChannel(graph.Constant(node.Input[constantFirst ? 0 : 1])) is not { } values) return null;
        var (ones, zeros) = (Enumerable.Repeat(1.0, channels).ToArray(), new double[channels]);
        return node.OpType switch
        {
            "Mul" => new ChannelAffine(values, zeros, null),
            "Div" when !values.Contains(0) => new ChannelAffine(Array.ConvertAll(values, value => 1 / value), zeros, null),
            "Add" => new ChannelAffine(ones, values, null),
            "Sub" => new ChannelAffine(ones, Array.ConvertAll(values, value => -value), null),
            _ => null,
        };
    }

    /// <summary>What is known of a layer's channels once this map follows it.</summary>
    public LayerNotes MapNotes(LayerNotes known) => new(
        [.. known.DeadChannels.Select(dead => dead with { Constant = (float)(dead.Constant * Factors[dead.Channel] + Offsets[dead.Channel]) })],
        known.BatchNormalization is not { } statistics ? null : new BatchNormalizationStatistics(
            [.. statistics.Mean.Select((mean, channel) => (float)(mean * Factors[channel] + Offsets[channel]))],
            [.. statistics.StandardDeviation.Select((deviation, channel) => (float)(deviation * Math.Abs(Factors[channel])))]));

    private static ChannelAffine? OfBatchNormalization(Graph graph, NodeProto node, int channels)
    {
        if (node.Int("training_mode", 0) != 0 || node.Int("spatial", 1) != 1 || node.Output.Count(output => output.Length > 0) != 1) return null;
        if (Floats(1) is not { } gamma || Floats(2) is not { } beta || Floats(3) is not { } mean || Floats(4) is not { } variance) return null;
        double epsilon = node.Float("epsilon", 1e-5f);
        var (factors, offsets) = (new double[channels], new double[channels]);
        var dead = ImmutableArray.CreateBuilder<DeadChannel>();
        for (var channel = 0; channel < channels; channel++)
        {
            factors[channel] = gamma[channel] / Math.Sqrt(variance[channel] + epsilon);
            offsets[channel] = beta[channel] - mean[channel] * factors[channel];
            if (variance[channel] <= ZeroVariance * epsilon)
                dead.Add(new DeadChannel(channel, FormattableString.Invariant($"batch normalization variance {variance[channel]:G2}"), beta[channel]));
        }
        return new ChannelAffine(factors, offsets, new LayerNotes(
            dead.ToImmutable(), new BatchNormalizationStatistics([.. beta], [.. gamma.Select(Math.Abs)])));

        float[]? Floats(int input) => graph.Constant(node.InputOrNull(input)) is { } constant && TensorData.ToRawFloats(constant) is { } raw
            && TensorData.Floats(raw).Length == channels
            ? TensorData.Floats(raw).ToArray()
            : null;
    }
}
