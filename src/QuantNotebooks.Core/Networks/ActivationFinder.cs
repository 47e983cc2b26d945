using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>Recognizes the element-wise function after a tensor: one operator, or the several that exporters write for it.</summary>
internal static class ActivationFinder
{
    /// <summary>The nodes that compute the function and only that, in order; none where the tensor is linear or used otherwise too.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="tensor">The tensor before the function.</param>
    /// <param name="channels">Where its channels lie.</param>
    public static (ImmutableArray<NodeProto> Nodes, Activation Activation) After(Graph graph, string tensor, ChannelAxis channels)
    {
        var (nodes, activation) = (ImmutableArray<NodeProto>.Empty, Activation.None);
        foreach (var region in ElementWiseRegion.After(graph, tensor))
            // The longest region counts: ReLU and a Min behind it are one clip.
            if (Of(graph, region, channels) is { Kind: not ActivationKind.None } found) (nodes, activation) = ([.. region.Nodes], found);
        return nodes.IsEmpty ? (nodes, activation) : WithScale(graph, nodes, activation, channels);
    }

    /// <summary>A learned scale and offset after the function belong to it: an engine's grid follows the last of them.</summary>
    private static (ImmutableArray<NodeProto>, Activation) WithScale(Graph graph, ImmutableArray<NodeProto> nodes, Activation activation, ChannelAxis channels)
    {
        if (channels.Channels == 0) return (nodes, activation);
        var output = nodes[^1].Output[0];
        double[]? scales = null, offsets = null;
        while (graph.SoleConsumer(output) is { } next && next.OpType != "BatchNormalization" && ChannelAffine.Of(graph, next, output, channels) is { } affine)
        {
            scales ??= [.. Enumerable.Repeat(1.0, channels.Channels)];
            offsets ??= new double[channels.Channels];
            for (var channel = 0; channel < scales.Length; channel++)
            {
                scales[channel] *= affine.Factors[channel];
                offsets[channel] = offsets[channel] * affine.Factors[channel] + affine.Offsets[channel];
            }
            nodes = nodes.Add(next);
            output = next.Output[0];
        }
        return scales is null
            ? (nodes, activation)
            : (nodes, activation with { ChannelScales = [.. scales.Select(value => (float)value)], ChannelOffsets = [.. offsets!.Select(value => (float)value)] });
    }

    private static Activation? Of(Graph graph, ElementWiseRegion region, ChannelAxis channels) =>
        region.Nodes.Count == 1 && Of(graph, region.Nodes[0], channels) is { } single ? single
        : Clips(graph, region, channels) ?? ActivationByValue.Of(region.Values(graph, channels, ActivationByValue.Points));

    /// <summary>
    /// ReLUs and clips one after the other, as equalization writes a ReLU6 whose channels have bounds of their own, are one clip; null where anything else is
    /// among them. Values would tell too, at a hundred times the cost for many channels.
    /// </summary>
    private static Activation? Clips(Graph graph, ElementWiseRegion region, ChannelAxis channels)
    {
        float[] lows = [float.NegativeInfinity], highs = [float.PositiveInfinity];
        var input = region.Input;
        foreach (var node in region.Nodes)
        {
            if (!node.Input.Contains(input) || Of(graph, node, channels) is not { Kind: ActivationKind.Relu or ActivationKind.Clip } clip) return null;
            if (clip.Kind == ActivationKind.Relu) clip = clip with { Minimum = 0 };
            if (!Narrow(ref lows, ref highs, clip, channels.Channels)) return null;
            input = node.Output[0];
        }
        return Array.TrueForAll(highs, float.IsPositiveInfinity) && Array.TrueForAll(lows, low => low == 0)
            ? new Activation(ActivationKind.Relu)
            : ActivationByValue.Clip(lows, highs);
    }

    /// <summary>The bounds of a clip behind others; false where its own are the wrong way round.</summary>
    private static bool Narrow(ref float[] lows, ref float[] highs, Activation clip, int channels)
    {
        if (clip.HasChannelBounds && lows.Length == 1)
            (lows, highs) = ([.. Enumerable.Repeat(lows[0], channels)], [.. Enumerable.Repeat(highs[0], channels)]);
        for (var channel = 0; channel < lows.Length; channel++)
        {
            var (low, high) = ((float)clip.MinimumOf(channel), (float)clip.MaximumOf(channel));
            if (!(low <= high)) return false;
            (lows[channel], highs[channel]) = (Math.Clamp(lows[channel], low, high), Math.Clamp(highs[channel], low, high));
        }
        return true;
    }

    /// <summary>The element-wise function that one node computes of its first input, or null where it is none of the known ones.</summary>
    public static Activation? Of(Graph graph, NodeProto node) => Of(graph, node, ChannelAxis.Unknown);

    private static Activation? Of(Graph graph, NodeProto node, ChannelAxis channels) => node.Domain is not ("" or "ai.onnx") ? null : node.OpType switch
    {
        "Relu" => new Activation(ActivationKind.Relu),
        "LeakyRelu" => new Activation(ActivationKind.LeakyRelu) { Alpha = node.Float("alpha", 0.01f) },
        "PRelu" => channels.Values(graph.Constant(node.InputOrNull(1))) is { } slopes ? PRelu(slopes, channels) : null,
        "Clip" => Clip(graph, node),
        "Min" or "Max" => Bound(graph, node, channels),
        "Sigmoid" => new Activation(ActivationKind.Sigmoid),
        "HardSigmoid" => new Activation(ActivationKind.HardSigmoid) { Alpha = node.Float("alpha", 0.2f), Beta = node.Float("beta", 0.5f) },
        "HardSwish" => new Activation(ActivationKind.HardSwish),
        "Tanh" => new Activation(ActivationKind.Tanh),
        "Gelu" => new Activation(ActivationKind.Gelu),
        "Elu" or "Celu" or "Selu" or "Softplus" or "Softsign" or "Mish" or "ThresholdedRelu" => new Activation(ActivationKind.Other) { OtherName = node.OpType },
        _ => null,
    };

    private static Activation PRelu(double[] slopes, ChannelAxis channels) => slopes.Length == 1 && channels.Channels != 1
        ? new Activation(ActivationKind.LeakyRelu) { Alpha = slopes[0] }
        : new Activation(ActivationKind.PRelu) { ChannelSlopes = [.. slopes.Select(slope => (float)slope)] };

    private static Activation? Clip(Graph graph, NodeProto node)
    {
        // Before operator set 11 the bounds are attributes, since then optional inputs.
        return Bound(1, "min", float.NegativeInfinity) is { } minimum && Bound(2, "max", float.PositiveInfinity) is { } maximum
            ? new Activation(ActivationKind.Clip, minimum, maximum)
            : null;

        double? Bound(int input, string attribute, float otherwise) => node.InputOrNull(input) is not { } name ? node.Float(attribute, otherwise)
            : ChannelAxis.Unknown.Values(graph.Constant(name)) is [var value] ? value
            : null;
    }

    /// <summary>Min or Max with a constant: a clip with one bound.</summary>
    private static Activation? Bound(Graph graph, NodeProto node, ChannelAxis channels)
    {
        if (node.Input.Count != 2 || (channels.Values(graph.Constant(node.Input[0])) ?? channels.Values(graph.Constant(node.Input[1]))) is not { } bounds) return null;
        var given = Array.ConvertAll(bounds, bound => (float)bound);
        var none = Array.ConvertAll(bounds, _ => node.OpType == "Min" ? float.NegativeInfinity : float.PositiveInfinity);
        var clip = node.OpType == "Min" ? ActivationByValue.Clip(none, given) : ActivationByValue.Clip(given, none);
        return clip is { Minimum: 0, Maximum: double.PositiveInfinity } && clip.ChannelMinimums.Count == 0 ? new Activation(ActivationKind.Relu) : clip;
    }
}
