using System.Collections.Immutable;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Sweep;

/// <summary>Runs one layer of a sweep: in full precision, with quantized weights and bias, and its activation. Safe to use from several threads.</summary>
internal sealed class LayerRunner : IDisposable
{
    private readonly NodeRunner _full;
    private readonly NodeRunner _quantized;
    private readonly NodeRunner? _activation;

    /// <param name="network">The network that is quantized.</param>
    /// <param name="layer">Its layer.</param>
    /// <param name="referenceGraph">The graph of the full-precision network that it is compared with.</param>
    /// <param name="reference">The same layer in that.</param>
    /// <param name="scheme">How to quantize.</param>
    /// <param name="inputGrid">The quantizer of the layer's input, or null where activations are not quantized.</param>
    /// <param name="splits">Whether <see cref="Split"/> is wanted.</param>
    /// <param name="pool">Memory for tensors.</param>
    /// <param name="settings">How ONNX Runtime is to run it.</param>
    public LayerRunner(
        Network network, Layer layer, Graph referenceGraph, Layer reference, QuantizationScheme scheme, Quantizer? inputGrid, bool splits, TensorPool pool,
        SessionSettings settings)
    {
        Layer = layer;
        InputGrid = inputGrid;
        Weights = LayerQuantizer.Weights(layer, scheme);
        Bias = LayerQuantizer.Bias(layer.HasBias ? layer.Bias : new float[layer.Channels], Weights, inputGrid, scheme);
        var quantizedGraph = LayerEditor.Apply(network.Graph, [new LayerChange(layer, Weights.Weights, layer.HasBias ? Bias : null)]);
        _full = Runner(referenceGraph, reference.LinearNodes, reference.PreActivation);
        _quantized = Runner(quantizedGraph, layer.LinearNodes, layer.PreActivation);
        _activation = Pointwise.Computes(layer.Activation) ? null : Runner(network.Graph, layer.ActivationNodes, layer.Output);
        Split = splits ? new SplitRunner(layer, reference, Weights.Weights, Bias, inputGrid) : null;

        NodeRunner Runner(Graph graph, ImmutableArray<NodeProto> nodes, string output) => new(graph, nodes, [output], pool, settings, shapesFollowInputs: true);
    }

    public Layer Layer { get; }

    public Quantizer? InputGrid { get; }

    public QuantizedWeights Weights { get; }

    /// <summary>The quantized bias, zeros where the layer has none.</summary>
    public float[] Bias { get; }

    /// <summary>Whether ONNX Runtime runs the activation; the others are a matter of <see cref="Pointwise"/>.</summary>
    public bool ActivatesApart => _activation is not null;

    /// <summary>Takes the shift apart; null where that is not wanted.</summary>
    public SplitRunner? Split { get; }

    /// <summary>Both sides before the activation.</summary>
    public BatchPair RunLinear(BatchPair input, CancellationToken cancellation)
    {
        var full = _full.Run([input.Full], cancellation)[0];
        try
        {
            return new BatchPair(full, _quantized.Run([input.Quantized], cancellation)[0]);
        }
        catch
        {
            full.Dispose();
            throw;
        }
    }

    /// <summary>Both sides through an activation that ONNX Runtime runs; takes over what is before it.</summary>
    public BatchPair Activate(BatchPair before, CancellationToken cancellation)
    {
        using (before) return Activated(before, cancellation);
    }

    /// <summary>The same; what is before it stays the caller's.</summary>
    public BatchPair Activated(BatchPair before, CancellationToken cancellation)
    {
        var full = _activation!.Run([before.Full], cancellation)[0];
        try
        {
            return new BatchPair(full, _activation.Run([before.Quantized], cancellation)[0]);
        }
        catch
        {
            full.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _full.Dispose();
        _quantized.Dispose();
        _activation?.Dispose();
    }
}
