using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Shift;

/// <summary>What the measurement found at one layer.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Before">At the layer's output before the activation: where a bias moves the mean by exactly what is added.</param>
/// <param name="After">After the activation and the output's quantizer: what the next layer reads.</param>
/// <param name="OutputQuantizer">The grid of the layer's output, or null where activations are not quantized.</param>
public sealed record LayerShift(Layer Layer, ShiftStatistics Before, ShiftStatistics After, Quantizer? OutputQuantizer)
{
    /// <summary>The layer's name.</summary>
    public string Name => Layer.Name;

    /// <summary>Share of channels whose shift is larger than <paramref name="z"/> standard errors, among those that vary; NaN where none does.</summary>
    /// <param name="z">2 for about 95 % confidence in each channel.</param>
    public double SignificantShare(double z = 2)
    {
        var (varying, significant) = (0, 0);
        foreach (var channel in Before.Channels)
        {
            if (channel.IsConstant) continue;
            varying++;
            if (Math.Abs(channel.MeanShift) > z * channel.StandardError) significant++;
        }
        return varying == 0 ? double.NaN : (double)significant / varying;
    }
}
