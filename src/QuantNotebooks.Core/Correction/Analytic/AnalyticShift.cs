using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Correction.Analytic;

/// <summary>The shift that a layer's own weight rounding causes, or why it is not known.</summary>
/// <param name="Shift">(Wq - W) E[x] before the activation, one a channel; null where it is not known.</param>
/// <param name="Unknown">Why, or null where it is known.</param>
internal sealed record LayerAnalyticShift(double[]? Shift, string? Unknown);

/// <summary>
/// Follows the channels' distributions through a network, from what its batch normalizations promise, and finds for each layer what the rounding
/// of its weights does to the mean: (Wq - W) E[x] (DFQ, arXiv 1906.04721). Taps that lie in the padding at some positions count only at the others.
/// </summary>
internal sealed class AnalyticShift : IDisposable
{
    private readonly Network _network;
    private readonly Graph _graph;
    private readonly QuantizationScheme _scheme;
    private readonly Dictionary<string, long[]> _shapes = [];
    private readonly Dictionary<string, ChannelDistribution> _known = [];
    private readonly Dictionary<string, string> _unknown = [];
    private readonly List<string> _approximated = [];
    private readonly TensorPool _pool = new();

    private AnalyticShift(Network network, QuantizationScheme scheme)
    {
        _network = network;
        _graph = network.Graph;
        _scheme = scheme;
    }

    /// <param name="network">The full-precision network.</param>
    /// <param name="scheme">How its weights are quantized.</param>
    /// <param name="images">Only the shape of the first one counts.</param>
    /// <param name="cancellation">Stops between layers.</param>
    public static LayerAnalyticShift[] Of(Network network, QuantizationScheme scheme, ImageSet images, CancellationToken cancellation) =>
        WithApproximations(network, scheme, images, cancellation).Shifts;

    /// <summary>The same, and the nodes behind which means are an approximation.</summary>
    public static (LayerAnalyticShift[] Shifts, IReadOnlyList<string> Approximated) WithApproximations(
        Network network, QuantizationScheme scheme, ImageSet images, CancellationToken cancellation)
    {
        using var analysis = new AnalyticShift(network, scheme);
        return (analysis.Run(images, cancellation), analysis._approximated);
    }

    public void Dispose() => _pool.Dispose();

    private LayerAnalyticShift[] Run(ImageSet images, CancellationToken cancellation)
    {
        var input = FindShapes(images, cancellation);
        _unknown[input] = "nothing says the mean of the network's input";
        var results = new LayerAnalyticShift[_network.Layers.Length];
        var layerOf = _network.Layers.ToDictionary(layer => layer.LinearNodes[0], layer => layer, ReferenceEqualityComparer.Instance as IEqualityComparer<NodeProto>);
        var junctionOf = _network.Junctions.ToDictionary(junction => junction.Node, junction => junction, ReferenceEqualityComparer.Instance as IEqualityComparer<NodeProto>);
        var insideLayers = _network.Layers.SelectMany(layer => layer.LinearNodes.Concat(layer.ActivationNodes))
            .Concat(_network.Junctions.SelectMany(junction => junction.ActivationNodes)).ToHashSet(ReferenceEqualityComparer.Instance);
        foreach (var node in _graph.Nodes)
        {
            cancellation.ThrowIfCancellationRequested();
            if (layerOf.TryGetValue(node, out var layer)) results[layer.Index] = Through(layer);
            else if (junctionOf.TryGetValue(node, out var junction)) Through(junction);
            else if (!insideLayers.Contains(node)) Through(node);
        }
        return results;
    }

    private string FindShapes(ImageSet images, CancellationToken cancellation)
    {
        var batches = new ImageBatches(_network, images, batchSize: 1);
        using var runner = new PlanRunner(_network, _graph, batches.InputName, _pool, (name, tensor) => _shapes[name] = tensor.Shape);
        runner.Run(batches.Read(0, _pool, cancellation), cancellation).Dispose();
        return batches.InputName;
    }

    private LayerAnalyticShift Through(Layer layer)
    {
        var input = _known.GetValueOrDefault(layer.Input);
        if (input is not null && input.Mean.Length != layer.InputChannels)
        {
            input = null;
            _unknown[layer.Input] = $"the channels of '{layer.Input}' are not those that the layer reads";
        }
        var before = layer.BatchNormalization is { } statistics ? ChannelDistribution.Of(layer, statistics)
            : input is not null ? Propagated(layer, input)
            : null;
        var after = before?.Through(layer.Activation);
        if (after is not null) _known[layer.Output] = after;
        else _unknown[layer.Output] = before is null ? WhyUnknown(layer.Input) : $"there is no closed form for {layer.Activation} of what '{layer.Name}' computes";
        if (input is null) return new LayerAnalyticShift(null, WhyUnknown(layer.Input));

        var change = LayerQuantizer.Weights(layer, _scheme).Weights;
        for (var index = 0; index < change.Length; index++) change[index] -= layer.Weights[index];
        return new LayerAnalyticShift(MeanOf(layer, change, input.Mean), null);
    }

    /// <summary>What a layer without batch normalization gives: exact means, and variances as if its inputs were independent.</summary>
    private ChannelDistribution Propagated(Layer layer, ChannelDistribution input)
    {
        var mean = MeanOf(layer, layer.Weights.ToArray(), input.Mean);
        if (layer.HasBias)
            for (var channel = 0; channel < mean.Length; channel++) mean[channel] += layer.Bias[channel];
        var squares = layer.Weights.ToArray();
        for (var index = 0; index < squares.Length; index++) squares[index] *= squares[index];
        return new ChannelDistribution(mean, input.Variance is null ? null : MeanOf(layer, squares, input.Variance));
    }

    /// <summary>The mean over positions of what the layer computes with those weights, without bias, from an input that is constant in each channel.</summary>
    private double[] MeanOf(Layer layer, float[] weights, double[] channels)
    {
        var output = _shapes[layer.Output];
        return LinearMean.OfConstants(layer, weights, channels, TapGeometry.Of(layer, _shapes[layer.Input], output), ChannelLayout.Of(layer, output, images: 1).Inner);
    }

    private void Through(Junction junction)
    {
        var node = junction.Node;
        var inputs = node.Input.Select(name => _known.GetValueOrDefault(name)).ToArray();
        var first = Array.IndexOf(inputs, null);
        if (first >= 0)
        {
            _unknown[junction.Output] = WhyUnknown(node.Input[first]);
            return;
        }
        var joined = node.OpType switch
        {
            "Add" when inputs.All(input => input!.Mean.Length == inputs[0]!.Mean.Length) => inputs.Aggregate((sum, input) => sum!.Plus(input!)),
            "Concat" when _shapes.TryGetValue(node.Output[0], out var shape) && node.Int("axis", 1) is var axis && (axis == 1 || axis == 1 - shape.Length) =>
                inputs.Aggregate((all, input) => all!.Beside(input!)),
            _ => null,
        };
        if (joined?.Through(junction.Activation) is { } result) _known[junction.Output] = result;
        else _unknown[junction.Output] = $"there is no closed form behind {Describe(node)}";
    }

    /// <summary>Nodes between layers: those that keep each channel's mean, and activations.</summary>
    private void Through(NodeProto node)
    {
        if (node.Output.Count == 0 || node.InputOrNull(0) is not { } input) return;
        var output = node.Output[0];
        if (!_known.TryGetValue(input, out var known))
        {
            foreach (var name in node.Output.Where(name => name.Length > 0)) _unknown[name] = WhyUnknown(input);
            return;
        }
        var result = node.OpType switch
        {
            // Averages keep the mean; what is left of the variance depends on how positions hang together.
            "GlobalAveragePool" => known.WithoutVariance(),
            "AveragePool" when node.Int("count_include_pad", 0) == 0 || node.Ints("pads").All(pad => pad == 0) => known.WithoutVariance(),
            "MaxPool" when _shapes.TryGetValue(input, out var from) && _shapes.TryGetValue(output, out var to) => ThroughMaximum(known, node, from, to),
            "ReduceMean" when KeepsChannels(input, output) => known.WithoutVariance(),
            "Flatten" or "Reshape" or "Squeeze" or "Unsqueeze" => Reshaped(known, input, output),
            "Identity" or "Dropout" => known,
            _ => ActivationFinder.Of(_graph, node) is { } activation ? known.Through(activation) : null,
        };
        if (result is not null) _known[output] = result;
        else foreach (var name in node.Output.Where(name => name.Length > 0)) _unknown[name] = $"there is no closed form behind {Describe(node)}";
    }

    private ChannelDistribution? ThroughMaximum(ChannelDistribution known, NodeProto node, long[] from, long[] to)
    {
        if (known.Maximum(WindowMaximum.Of(node, from, to)) is not { } result) return null;
        _approximated.Add(Describe(node));
        return result;
    }

    private bool KeepsChannels(string input, string output) =>
        _shapes.TryGetValue(input, out var from) && _shapes.TryGetValue(output, out var to) && to.Length > 1 && from.Length > 1 && from[1] == to[1];

    /// <summary>[N, C, H, W] as [N, C H W]: every position of a channel becomes a channel with its mean.</summary>
    private ChannelDistribution? Reshaped(ChannelDistribution known, string input, string output)
    {
        if (!_shapes.TryGetValue(input, out var from) || !_shapes.TryGetValue(output, out var to) || from.Length < 2 || to.Length < 2 || from[0] != to[0]) return null;
        if (from[1] == to[1]) return known;
        var positions = (int)from[2..].Aggregate(1L, (product, size) => product * size);
        if (to.Length != 2 || to[1] != from[1] * positions) return null;
        return new ChannelDistribution(Repeated(known.Mean), known.Variance is null ? null : Repeated(known.Variance));

        double[] Repeated(double[] values) => [.. values.SelectMany(value => Enumerable.Repeat(value, positions))];
    }

    private string WhyUnknown(string tensor) => _unknown.GetValueOrDefault(tensor, $"nothing says the mean of '{tensor}'");

    private static string Describe(NodeProto node) => $"{node.OpType} '{(node.Name.Length > 0 ? node.Name : node.Output[0])}'";
}
