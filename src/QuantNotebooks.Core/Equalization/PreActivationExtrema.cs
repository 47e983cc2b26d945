using System.Numerics.Tensors;
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
    public static float[][] Measure(Network network, ImageSet images, IProgress<SweepProgress>? progress, CancellationToken cancellation)
    {
        var visitor = new PreActivationExtrema(network);
        using var sweep = new LayerSweep(network, QuantizationScheme.Int8PerTensor with { WeightBits = null, ActivationBits = null }, images, visitor, ranges: null);
        sweep.Run(progress, cancellation);
        return visitor._depths;
    }

    public ILayerObserver Begin(Layer layer, ChannelLayout layout) => new Observer(layout);

    public void End(Layer layer, ILayerObserver observer) => TensorPrimitives.Max(_depths[layer.Index], ((Observer)observer).Depths, _depths[layer.Index]);

    public float[]? BiasToAdd(Layer layer, Action<float[]> tryOut) => null;

    private sealed class Observer(ChannelLayout layout) : ILayerObserver
    {
        public float[] Depths { get; } = new float[layout.Channels];

        public void Observe(MeasuringPoint point, int first, int count, ReadOnlySpan<float> full, ReadOnlySpan<float> quantized)
        {
            if (point != MeasuringPoint.BeforeActivation) return;
            for (var channel = first; channel < first + count; channel++)
                foreach (var start in layout.RowsOf(channel)) Depths[channel] = Math.Max(Depths[channel], -TensorPrimitives.Min(full.Slice(start, layout.Inner)));
        }
    }
}
