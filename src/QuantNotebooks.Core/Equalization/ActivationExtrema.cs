using System.Numerics.Tensors;
using QuantNotebooks.Images;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Equalization;

/// <summary>The smallest and the largest value that one channel of a quantized tensor takes, each widened to hold zero as a grid is.</summary>
/// <param name="Tensor">The tensor's name.</param>
/// <param name="Classes">The factor class of each channel.</param>
/// <param name="Minima">One a channel, at most 0.</param>
/// <param name="Maxima">One a channel, at least 0.</param>
internal sealed record ChannelExtrema(string Tensor, int[] Classes, float[] Minima, float[] Maxima);

/// <summary>Measures the ranges of the channels that factors can scale.</summary>
internal static class ActivationExtrema
{
    /// <summary>The extrema over the images of every quantized tensor whose channels have factors, of the full-precision network.</summary>
    public static List<ChannelExtrema> Measure(FactorTrace trace, ImageSet images, CancellationToken cancellation)
    {
        var network = trace.Network.FloatReference;
        var found = new Dictionary<string, (int Axis, ChannelExtrema Extrema)>();
        foreach (var tensor in QuantizerPlacement.Of(network, QuantizationScheme.Int8PerTensor).Tensors)
            if (trace.Maps.TryGetValue(tensor, out var map) && SoleAxis(map) is { } axis)
            {
                var size = map.Extents[axis];
                found[tensor] = (axis, new ChannelExtrema(tensor, map.Classes.ToArray(), new float[size], new float[size]));
            }
        Calibration.ForEachTensor(network, images, (name, tensor) =>
        {
            if (!found.TryGetValue(name, out var entry)) return;
            Calibration.ExtremaOf(name, tensor.Floats, network, images);
            Extend(entry.Extrema, tensor.Floats, tensor.Shape, entry.Axis);
        }, null, cancellation);
        return [.. found.Values.Select(entry => entry.Extrema)];
    }

    private static int? SoleAxis(FactorMap map)
    {
        var varying = Enumerable.Range(0, map.Rank).Where(map.VariesAlong).ToArray();
        return varying.Length == 1 ? varying[0] : null;
    }

    private static void Extend(ChannelExtrema extrema, ReadOnlySpan<float> values, ReadOnlySpan<long> shape, int axis)
    {
        var channels = extrema.Minima.Length;
        var inner = 1;
        for (var after = axis + 1; after < shape.Length; after++) inner *= (int)shape[after];
        for (var start = 0; start < values.Length; start += channels * inner)
        {
            if (inner == 1)
            {
                TensorPrimitives.Min(extrema.Minima, values.Slice(start, channels), extrema.Minima);
                TensorPrimitives.Max(extrema.Maxima, values.Slice(start, channels), extrema.Maxima);
                continue;
            }
            for (var channel = 0; channel < channels; channel++)
            {
                var positions = values.Slice(start + channel * inner, inner);
                extrema.Minima[channel] = Math.Min(extrema.Minima[channel], TensorPrimitives.Min(positions));
                extrema.Maxima[channel] = Math.Max(extrema.Maxima[channel], TensorPrimitives.Max(positions));
            }
        }
    }
}
