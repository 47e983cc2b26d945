using System.Collections.Immutable;
using System.Numerics.Tensors;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Quantization;

/// <summary>The weights that a quantized layer computes with, as floating-point numbers on their grids.</summary>
/// <param name="Weights">In the layer's own layout.</param>
/// <param name="Quantizers">One grid for the tensor, or one a channel; empty where weights are not quantized.</param>
internal sealed record QuantizedWeights(float[] Weights, ImmutableArray<Quantizer> Quantizers)
{
    public bool IsQuantized => !Quantizers.IsEmpty;

    public Quantizer QuantizerOf(int channel) => Quantizers[Quantizers.Length == 1 ? 0 : channel];

    public float ScaleOf(int channel) => QuantizerOf(channel).Scale;
}

/// <summary>A layer's biases as an integer engine stores them.</summary>
/// <param name="Integers">One a channel.</param>
/// <param name="Steps">What one unit of each stands for: (input scale) x (weight scale) x 2^Shift, in double.</param>
/// <param name="Shift">By how many bits the engine shifts them into its accumulator; 0 for 32-bit biases.</param>
internal sealed record IntegerBias(int[] Integers, double[] Steps, int Shift);

/// <summary>Quantizes a layer's weights and bias.</summary>
internal static class LayerQuantizer
{
    public static QuantizedWeights Weights(Layer layer, QuantizationScheme scheme) => Weights(layer, layer.Weights, scheme);

    /// <summary>The same for other values in the layer's layout.</summary>
    public static QuantizedWeights Weights(Layer layer, ReadOnlySpan<float> values, QuantizationScheme scheme)
    {
        scheme = scheme.SchemeOf(layer);
        var weights = values.ToArray();
        if (scheme.WeightGrid is not { } format) return new QuantizedWeights(weights, []);
        if (scheme.WeightGranularity == WeightGranularity.PerTensor)
        {
            var quantizer = format.Over(scheme.WeightRange.Of(weights, format));
            quantizer.Apply(weights, weights);
            return new QuantizedWeights(weights, [quantizer]);
        }
        var quantizers = ImmutableArray.CreateBuilder<Quantizer>(layer.Channels);
        var owned = new float[weights.Length / layer.Channels];
        for (var channel = 0; channel < layer.Channels; channel++)
        {
            var filled = 0;
            layer.Layout.ForEachRun(channel, (start, length) =>
            {
                weights.AsSpan(start, length).CopyTo(owned.AsSpan(filled));
                filled += length;
            });
            var quantizer = format.Over(scheme.WeightRange.Of(owned, format));
            layer.Layout.ForEachRun(channel, (start, length) => quantizer.Apply(weights.AsSpan(start, length), weights.AsSpan(start, length)));
            quantizers.Add(quantizer);
        }
        return new QuantizedWeights(weights, quantizers.MoveToImmutable());
    }

    /// <summary>The bias on its grid; as it is where the scheme, the weights or the input leave it in floating point.</summary>
    /// <param name="bias">One a channel.</param>
    /// <param name="weights">The quantized weights.</param>
    /// <param name="input">The quantizer of the layer's input, or null where it is not quantized.</param>
    /// <param name="scheme">The scheme.</param>
    public static float[] Bias(ReadOnlySpan<float> bias, QuantizedWeights weights, Quantizer? input, QuantizationScheme scheme)
    {
        if (Integers(bias, weights, input, scheme) is not { } integers) return bias.ToArray();
        var quantized = new float[bias.Length];
        for (var channel = 0; channel < quantized.Length; channel++) quantized[channel] = (float)(integers.Integers[channel] * integers.Steps[channel]);
        return quantized;
    }

    /// <summary>
    /// The same as integers; null where the bias stays in floating point. Computed in double, because an int32 has more digits than a float.
    /// </summary>
    public static IntegerBias? Integers(ReadOnlySpan<float> bias, QuantizedWeights weights, Quantizer? input, QuantizationScheme scheme)
    {
        if (scheme.Bias == BiasPrecision.Float || input is null || !weights.IsQuantized) return null;
        var steps = new double[bias.Length];
        for (var channel = 0; channel < steps.Length; channel++) steps[channel] = (double)input.Scale * weights.ScaleOf(channel);
        var shift = scheme.Bias == BiasPrecision.Int16 ? Shift(bias, steps, short.MaxValue) : 0;
        TensorPrimitives.Multiply(steps, Math.ScaleB(1, shift), steps);
        var integers = new int[bias.Length];
        for (var channel = 0; channel < integers.Length; channel++)
            integers[channel] = (int)Math.Clamp(Math.Round(bias[channel] / steps[channel]), int.MinValue, int.MaxValue);
        return new IntegerBias(integers, steps, shift);
    }

    /// <summary>The smallest k with which every |bias| / (step 2^k) rounds to at most <paramref name="largest"/>.</summary>
    private static int Shift(ReadOnlySpan<float> bias, double[] steps, int largest)
    {
        var most = 0.0;
        for (var channel = 0; channel < steps.Length; channel++) most = Math.Max(most, Math.Abs(bias[channel] / steps[channel]));
        var shift = 0;
        while (Math.Round(Math.ScaleB(most, -shift)) > largest) shift++;
        return shift;
    }
}
