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

    /// <summary>The shift before the activation taken apart, or null where that was not asked for.</summary>
    public ShiftSplit? Split { get; init; }

    /// <summary>Root of own weights' shift power over the signal's, in the units of MSSR; NaN without a split or a signal.</summary>
    public double WeightsToSignal => ToSignal(Split?.WeightsNorm);

    /// <summary>The same of own input rounding.</summary>
    public double InputRoundingToSignal => ToSignal(Split?.InputRoundingNorm);

    /// <summary>The same of what is inherited. Parts may cancel: their squares need not sum to MSSR^2.</summary>
    public double InheritedToSignal => ToSignal(Split?.InheritedNorm);

    /// <summary>The step of the output's grid, in units of the activation, in which shifts can be counted; null where activations are not quantized.</summary>
    public double? Step => OutputQuantizer?.Scale;

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

    private double ToSignal(double? norm) => norm is { } length && Before.SignalPower > 0 ? length / Math.Sqrt(Before.SignalPower) : double.NaN;
}
