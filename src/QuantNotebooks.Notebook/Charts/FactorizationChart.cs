using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>What a channel's factor does to its precision, with a slider for the factor: for teaching (paper B, arXiv 1902.01917).</summary>
public static class FactorizationChart
{
    private static readonly double[] Factors = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];

    /// <summary>
    /// Draws one channel's weights and what the layer's grid makes of them when the channel is multiplied by a factor, and divided by it again where it
    /// is read: the function is the same, the grid's step as the channel sees it is another. One symmetric grid for all weights of the layer.
    /// </summary>
    /// <param name="layer">The layer.</param>
    /// <param name="channel">Its output channel.</param>
    /// <param name="bits">Bits of the weights, 2 to 16.</param>
    /// <exception cref="QuantNotebooksException">There is no such channel, its weights are all zero, or no such number of bits.</exception>
    public static ChartFigure Of(Layer layer, int channel = 0, int bits = 8)
    {
        ArgumentNullException.ThrowIfNull(layer);
        if (channel < 0 || channel >= layer.Channels)
            throw new QuantNotebooksException($"'{layer.Name}' has no channel {channel}: it has {NumberText.Count(layer.Channels, "channel")}, from 0.");
        if (bits is < 2 or > 16) throw new QuantNotebooksException($"Weights have 2 to 16 bits, not {bits}.");
        var weights = layer.ChannelWeights(channel);
        var own = weights.Max(Math.Abs);
        if (own == 0) throw new QuantNotebooksException($"The weights of channel {channel} of '{layer.Name}' are all zero: no factor makes a difference.");
        var others = Enumerable.Range(0, layer.Channels).Where(other => other != channel).Select(other => layer.ChannelWeights(other).Max(Math.Abs)).DefaultIfEmpty().Max();
        var versions = Array.ConvertAll(Factors, factor => OnTheGrid(weights, factor, Math.Max(others, factor * own), bits));
        var slider = new WeightSlider(
            weights, "the channel times ",
            [.. Factors.Zip(versions, (factor, version) => (FormattableString.Invariant($"{factor}: {NumberText.Significant(Decibels(weights, version), 3)} dB"), version))],
            Array.IndexOf(Factors, 1.0));
        var best = Math.Max(1, others / own);
        var title = $"{layer.Name}, channel {NumberText.Count(channel)}: the layer's widest channel has {NumberText.Significant(best, 3)} times its range; "
            + $"with that factor {bits} bits keep {NumberText.Significant(Decibels(weights, OnTheGrid(weights, best, Math.Max(others, best * own), bits)), 3)} dB of it, "
            + $"as it is {NumberText.Significant(Decibels(weights, versions[Array.IndexOf(Factors, 1.0)]), 3)} dB";
        const string reading = "Dots: the channel's weights, sorted. Steps: what the grid makes of them when the channel is multiplied by the factor before rounding and divided by it after. "
            + "A doubling is worth a bit, about 6 dB, until the channel is the widest: from there on it is the others that lose.";
        return new ChartFigure(title, reading + slider.Omitted, WeightSlider.Height, () => slider.Build(title));
    }

    private static float[] OnTheGrid(float[] weights, double factor, double largest, int bits)
    {
        var grid = Quantizer.Symmetric((float)largest, bits);
        return Array.ConvertAll(weights, weight => (float)(grid.Apply((float)(factor * weight)) / factor));
    }

    /// <summary>SQNR of the weights, in dB.</summary>
    private static double Decibels(float[] weights, float[] quantized)
    {
        var (signal, noise) = (0.0, 0.0);
        for (var index = 0; index < weights.Length; index++)
        {
            signal += (double)weights[index] * weights[index];
            noise += ((double)quantized[index] - weights[index]) * ((double)quantized[index] - weights[index]);
        }
        return NoiseConventions.ToDecibels(Math.Sqrt(noise / signal));
    }
}
