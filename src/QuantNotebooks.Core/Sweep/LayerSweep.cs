using System.Collections.Immutable;
using System.Numerics.Tensors;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Sweep;

/// <summary>What a sweep leaves behind besides what its visitor saw.</summary>
/// <param name="Ranges">The range of every quantized tensor: those that were given, or what the scheme finds on the images.</param>
/// <param name="Quantizers">The grid of every quantized tensor; empty where activations are not quantized.</param>
/// <param name="Biases">The new bias of every layer that the visitor changed, by layer name.</param>
internal sealed record SweepOutcome(
    ActivationRanges Ranges, ImmutableDictionary<string, Quantizer> Quantizers, ImmutableDictionary<string, float[]> Biases)
{
    /// <summary>Bytes that went to a temporary file at the same time, at most.</summary>
    public long SpilledBytes { get; init; }

    /// <summary>The images that went through the whole network: the first ones, all unless the sweep was stopped early.</summary>
    public required int Images { get; init; }
}

/// <summary>
/// Walks a network, layer by layer: at each layer both the full-precision input and the input that the quantized network really sees are
/// there, both go through the layer, and the visitor compares them. Cost O(layers x images).
/// </summary>
/// <remarks>
/// Where the ranges are known and the visitor only looks, the walk is done batch by batch: memory holds one batch, whatever the number of
/// images. Where it may change a layer by what it saw on all images, all batches go through a layer before the next one: memory holds the
/// tensors between the layers done and the layers to come, up to the budget, and a temporary file the rest.
/// </remarks>
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
    private readonly ExecutionPlan _plan;
    private readonly ExecutionPlan _referencePlan;
    private readonly TensorPool _pool;
    private readonly Frontier _frontier;
    private readonly IDisposable?[] _runners;
    private readonly Dictionary<string, ActivationRange> _ranges = [];
    private readonly Dictionary<string, Quantizer> _quantizers = [];
    private readonly Dictionary<string, float[]> _biases = [];

    /// <param name="network">The network to quantize; a corrected one is compared with its own full-precision reference.</param>
    /// <param name="scheme">How to quantize it.</param>
    /// <param name="images">What to run.</param>
    /// <param name="visitor">Sees every layer.</param>
    /// <param name="ranges">The activations' ranges, or null to find them on these images as the sweep goes.</param>
    /// <param name="memory">Most bytes for the tensors between layers; null for the usual budget.</param>
    /// <exception cref="QuantNotebooksException">The images don't fit the network, or a weight is not finite.</exception>
    public LayerSweep(
        Network network, QuantizationScheme scheme, ImageSet images, ILayerVisitor visitor, ActivationRanges? ranges, MemoryBudget? memory = null)
    {
        FiniteCheck.Weights(network);
        _network = network;
        _reference = network.FloatReference;
        _scheme = scheme;
        _images = images;
        _batches = new ImageBatches(network, images);
        _visitor = visitor;
        _given = ranges;
        _placement = QuantizerPlacement.Of(network, scheme);
        _plan = ExecutionPlan.Of(network);
        _referencePlan = ExecutionPlan.Of(_reference);
        var budget = memory ?? MemoryBudget.Default;
        _pool = new TensorPool(budget.PoolBytes);
        _frontier = new Frontier(_batches.Count, _pool, budget.Bytes);
        _runners = new IDisposable?[_plan.Steps.Length];
    }

    public SweepOutcome Run(IProgress<SweepProgress>? progress, CancellationToken cancellation) => Run(progress, keepsDone: false, cancellation);

    /// <param name="progress">Told what is under way.</param>
    /// <param name="keepsDone">
    /// Whether a sweep that goes batch by batch, once a batch is done, ends after the one at hand and gives what there is; else it always throws.
    /// </param>
    /// <param name="cancellation">Stops the sweep.</param>
    public SweepOutcome Run(IProgress<SweepProgress>? progress, bool keepsDone, CancellationToken cancellation)
    {
        using var reader = _batches.Open(_pool, cancellation);
        var images = _images.Count;
        if (_given is null || _visitor.ChangesLayers) RunLayerByLayer(reader, progress, cancellation);
        else images = RunBatchByBatch(reader, progress, keepsDone, cancellation);
        return new SweepOutcome(
            _given ?? new ActivationRanges(_ranges.ToImmutableSortedDictionary(StringComparer.Ordinal), _images.Sha256, _images.Count),
            _quantizers.ToImmutableDictionary(), _biases.ToImmutableDictionary())
        {
            SpilledBytes = _frontier.SpilledBytes,
            Images = images,
        };
    }

    public void Dispose()
    {
        foreach (var runner in _runners) runner?.Dispose();
        _frontier.Dispose();
        _pool.Dispose();
    }

    /// <returns>The images that went through all layers.</returns>
    private int RunBatchByBatch(BatchReader reader, IProgress<SweepProgress>? progress, bool keepsDone, CancellationToken cancellation)
    {
        var steps = _plan.Steps;
        for (var batch = 0; batch < _batches.Count; batch++)
        {
            var done = batch * _batches.BatchSize;
            var keeps = keepsDone && batch > 0;
            try
            {
                ReadImages(reader, batch, cancellation);
            }
            catch (OperationCanceledException) when (keeps && cancellation.IsCancellationRequested)
            {
                return done; // no layer has seen this batch
            }
            // A batch that has begun is finished, so that all layers have seen the same images.
            RunBatch(
                batch, index => progress?.Report(new SweepProgress(batch * steps.Length + index, _batches.Count * steps.Length, steps[index].Name) { ImagesDone = done, TotalImages = _images.Count }),
                keeps ? CancellationToken.None : cancellation);
        }
        progress?.Report(new SweepProgress(_batches.Count * steps.Length, _batches.Count * steps.Length, "done") { ImagesDone = _images.Count, TotalImages = _images.Count });
        return _images.Count;
    }

    private void RunBatch(int batch, Action<int> report, CancellationToken cancellation)
    {
        var steps = _plan.Steps;
        Quantize(_batches.InputName, batch);
        for (var index = 0; index < steps.Length; index++)
        {
            report(index);
            if (steps[index].Layer is { } layer)
            {
                RunLinear(index, batch, cancellation);
                Activate(LayerRunnerOf(index), batch, null, cancellation);
                Quantize(layer.Output, batch);
                Observe(layer, layer.Output, batch, MeasuringPoint.AfterActivation);
            }
            else
            {
                RunNode(index, batch, cancellation);
                foreach (var output in steps[index].Outputs) Quantize(output, batch);
            }
            foreach (var tensor in steps[index].Releases) _frontier.Release(tensor, batch);
        }
    }

    private void RunLayerByLayer(BatchReader reader, IProgress<SweepProgress>? progress, CancellationToken cancellation)
    {
        ForEachBatch(batch => ReadImages(reader, batch, cancellation));
        QuantizeAll(_batches.InputName);
        for (var index = 0; index < _plan.Steps.Length; index++)
        {
            var step = _plan.Steps[index];
            progress?.Report(new SweepProgress(index, _plan.Steps.Length, step.Name) { TotalImages = _images.Count });
            if (step.Layer is not null)
            {
                RunWholeLayer(index, cancellation);
            }
            else
            {
                ForEachBatch(batch => RunNode(index, batch, cancellation));
                foreach (var output in step.Outputs) QuantizeAll(output);
            }
            foreach (var tensor in step.Releases) ForEachBatch(batch => _frontier.Release(tensor, batch));
            _runners[index]?.Dispose();
        }
        progress?.Report(new SweepProgress(_plan.Steps.Length, _plan.Steps.Length, "done") { TotalImages = _images.Count });
    }

    private void RunWholeLayer(int index, CancellationToken cancellation)
    {
        var layer = _plan.Steps[index].Layer!;
        var runner = LayerRunnerOf(index);
        ForEachBatch(batch => RunLinear(index, batch, cancellation));
        var change = _visitor.BiasToAdd(layer) is { } added ? Change(runner, added) : null;
        ForEachBatch(batch => Activate(runner, batch, change, cancellation));
        QuantizeAll(layer.Output);
        ForEachBatch(batch => Observe(layer, layer.Output, batch, MeasuringPoint.AfterActivation));
    }

    private void ForEachBatch(Action<int> act)
    {
        for (var batch = 0; batch < _batches.Count; batch++) act(batch);
    }

    private void ReadImages(BatchReader reader, int batch, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var tensor = reader.Next();
        _frontier.Put(_batches.InputName, batch, new BatchPair(tensor, tensor));
    }

    private void RunNode(int index, int batch, CancellationToken cancellation)
    {
        var step = _plan.Steps[index];
        // Both sides run the same node: only a layer's bias can differ between the reference and the network.
        var runner = (NodeRunner)(_runners[index] ??= new NodeRunner(_network.Graph, step.Nodes, step.Outputs, _pool, default, shapesFollowInputs: false));
        var inputs = new Frontier.Lease[runner.Inputs.Length];
        try
        {
            for (var input = 0; input < inputs.Length; input++) inputs[input] = _frontier.Borrow(runner.Inputs[input], batch);
            var full = runner.Run(Array.ConvertAll(inputs, lease => lease.Pair.Full), cancellation);
            var quantized = Array.TrueForAll(inputs, lease => lease.Pair.IsShared)
                ? full
                : runner.Run(Array.ConvertAll(inputs, lease => lease.Pair.Quantized), cancellation);
            for (var output = 0; output < full.Length; output++) _frontier.Put(step.Outputs[output], batch, new BatchPair(full[output], quantized[output]));
        }
        finally
        {
            foreach (var lease in inputs) lease.Dispose();
        }
    }

    private LayerRunner LayerRunnerOf(int index)
    {
        if (_runners[index] is LayerRunner runner) return runner;
        var layer = _plan.Steps[index].Layer!;
        var made = new LayerRunner(
            _network, layer, _reference.Graph, _referencePlan.Steps[index].Layer!, _scheme,
            _quantizers.GetValueOrDefault(_placement.InputGridOf(layer)), _visitor.WantsParts, _pool);
        _runners[index] = made;
        return made;
    }

    /// <summary>The layer up to its activation.</summary>
    private void RunLinear(int index, int batch, CancellationToken cancellation)
    {
        var runner = LayerRunnerOf(index);
        using var input = _frontier.Borrow(runner.Layer.Input, batch);
        _frontier.Put(runner.Layer.Output, batch, runner.RunLinear(input.Pair, cancellation));
        var layout = Observe(runner.Layer, runner.Layer.Output, batch, MeasuringPoint.BeforeActivation);
        if (runner.Split is { } split)
            _visitor.ObserveParts(runner.Layer, split.Run(input.Pair, (long)layout.Images * layout.Items * layout.Inner, cancellation));
    }

    /// <summary>The layer from there on, a change of its bias first.</summary>
    private void Activate(LayerRunner runner, int batch, float[]? change, CancellationToken cancellation)
    {
        var layer = runner.Layer;
        if (change is null && layer.ActivationNodes.IsEmpty) return;
        var before = _frontier.Take(layer.Output, batch);
        if (change is not null)
        {
            var layout = LayoutOf(layer, before, batch);
            ChannelBias.Add(before.Quantized.Floats, layout, change);
            _visitor.Observe(layer, MeasuringPoint.BeforeActivationChanged, layout, before.Full.Floats, before.Quantized.Floats);
        }
        _frontier.Put(layer.Output, batch, runner.Activate(before, cancellation));
    }

    private ChannelLayout Observe(Layer layer, string tensor, int batch, MeasuringPoint point)
    {
        using var lease = _frontier.Borrow(tensor, batch);
        var (full, quantized) = lease.Pair;
        var layout = LayoutOf(layer, lease.Pair, batch);
        _visitor.Observe(layer, point, layout, full.Floats, quantized.Floats);
        return layout;
    }

    private ChannelLayout LayoutOf(Layer layer, BatchPair pair, int batch) =>
        ChannelLayout.Of(layer, pair.Full.Shape, _batches.ImagesIn(batch)) with { FirstImage = batch * _batches.BatchSize };

    /// <summary>
    /// Gives the layer its new bias, and says what its output moves by once that is on its grid again. The new bias starts from the quantized
    /// one, whose rounding is part of what the visitor saw: so at most half a step of the bias is left, not a whole one.
    /// </summary>
    private float[] Change(LayerRunner runner, float[] added)
    {
        var changed = new float[added.Length];
        TensorPrimitives.Add(runner.Bias, added, changed);
        _biases[runner.Layer.Name] = changed;
        var change = LayerQuantizer.Bias(changed, runner.Weights, runner.InputGrid, _scheme);
        TensorPrimitives.Subtract(change, runner.Bias, change);
        return change;
    }

    /// <summary>Puts the quantized side of a tensor on its grid, if the scheme quantizes it, in all batches.</summary>
    private void QuantizeAll(string tensor)
    {
        if (!_placement.Tensors.Contains(tensor)) return;
        if (_given is null && RangeOf(tensor) is { } range) _ranges[tensor] = range;
        ForEachBatch(batch => Quantize(tensor, batch));
    }

    /// <summary>The same in one batch, the tensor's range being known.</summary>
    private void Quantize(string tensor, int batch)
    {
        if (!_placement.Tensors.Contains(tensor) || GridOf(tensor, batch) is not { } quantizer) return;
        var (full, quantized) = _frontier.Take(tensor, batch);
        if (ReferenceEquals(full, quantized)) quantized = full.Copy(_pool);
        ElementWise.Quantize(quantizer, quantized.Floats);
        _frontier.Put(tensor, batch, new BatchPair(full, quantized));
    }

    private Quantizer? GridOf(string tensor, int batch)
    {
        if (_quantizers.TryGetValue(tensor, out var known)) return known;
        if (!_frontier.IsFloat(tensor, batch)) return null;
        var range = _given?.Of(tensor, _network) ?? _ranges[tensor];
        if (_placement.QuantizerOf(tensor, range) is not { } quantizer) return null;
        return _quantizers[tensor] = quantizer;
    }

    private ActivationRange? RangeOf(string tensor)
    {
        if (!_frontier.IsFloat(tensor, 0)) return null;
        var range = new ActivationRange(float.PositiveInfinity, float.NegativeInfinity);
        ForEachFull(full => range = range.Union(Calibration.ExtremaOf(tensor, full.Floats, _network, _images)));
        if (!_scheme.ActivationRange.NeedsDistribution || _placement.FormatOf(tensor) is not { } format) return range;
        var histogram = new ValueHistogram(range);
        ForEachFull(full => histogram.Add(full.Floats));
        return _scheme.ActivationRange.Of(histogram, format);

        void ForEachFull(Action<BatchTensor> act) => ForEachBatch(batch =>
        {
            using var lease = _frontier.Borrow(tensor, batch);
            act(lease.Pair.Full);
        });
    }
}
