using System.Collections.Concurrent;
using System.Collections.Immutable;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Sweep;

/// <summary>
/// What a sweep works with: the network on both sides, what runs its steps, and the tensors between them. Several threads may run different
/// batches at once.
/// </summary>
internal sealed class SweepState : IDisposable
{
    private readonly Network _reference;
    private readonly QuantizerPlacement _placement;
    private readonly ExecutionPlan _referencePlan;
    private readonly IDisposable?[] _runners;
    private readonly Lock[] _locks;
    private readonly ConcurrentDictionary<string, Quantizer> _quantizers = [];

    public SweepState(Network network, QuantizationScheme scheme, ImageSet images, ILayerVisitor visitor, ActivationRanges? given, MemoryBudget budget)
    {
        Network = network;
        _reference = network.FloatReference;
        Scheme = scheme;
        Images = images;
        Batches = new ImageBatches(network, images);
        Visitor = visitor;
        Given = given;
        _placement = QuantizerPlacement.Of(network, scheme);
        Plan = ExecutionPlan.Of(network);
        _referencePlan = ExecutionPlan.Of(_reference);
        Pool = new TensorPool(budget.PoolBytes);
        Workers = BatchWorkers.For(Batches, budget.Bytes);
        Frontier = new Frontier(Batches.Count, Pool, budget.FrontierBytes);
        _runners = new IDisposable?[Plan.Steps.Length];
        _locks = [.. _runners.Select(_ => new Lock())];
    }

    public Network Network { get; }

    public QuantizationScheme Scheme { get; }

    public ImageSet Images { get; }

    public ImageBatches Batches { get; }

    public ILayerVisitor Visitor { get; }

    /// <summary>The ranges where they were known beforehand.</summary>
    public ActivationRanges? Given { get; }

    /// <summary>The ranges that were found on the way.</summary>
    public Dictionary<string, ActivationRange> Found { get; } = [];

    public ExecutionPlan Plan { get; }

    public TensorPool Pool { get; }

    public BatchWorkers Workers { get; }

    public Frontier Frontier { get; }

    public SweepOutcome Outcome(ImmutableDictionary<string, float[]> biases, int? images = null) => new(
        Given ?? new ActivationRanges(Found.ToImmutableSortedDictionary(StringComparer.Ordinal), Images.Sha256, Images.Count), _quantizers.ToImmutableDictionary(), biases)
    {
        SpilledBytes = Frontier.SpilledBytes,
        Images = images ?? Images.Count,
    };

    public bool IsQuantized(string tensor) => _placement.Tensors.Contains(tensor);

    public GridFormat? FormatOf(string tensor) => _placement.FormatOf(tensor);

    /// <summary>A tensor's grid, its range being known; null where it is none of float32, or the scheme leaves it in floating point.</summary>
    public Quantizer? GridOf(string tensor, bool isFloat)
    {
        if (_quantizers.TryGetValue(tensor, out var known)) return known;
        if (!isFloat || !IsQuantized(tensor)) return null;
        var range = Given?.Of(tensor, Network) ?? Found[tensor];
        return _placement.QuantizerOf(tensor, range) is { } quantizer ? _quantizers.GetOrAdd(tensor, quantizer) : null;
    }

    public void ReadImages(BatchReader reader, int batch, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var tensor = reader.Take(batch);
        Frontier.Put(Batches.InputName, batch, new BatchPair(tensor, tensor));
    }

    /// <summary>Puts the quantized side of a tensor that no layer made on its grid, if the scheme quantizes it.</summary>
    public void Quantize(string tensor, int batch)
    {
        if (!IsQuantized(tensor) || GridOf(tensor, Frontier.IsFloat(tensor, batch)) is not { } grid) return;
        var (full, quantized) = Frontier.Take(tensor, batch);
        if (ReferenceEquals(full, quantized)) quantized = full.Copy(Pool);
        grid.Apply(quantized.Floats, quantized.Floats);
        Frontier.Put(tensor, batch, new BatchPair(full, quantized));
    }

    /// <summary>A node that is part of no layer.</summary>
    public void RunNode(int index, int batch, CancellationToken cancellation)
    {
        var step = Plan.Steps[index];
        // Both sides run the same node: only a layer's bias can differ between the reference and the network.
        var runner = RunnerOf(index, () => new NodeRunner(Network.Graph, step.Nodes, step.Outputs, Pool, Settings, shapesFollowInputs: false));
        var inputs = new Frontier.Lease[runner.Inputs.Length];
        try
        {
            for (var input = 0; input < inputs.Length; input++) inputs[input] = Frontier.Borrow(runner.Inputs[input], batch);
            var full = runner.Run(Array.ConvertAll(inputs, lease => lease.Pair.Full), cancellation);
            var quantized = Array.TrueForAll(inputs, lease => lease.Pair.IsShared)
                ? full
                : runner.Run(Array.ConvertAll(inputs, lease => lease.Pair.Quantized), cancellation);
            for (var output = 0; output < full.Length; output++) Frontier.Put(step.Outputs[output], batch, new BatchPair(full[output], quantized[output]));
        }
        finally
        {
            foreach (var lease in inputs) lease.Dispose();
        }
    }

    public LayerRunner LayerRunnerOf(int index)
    {
        var layer = Plan.Steps[index].Layer!;
        return RunnerOf(index, () => new LayerRunner(
            Network, layer, _reference.Graph, _referencePlan.Steps[index].Layer!, Scheme,
            _quantizers.GetValueOrDefault(_placement.InputGridOf(layer)), Visitor.WantsParts, Pool, Settings));
    }

    /// <summary>Both sides of a layer before its activation; reads its input for the split on the way, where one is wanted.</summary>
    public (BatchPair Values, SplitReading? Reading) RunLinear(LayerRunner runner, int batch, CancellationToken cancellation)
    {
        using var input = Frontier.Borrow(runner.Layer.Input, batch);
        var values = runner.RunLinear(input.Pair, cancellation);
        try
        {
            var layout = LayoutOf(runner.Layer, values, batch);
            return (values, runner.Split?.Read(input.Pair, values.Full.Shape, (long)layout.Images * layout.Items * layout.Inner));
        }
        catch
        {
            values.Dispose();
            throw;
        }
    }

    public ChannelLayout LayoutOf(Layer layer, BatchPair values, int batch) =>
        ChannelLayout.Of(layer, values.Full.Shape, Batches.ImagesIn(batch)) with { FirstImage = batch * Batches.BatchSize };

    /// <summary>Lets go of what runs a step, and of its memory.</summary>
    public void Close(int index)
    {
        _runners[index]?.Dispose();
        NativePages.Trim();
    }

    public void Dispose() => Workers.WhenIdle(() =>
    {
        foreach (var runner in _runners) runner?.Dispose();
        Frontier.Dispose();
        Pool.Dispose();
    });

    private SessionSettings Settings => new(Workers.ThreadsEach, Unoptimized: false);

    private T RunnerOf<T>(int index, Func<T> make)
        where T : class, IDisposable
    {
        if (Volatile.Read(ref _runners[index]) is T made) return made;
        lock (_locks[index])
        {
            if (_runners[index] is not T runner) Volatile.Write(ref _runners[index], runner = make());
            return runner;
        }
    }
}
