using Plotly.NET;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Quantization;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>What rounding does to a layer's weights, with a slider for the bits: for teaching.</summary>
public static class GridChart
{
    private const int MostWeights = 160;
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
        var order = Enumerable.Range(0, weights.Length).OrderBy(index => weights[index]).ToArray();
        var drawn = order.Length <= MostWeights ? order : [.. Enumerable.Range(0, MostWeights).Select(index => order[(int)((long)index * (order.Length - 1) / (MostWeights - 1))])];
        var title = $"{layer.Name}, channel {NumberText.Count(channel)}: the mean of its weights moves by {NumberText.Significant(Moves(weights, versions[2]), 3)} at 4 bits, "
            + $"by {NumberText.Significant(Moves(weights, versions[^1]), 3)} at 8";
        var reading = "Dots: the weights, sorted. Steps: the grid's nearest values. Rounding errors of few weights do not cancel: their mean, times the mean input, is the channel's shift.";
        if (drawn.Length < order.Length) reading += $" {NumberText.Count(drawn.Length)} of {NumberText.Count(order.Length, "weight")} are drawn; the mean is over all.";
        return new ChartFigure(title, reading, 470, () => Build(title, drawn, weights, versions));
    }

    private static double Moves(float[] weights, float[] quantized)
    {
        var sum = 0.0;
        for (var index = 0; index < weights.Length; index++) sum += (double)quantized[index] - weights[index];
        return sum / weights.Length;
    }

    private static GenericChart Build(string title, int[] drawn, float[] weights, float[][] versions)
    {
        const int first = 2;
        var values = versions.Select(version => drawn.Select(index => NumberText.Rounded(version[index])).ToArray()).ToArray();
        return Chart(
            [
                Trace("scatter", ("name", "on the grid"), ("mode", "lines"), ("x", Enumerable.Range(0, drawn.Length).ToArray()), ("y", values[first]),
                    ("line", Node(("shape", "hvh"), ("color", Palette.Orange), ("width", 2))), ("hovertemplate", "on the grid %{y}<extra></extra>")),
                Trace("scatter", ("name", "weight"), ("mode", "markers"), ("x", Enumerable.Range(0, drawn.Length).ToArray()),
                    ("y", drawn.Select(index => NumberText.Rounded(weights[index])).ToArray()), ("marker", Node(("color", Palette.Blue), ("size", 5))), ("hovertemplate", "weight %{y}<extra></extra>")),
            ],
            ("title", Title(title)),
            ("xaxis", Axis("weights of the channel, sorted", 8, ("zeroline", false))), ("yaxis", Axis("value", 8)),
            ("sliders", new object[] { Node(
                ("active", first), ("currentvalue", Node(("prefix", "bits of the weights: "), ("font", Node(("size", 13))))), ("pad", Node(("t", 46))), ("len", 0.7),
                ("steps", BitWidths.Select((bits, index) => Node(
                    ("label", FormattableString.Invariant($"{bits}: mean moves {NumberText.Significant(Moves(weights, versions[index]), 2)}")),
                    ("method", "restyle"), ("args", new object[] { Node(("y", new object[] { values[index] })), new[] { 0 } }))).ToArray())) }),
            ("legend", Node(("orientation", "h"), ("x", 0), ("y", 1.01), ("yanchor", "bottom"))),
            ("margin", Node(("t", TopMargin(title, 34)), ("b", 110), ("l", 60), ("r", 20))));
    }
}
