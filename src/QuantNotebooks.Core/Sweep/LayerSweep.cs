using System.Collections.Immutable;
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

    /// <summary>The images that went through the whole network: the first ones, all unless a sweep that goes batch by batch was stopped early.</summary>
    public required int Images { get; init; }

    /// <summary>The layers that a sweep that goes layer by layer was done with when it was stopped, all images through each; null where it ran to its end.</summary>
    public IReadOnlySet<Layer>? StoppedAfter { get; init; }
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
    private readonly SweepState _state;

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
        _state = new SweepState(network, scheme, images, visitor, ranges, memory ?? MemoryBudget.Default);
    }

    public SweepOutcome Run(IProgress<SweepProgress>? progress, CancellationToken cancellation) => Run(progress, keepDone: false, cancellation);

    /// <param name="progress">Told what is under way.</param>
    /// <param name="keepDone">
    /// Whether a sweep that is cancelled gives what there is: one that goes batch by batch ends after those under way, if they are done soon, one that goes
    /// layer by layer leaves the layer under way; else it throws, as it does where nothing is done.
    /// </param>
    /// <param name="cancellation">Stops the sweep.</param>
    public SweepOutcome Run(IProgress<SweepProgress>? progress, bool keepDone, CancellationToken cancellation)
    {
        var isLayerwise = _state.Given is null || _state.Visitor.ChangesLayers;
        using var stop = new BatchStop(keepDone && !isLayerwise, cancellation);
        var reader = _state.Batches.Open(_state.Pool, stop.Within);
        try
        {
            return isLayerwise ? new LayerwiseSweep(_state, reader, cancellation).Run(progress, keepDone) : new BatchwiseSweep(_state, reader, stop).Run(progress);
        }
        finally
        {
            _state.Workers.WhenIdle(reader.Dispose);
        }
    }

    public void Dispose() => _state.Dispose();
}
