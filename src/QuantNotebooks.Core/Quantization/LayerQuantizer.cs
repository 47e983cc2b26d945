using System.Runtime.InteropServices;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Quantization;

/// <summary>The weights and bias that a quantized layer computes with, as floating-point numbers on their grids.</summary>
/// <param name="Weights">In the layer's own layout.</param>
/// <param name="WeightScales">One scale for the tensor, or one a channel; empty where weights are not quantized.</param>
internal sealed record QuantizedWeights(float[] Weights, float[] WeightScales)
{
    public float ScaleOf(int channel) => WeightScales[WeightScales.Length == 1 ? 0 : channel];
}

/// <summary>Quantizes a layer's weights and bias.</summary>
internal static class LayerQuantizer
{
    public static QuantizedWeights Weights(Layer layer, QuantizationScheme scheme) => Weights(layer, layer.Weights, scheme);

    /// <summary>The same for other values in the layer's layout.</summary>
    public static QuantizedWeights Weights(Layer layer, ReadOnlySpan<float> values, QuantizationScheme scheme)
    {
        var weights = values.ToArray();
        if (scheme.WeightBits is not { } bits) return new QuantizedWeights(weights, []);
        if (scheme.WeightGranularity == WeightGranularity.PerTensor)
        {
            var quantizer = Quantizer.Symmetric(scheme.Range.OfWeights(weights, bits), bits);
            quantizer.Apply(weights, weights);
            return new QuantizedWeights(weights, [quantizer.Scale]);
        }
        var scales = new float[layer.Channels];
        for (var channel = 0; channel < scales.Length; channel++)
        {
            var owned = new List<float>();
            layer.Layout.ForEachRun(channel, (start, length) => owned.AddRange(weights.AsSpan(start, length)));
            var quantizer = Quantizer.Symmetric(scheme.Range.OfWeights(CollectionsMarshal.AsSpan(owned), bits), bits);
            layer.Layout.ForEachRun(channel, (start, length) => quantizer.Apply(weights.AsSpan(start, length), weights.AsSpan(start, length)));
            scales[channel] = quantizer.Scale;
        }
        return new QuantizedWeights(weights, scales);
    }

    /// <summary>
    /// The bias on its grid: integers of step (input scale) x (weight scale of the channel). Computed in double, because an int32 has more
    /// digits than a float.
    /// </summary>
    /// <param name="bias">One a channel.</param>
    /// <param name="weights">The quantized weights.</param>
    /// <param name="input">The quantizer of the layer's input, or null where activations are not quantized.</param>
    /// <param name="scheme">The scheme.</param>
    public static float[] Bias(ReadOnlySpan<float> bias, QuantizedWeights weights, Quantizer? input, QuantizationScheme scheme)
    {
        var quantized = bias.ToArray();
        if (scheme.Bias == BiasPrecision.Float || input is null || weights.WeightScales.Length == 0) return quantized;
        for (var channel = 0; channel < quantized.Length; channel++)
        {
            var step = (double)input.Scale * weights.ScaleOf(channel);
            quantized[channel] = (float)(BiasInteger(quantized[channel], step) * step);
        }
        return quantized;
    }

    /// <summary>The 32-bit integer that stands for one bias.</summary>
    /// <param name="bias">The bias.</param>
    /// <param name="step">Input scale x weight scale, in double.</param>
    public static int BiasInteger(float bias, double step) => (int)Math.Clamp(Math.Round(bias / step), int.MinValue, int.MaxValue);
}
