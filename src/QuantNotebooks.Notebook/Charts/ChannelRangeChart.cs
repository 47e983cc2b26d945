using System.Collections.Immutable;
using Plotly.NET;
using QuantNotebooks.Equalization;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Text;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>The weight ranges of single channels before and after an equalization.</summary>
public static class ChannelRangeChart
{
    private const int MostChannels = 512;

    /// <summary>Draws one layer's channels: largest |weight| before and after as bars, sorted by what it was before, and the factor of each below.</summary>
    /// <param name="result">The equalization.</param>
    /// <param name="layer">The layer's name; null for the layer that was most unequal before.</param>
    /// <exception cref="QuantNotebooksException">Nothing was scaled, or there is no such layer.</exception>
    public static ChartFigure Of(EqualizationResult result, string? layer = null)
    {
        var (before, after) = Pair(result, layer);
        var (rangesBefore, rangesAfter) = (before.ChannelWeightRanges(), after.ChannelWeightRanges());
        int[] order = [.. Enumerable.Range(0, before.Channels).OrderByDescending(channel => rangesBefore[channel]).Take(MostChannels)];
        var factors = Factors(result, after);
        var title = $"{LayerText.Described(before)}: the widest channel has {NumberText.Significant(before.WeightRangeRatio(), 3)} times the median channel's range before, "
            + $"{NumberText.Significant(after.WeightRangeRatio(), 3)} times after";
        var reading = "With one scale for the whole layer the widest channel sets the grid: one a quarter as wide has two bits fewer. "
            + "Factors: what each output channel was multiplied by; its readers divide by the same, so that the function stays. "
            + "This layer's weights are divided by the factors of the layers before it too, so a range does not change by its own factor alone.";
        if (before.Channels > MostChannels) reading += $" The {NumberText.Count(MostChannels)} widest of {NumberText.Count(before.Channels, "channel")} are drawn.";
        return new ChartFigure(title, reading, 520, () => Build(title, order, rangesBefore, rangesAfter, factors));
    }

    /// <summary>Draws all layers: how the channels' ranges spread below their layer's widest, before and after, as box plots.</summary>
    /// <param name="result">The equalization.</param>
    /// <exception cref="QuantNotebooksException">Nothing was scaled.</exception>
    public static ChartFigure AllLayers(EqualizationResult result)
    {
        Pair(result, null);
        var (before, after) = (result.Network.Parent!.Layers, result.Network.Layers);
        var (lost, left) = (before.Average(MedianBitsLost), after.Average(MedianBitsLost));
        var title = $"{result.Network.Parent.Name}, {result.Method.Text()}: the median channel is {NumberText.Significant(lost, 3)} bits short of its layer's widest before, "
            + $"{NumberText.Significant(left, 3)} after, averaged over layers";
        const string reading = "Each box holds the middle half of a layer's channels, its line the median, the whiskers all. Zero is the widest channel, whose range sets the grid; "
            + "a channel at -3 has an eighth of the range, so three bits fewer.";
        return new ChartFigure(title, reading, 480, () => Chart(
            [Boxes("before", Palette.Orange, before, -0.2), Boxes("after", Palette.Blue, after, 0.2)],
            ("title", Title(title)),
            ("xaxis", LayerAxis(before, "y")),
            ("yaxis", Axis("range of the channel / widest, log2 (bits)", 8)),
            ("boxmode", "overlay"), ("meta", LayerLink.Of(result.Network, before, "x")),
            ("legend", Node(("orientation", "h"), ("x", 0), ("y", 1.01), ("yanchor", "bottom"))),
            ("margin", Node(("t", TopMargin(title, 34)), ("b", 60), ("l", 60), ("r", 20)))));
    }

    private static (Layer Before, Layer After) Pair(EqualizationResult result, string? layer)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (result.IsUnchanged) throw new QuantNotebooksException($"In '{result.Network.Name}' nothing was scaled, so there is nothing to draw.");
        var parent = result.Network.Parent!;
        var before = layer is not null ? parent.Layer(layer)
            : parent.Layers.Where(one => !double.IsNaN(one.WeightRangeRatio())).MaxBy(one => one.WeightRangeRatio()) ?? parent.Layers[0];
        return (before, result.Network.Layers[before.Index]);
    }

    private static ImmutableArray<double> Factors(EqualizationResult result, Layer layer)
    {
        var group = result.Groups.FirstOrDefault(group => group.Producers.Contains(layer.Name));
        return group is not null && group.Factors.Length == layer.Channels ? group.Factors : result.Network.ChannelFactors(layer);
    }

    private static GenericChart Build(string title, int[] order, ImmutableArray<float> before, ImmutableArray<float> after, ImmutableArray<double> factors)
    {
        int[] ranks = [.. Enumerable.Range(0, order.Length)];
        return Chart(
            [
                Bars("before", Palette.Orange, before, 0.86), Bars("after", Palette.Blue, after, 0.5),
                Trace("scatter", ("name", "factor"), ("mode", "markers"), ("x", ranks), ("xaxis", "x"), ("yaxis", "y2"),
                    ("y", order.Select(channel => LogAxis.Value(factors.IsEmpty ? 1 : factors[channel])).ToArray()),
                    ("marker", Node(("color", Palette.Green), ("size", 5))), ("text", Texts()), ("hovertemplate", "%{text}<extra></extra>")),
            ],
            ("title", Title(title)), ("barmode", "overlay"),
            ("xaxis", Axis("channels, widest before first", 8, ("anchor", "y2"), ("range", new[] { -0.6, order.Length - 0.4 }), ("showgrid", false), ("zeroline", false))),
            ("yaxis", LogAxis.OfBars("largest |weight|", order.SelectMany(channel => new double[] { before[channel], after[channel] }), ("domain", new[] { 0.42, 1 }))),
            ("yaxis2", LogAxis.Of("factor", factors, ("domain", new[] { 0, 0.34 }))),
            ("legend", Node(("orientation", "h"), ("x", 0), ("y", 1.01), ("yanchor", "bottom"))),
            ("margin", Node(("t", TopMargin(title, 34)), ("b", 56), ("l", 60), ("r", 20))));

        Trace Bars(string name, string colour, ImmutableArray<float> ranges, double width) => Trace("bar",
            ("name", name), ("x", ranks), ("y", order.Select(channel => NumberText.Rounded(ranges[channel])).ToArray()),
            ("marker", Node(("color", colour))), ("width", width), ("text", Texts()), ("textposition", "none"), ("hovertemplate", "%{text}<extra></extra>"));

        string[] Texts() => [.. order.Select(channel => $"channel {NumberText.Count(channel)}<br>largest |weight| {NumberText.Significant(before[channel], 3)} before, "
            + $"{NumberText.Significant(after[channel], 3)} after<br>factor {(factors.IsEmpty ? "1" : NumberText.Significant(factors[channel], 3))}")];
    }

    private static Trace Boxes(string name, string colour, IReadOnlyList<Layer> layers, double offset)
    {
        var bits = layers.Select(BitsBelowWidest).ToArray();
        return Trace("box",
            ("name", name), ("x", bits.Select((_, index) => index + offset).ToArray()), ("width", 0.34), ("line", Node(("color", colour), ("width", 1.5))), ("fillcolor", Palette.Faint(colour)),
            ("lowerfence", At(0)), ("q1", At(0.25)), ("median", At(0.5)), ("q3", At(0.75)), ("upperfence", At(1)), ("boxpoints", false));

        double?[] At(double share) => [.. bits.Select(values => values.Length == 0 ? null : NumberText.Rounded(Quantile(values, share), 3))];
    }

    private static double MedianBitsLost(Layer layer) => BitsBelowWidest(layer) is { Length: > 0 } bits ? -Quantile(bits, 0.5) : 0;

    /// <summary>log2 of each channel's range over the widest's, ascending; channels without weights are left out.</summary>
    private static double[] BitsBelowWidest(Layer layer)
    {
        double[] ranges = [.. layer.ChannelWeightRanges().Where(range => range > 0).Select(range => (double)range).Order()];
        return ranges.Length == 0 ? [] : Array.ConvertAll(ranges, range => Math.Log2(range / ranges[^1]));
    }

    // Linear between the two nearest, as Plotly's own boxes do by default.
    private static double Quantile(double[] ascending, double share)
    {
        var place = share * (ascending.Length - 1);
        var below = (int)place;
        return below + 1 < ascending.Length ? ascending[below] + (place - below) * (ascending[below + 1] - ascending[below]) : ascending[below];
    }
}
