using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Equalization;

/// <summary>p_i of paper B: how far each channel of each layer goes below zero before its activation.</summary>
internal sealed class PreActivationExtrema : ILayerVisitor
{
    private readonly float[][] _depths;

    private PreActivationExtrema(Network network) => _depths = [.. network.Layers.Select(layer => new float[layer.Channels])];

    public bool ChangesLayers => false;

    /// <summary>For each layer |min| of each channel before the activation, 0 where it never is negative.</summary>
    public static float[][] Measure(Network network, ImageSet images, CancellationToken cancellation)
    {
        var visitor = new PreActivationExtrema(network);
        using var sweep = new LayerSweep(network, QuantizationScheme.Int8PerTensor with { WeightBits = null, ActivationBits = null }, images, visitor, ranges: null);
        sweep.Run(null, cancellation);
        return visitor._depths;
    }

    public void Observe(Layer layer, MeasuringPoint point, ChannelLayout layout, ReadOnlySpan<float> full, ReadOnlySpan<float> quantized)
    {
        if (point != MeasuringPoint.BeforeActivation) return;
        var depths = _depths[layer.Index];
        for (var index = 0; index < full.Length; index++)
        {
            ref var depth = ref depths[index / layout.Inner % layout.Channels];
            depth = Math.Max(depth, -full[index]);
        }
    }

    public float[]? BiasToAdd(Layer layer, Action<float[]> tryOut) => null;
}
