using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>What rounding does to a layer's weights, with a slider for the bits: for teaching.</summary>
public static class GridChart
{
    private static readonly int[] BitWidths = [2, 3, 4, 5, 6, 8];

    /// <summary>Draws one channel's weights and what the layer's grid makes of them at 2 to 8 bits.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="channel">Its output channel.</param>
    /// <param name="scheme">Granularity and range of the grid; its bits don't matter. Null for <see cref="QuantizationScheme.Int8PerTensor"/>.</param>
    /// <exception cref="QuantNotebooksException">There is no such channel.</exception>
    public static ChartFigure Of(Layer layer, int channel = 0, QuantizationScheme? scheme = null)
    {
        ArgumentNullException.ThrowIfNull(layer);
        if (channel < 0 || channel >= layer.Channels)
            throw new QuantNotebooksException($"'{layer.Name}' has no channel {channel}: it has {NumberText.Count(layer.Channels, "channel")}, from 0.");
        var weights = layer.ChannelWeights(channel);
        var versions = BitWidths.Select(bits => layer.ChannelWeights(channel, (scheme ?? QuantizationScheme.Int8PerTensor) with { WeightBits = bits })).ToArray();
        var slider = new WeightSlider(
            weights, "bits of the weights: ",
            [.. BitWidths.Zip(versions, (bits, version) => (FormattableString.Invariant($"{bits}: mean moves {NumberText.Significant(Moves(weights, version), 2)}"), version))], 2);
        var title = $"{layer.Name}, channel {NumberText.Count(channel)}: the mean of its weights moves by {NumberText.Significant(Moves(weights, versions[2]), 3)} at 4 bits, "
            + $"by {NumberText.Significant(Moves(weights, versions[^1]), 3)} at 8";
        var reading = "Dots: the weights, sorted. Steps: the grid's nearest values. Rounding errors of few weights seldom cancel: their sum, times the mean input, is the channel's shift.";
        return new ChartFigure(title, reading + slider.Omitted, WeightSlider.Height, () => slider.Build(title));
    }

    private static double Moves(float[] weights, float[] quantized)
    {
        var sum = 0.0;
        for (var index = 0; index < weights.Length; index++) sum += (double)quantized[index] - weights[index];
        return sum / weights.Length;
    }
}
