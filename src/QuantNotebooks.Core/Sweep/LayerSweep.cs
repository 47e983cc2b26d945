using System.Collections.Immutable;
using System.Numerics.Tensors;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Sweep;

/// <summary>What a sweep leaves behind besides what its visitor saw.</summary>
/// <param name="Ranges">The range of every quantized tensor: those that were given, or the extrema of the full-precision network on the images.</param>
/// <param name="Quantizers">The grid of every quantized tensor; empty where activations are not quantized.</param>
/// <param name="Biases">The new bias of every layer that the visitor changed, by layer name.</param>
internal sealed record SweepOutcome(
    ActivationRanges Ranges, ImmutableDictionary<string, Quantizer> Quantizers, ImmutableDictionary<string, float[]> Biases);

/// <summary>
/// Walks a network once, layer by layer, with all images at once: at each layer both the full-precision input and the input that the quantized
/// network really sees are there, both go through the layer, the visitor compares them and may change the layer's bias, and what the changed
/// layer gives goes on. Cost O(layers x images); memory holds the tensors between the layers done and the layers to come.
/// </summary>
internal sealed class LayerSweep : IDisposable
{
    private readonly Network _network;
    private readonly Network _reference;
    private readonly QuantizationScheme _scheme;
    private readonly ImageSet _images;
    private readonly ImageBatches _batches;
    private readonly ILayerVisitor _visitor;
    private readonly ActivationRanges? _given;
    private readonly QuantizerPlacement _placement;
    private readonly TensorPool _pool = new();
    private readonly Dictionary<string, BatchPair[]> _frontier = [];
    private readonly Dictionary<string, ActivationRange> _ranges = [];
    private readonly Dictionary<string, Quantizer> _quantizers = [];
    private readonly Dictionary<string, float[]> _biases = [];

    /// <param name="network">The network to quantize; a corrected one is compared with its own full-precision reference.</param>
    /// <param name="scheme">How to quantize it.</param>
    /// <param name="images">What to run.</param>
    /// <param name="visitor">Sees every layer.</param>
    /// <param name="ranges">The activations' ranges, or null to take the extrema on these images.</param>
    public LayerSweep(Network network, QuantizationScheme scheme, ImageSet images, ILayerVisitor visitor, ActivationRanges? ranges)
    {
        _network = network;
        _reference = network.FloatReference;
        _scheme = scheme;
        _images = images;
        _batches = new ImageBatches(network, images);
        _visitor = visitor;
        _given = ranges;
        _placement = QuantizerPlacement.Of(network, scheme);
    }

    /// <summary>Both sides of one tensor for one batch; the same object where nothing was quantized yet.</summary>
    private readonly record struct BatchPair(BatchTensor Full, BatchTensor Quantized) : IDisposable
    {
        public void Dispose()
        {
            Full.Dispose();
            Quantized.Dispose();
        }
    }

    public SweepOutcome Run(IProgress<SweepProgress>? progress, CancellationToken cancellation)
    {
        var plan = ExecutionPlan.Of(_network);
        var referencePlan = ExecutionPlan.Of(_reference);
        var readersLeft = plan.Readers.ToDictionary();
        ReadImages(cancellation);
        for (var index = 0; index < plan.Steps.Length; index++)
        {
            var step = plan.Steps[index];
            progress?.Report(new SweepProgress(index, plan.Steps.Length, step.Layer?.Name ?? step.Nodes[0].OpType));
            if (step.Layer is not null) RunLayer(step.Layer, referencePlan.Steps[index].Layer!, cancellation);
            else RunNode(step, cancellation);
            foreach (var input in step.Inputs)
                if (--readersLeft[input] == 0) Release(input);
            foreach (var output in step.Outputs)
                if (!plan.Readers.ContainsKey(output)) Release(output);
        }
        progress?.Report(new SweepProgress(plan.Steps.Length, plan.Steps.Length, "done"));
        return new SweepOutcome(
            _given ?? new ActivationRanges(_ranges.ToImmutableSortedDictionary(StringComparer.Ordinal), _images.Sha256, _images.Count),
            _quantizers.ToImmutableDictionary(), _biases.ToImmutableDictionary());
    }

    public void Dispose()
    {
        foreach (var name in _frontier.Keys.ToArray()) Release(name);
        _pool.Dispose();
    }

    private void ReadImages(CancellationToken cancellation)
    {
        var pairs = new BatchPair[_batches.Count];
        for (var batch = 0; batch < pairs.Length; batch++)
        {
            cancellation.ThrowIfCancellationRequested();
            var tensor = _batches.Read(batch, _pool);
            pairs[batch] = new BatchPair(tensor, tensor);
        }
        _frontier[_batches.InputName] = pairs;
        Quantize(_batches.InputName, pairs);
    }

    private void RunNode(SweepStep step, CancellationToken cancellation)
    {
        // Both sides run the same node: only a layer's bias can differ between the reference and the network.
        using var runner = new NodeRunner(_network.Graph, step.Nodes, step.Outputs, _pool, default, shapesFollowInputs: false);
        var results = step.Outputs.Select(_ => new BatchPair[_batches.Count]).ToArray();
        for (var batch = 0; batch < _batches.Count; batch++)
        {
            var inputs = runner.Inputs.Select(name => _frontier[name][batch]).ToArray();
            var full = runner.Run(Array.ConvertAll(inputs, pair => pair.Full), cancellation);
            var quantized = inputs.All(pair => ReferenceEquals(pair.Full, pair.Quantized))
                ? full
                : runner.Run(Array.ConvertAll(inputs, pair => pair.Quantized), cancellation);
            for (var output = 0; output < results.Length; output++) results[output][batch] = new BatchPair(full[output], quantized[output]);
        }
        for (var output = 0; output < results.Length; output++)
        {
            _frontier[step.Outputs[output]] = results[output];
            Quantize(step.Outputs[output], results[output]);
        }
    }

    private void RunLayer(Layer layer, Layer reference, CancellationToken cancellation)
    {
        var inputGrid = _quantizers.GetValueOrDefault(_placement.InputGridOf(layer));
        var weights = LayerQuantizer.Weights(layer, _scheme);
        var bias = LayerQuantizer.Bias(layer.HasBias ? layer.Bias : new float[layer.Channels], weights, inputGrid, _scheme);
        var quantizedGraph = LayerEditor.Apply(_network.Graph, [new LayerChange(layer, weights.Weights, layer.HasBias ? bias : null)]);
        using var fullLinear = Linear(_reference.Graph, reference.LinearNodes, reference);
        using var quantizedLinear = Linear(quantizedGraph, layer.LinearNodes, layer);
        using var activation = layer.ActivationNodes.IsEmpty
            ? null
            : new NodeRunner(_network.Graph, layer.ActivationNodes, [layer.Output], _pool, default, shapesFollowInputs: true);

        var inputs = _frontier[layer.Input];
        var pairs = new BatchPair[inputs.Length];
        _frontier[layer.Output] = pairs;
        float[]? change = null;
        if (_visitor.ChangesLayers)
        {
            for (var batch = 0; batch < pairs.Length; batch++) RunLinear(batch);
            if (_visitor.BiasToAdd(layer) is { } added) change = Change(layer, bias, added, weights, inputGrid);
            for (var batch = 0; batch < pairs.Length; batch++) Activate(batch);
        }
        else
        {
            for (var batch = 0; batch < pairs.Length; batch++)
            {
                RunLinear(batch);
                Activate(batch);
            }
        }
        Quantize(layer.Output, pairs);
        for (var batch = 0; batch < pairs.Length; batch++) Observe(batch, MeasuringPoint.AfterActivation);

        void RunLinear(int batch)
        {
            var full = fullLinear.Run([inputs[batch].Full], cancellation)[0];
            pairs[batch] = new BatchPair(full, full);
            pairs[batch] = new BatchPair(full, quantizedLinear.Run([inputs[batch].Quantized], cancellation)[0]);
            Observe(batch, MeasuringPoint.BeforeActivation);
        }

        void Activate(int batch)
        {
            var before = pairs[batch];
            if (change is not null)
            {
                ChannelBias.Add(before.Quantized.Floats, LayoutOf(batch), change);
                Observe(batch, MeasuringPoint.BeforeActivationChanged);
            }
            if (activation is null) return;
            var full = activation.Run([before.Full], cancellation)[0];
            var quantized = activation.Run([before.Quantized], cancellation)[0];
            pairs[batch] = new BatchPair(full, quantized);
            before.Dispose();
        }

        void Observe(int batch, MeasuringPoint point) =>
            _visitor.Observe(layer, point, LayoutOf(batch), pairs[batch].Full.Floats, pairs[batch].Quantized.Floats);

        ChannelLayout LayoutOf(int batch) => ChannelLayout.Of(layer, pairs[batch].Full.Shape, _batches.ImagesIn(batch));
    }

    private NodeRunner Linear(Graph graph, ImmutableArray<NodeProto> nodes, Layer layer) =>
        new(graph, nodes, [layer.PreActivation], _pool, default, shapesFollowInputs: true);

    /// <summary>
    /// Gives the layer its new bias, and says what its output moves by once that is on its grid again. The new bias starts from the quantized
    /// one, whose rounding is part of what the visitor saw: so at most half a step of the bias is left, not a whole one.
    /// </summary>
    private float[] Change(Layer layer, float[] bias, float[] added, QuantizedWeights weights, Quantizer? inputGrid)
    {
        var changed = new float[bias.Length];
        TensorPrimitives.Add(bias, added, changed);
        _biases[layer.Name] = changed;
        var change = LayerQuantizer.Bias(changed, weights, inputGrid, _scheme);
        TensorPrimitives.Subtract(change, bias, change);
        return change;
    }

    /// <summary>Puts the quantized side of a tensor on its grid, if the scheme quantizes it.</summary>
    private void Quantize(string tensor, BatchPair[] pairs)
    {
        if (!_placement.Tensors.Contains(tensor) || !Array.TrueForAll(pairs, pair => pair.Full.IsFloat)) return;
        var range = _given?.Of(tensor, _network) ?? RangeOf(tensor, pairs);
        _ranges[tensor] = range;
        if (_placement.QuantizerOf(tensor, range) is not { } quantizer) return;
        _quantizers[tensor] = quantizer;
        for (var batch = 0; batch < pairs.Length; batch++)
        {
            var (full, quantized) = pairs[batch];
            if (ReferenceEquals(full, quantized)) pairs[batch] = new BatchPair(full, quantized = full.Copy(_pool));
            quantizer.Apply(quantized.Floats, quantized.Floats);
        }
    }

    private ActivationRange RangeOf(string tensor, BatchPair[] pairs)
    {
        var range = new ActivationRange(float.PositiveInfinity, float.NegativeInfinity);
        foreach (var pair in pairs) range = range.Union(Calibration.ExtremaOf(tensor, pair.Full.Floats, _network, _images));
        if (!_scheme.ActivationRange.NeedsDistribution || _placement.FormatOf(tensor) is not { } format) return range;
        var histogram = new ValueHistogram(range);
        foreach (var pair in pairs) histogram.Add(pair.Full.Floats);
        return _scheme.ActivationRange.Of(histogram, format);
    }

    private void Release(string tensor)
    {
        if (!_frontier.Remove(tensor, out var pairs)) return;
        foreach (var pair in pairs)
            if (pair.Full is not null) pair.Dispose();
    }
}
