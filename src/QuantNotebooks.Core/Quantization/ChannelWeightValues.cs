using QuantNotebooks.Networks;

namespace QuantNotebooks.Quantization;

/// <summary>One channel's weights, as they are and as a scheme rounds them.</summary>
public static class ChannelWeightValues
{
    /// <summary>The weights that make an output channel, in the layer's own order.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="channel">The output channel.</param>
    /// <param name="scheme">How they are quantized; null for the weights as they are.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such channel.</exception>
    public static float[] ChannelWeights(this Layer layer, int channel, QuantizationScheme? scheme = null)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentOutOfRangeException.ThrowIfNegative(channel);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(channel, layer.Channels);
        var weights = scheme is null ? layer.Weights.ToArray() : LayerQuantizer.Weights(layer, scheme).Weights;
        var values = new List<float>();
        layer.Layout.ForEachRun(channel, (start, length) => values.AddRange(weights.AsSpan(start, length)));
        return [.. values];
    }
}
