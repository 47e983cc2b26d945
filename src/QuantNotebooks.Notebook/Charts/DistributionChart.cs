using Plotly.NET;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Shift;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>A channel's values in full precision and quantized, with the grid that they must lie on.</summary>
public static class DistributionChart
{
    private const int MostLevels = 300;

    /// <summary>Draws a channel's distribution.</summary>
    /// <exception cref="QuantNotebooksException">It holds no value.</exception>
    public static ChartFigure Of(ChannelDistribution distribution)
    {
        ArgumentNullException.ThrowIfNull(distribution);
        if (distribution.Count == 0) throw new QuantNotebooksException($"The distribution of '{distribution.Layer.Name}' holds no value.");
        var shift = distribution.QuantizedMean - distribution.FloatMean;
        var title = $"{distribution.Layer.Name}, channel {NumberText.Count(distribution.Channel)}: the quantized mean is {NumberText.Significant(Math.Abs(shift), 3)} "
            + $"{(shift < 0 ? "below" : "above")} the full-precision mean"
            + (distribution.Grid is { } grid ? $", {NumberText.Significant(Math.Abs(shift) / grid.Scale, 2)} steps of the grid" : "");
        var reading = $"Blue: full precision; orange: quantized, both of {NumberText.Count(distribution.Count, "value")}; upright lines: the two means. "
            + (distribution.Point == LayerPoint.AfterActivation ? "After the activation" : "Before the activation")
            + (distribution.Grid is null ? "." : "; the ticks below are the grid's values. A channel that spans few ticks loses most.");
        return new ChartFigure(title, reading, 430, () => Build(title, distribution));
    }

    private static GenericChart Build(string title, ChannelDistribution distribution)
    {
        var edges = distribution.Edges;
        var width = edges[1] - edges[0];
        double?[] centres = [.. Enumerable.Range(0, edges.Length - 1).Select(bin => NumberText.Rounded(edges[bin] + width / 2, 5))];
        var top = 100.0 * Math.Max(distribution.Float.Max(), distribution.Quantized.Max()) / distribution.Count;
        var traces = new List<Trace>
        {
            Bars("full precision", Palette.Blue, distribution.Float, width), Bars("quantized", Palette.Orange, distribution.Quantized, width / 2),
            Mean("mean, full precision", Palette.Blue, "solid", distribution.FloatMean), Mean("mean, quantized", Palette.Orange, "dash", distribution.QuantizedMean),
        };
        if (distribution.Grid is { } grid)
        {
            var (first, last) = ((int)Math.Max(grid.Lowest, Math.Floor(edges[0] / grid.Scale) + grid.ZeroPoint), (int)Math.Min(grid.Highest, Math.Ceiling(edges[^1] / grid.Scale) + grid.ZeroPoint));
            var step = Math.Max(1, (last - first + MostLevels) / MostLevels);
            var levels = Enumerable.Range(0, Math.Max(0, (last - first) / step + 1)).Select(index => first + index * step).ToArray();
            traces.Add(Trace("scatter", ("name", step == 1 ? "the grid" : $"the grid, every {step}th value"), ("mode", "markers"),
                ("x", levels.Select(level => NumberText.Rounded((level - grid.ZeroPoint) * (double)grid.Scale, 5)).ToArray()), ("y", levels.Select(_ => -0.04 * top).ToArray()),
                ("marker", Node(("symbol", "line-ns"), ("size", 9), ("color", Palette.Grey), ("line", Node(("width", 1), ("color", Palette.Grey))))), ("hovertemplate", "on the grid: %{x}<extra></extra>")));
        }
        return Chart(traces,
            ("title", Title(title)), ("barmode", "overlay"), ("bargap", 0),
            ("xaxis", Axis($"value {(distribution.Point == LayerPoint.AfterActivation ? "after" : "before")} the activation", 8, ("range", new[] { edges[0], edges[^1] }), ("zeroline", false))),
            ("yaxis", Axis("% of the values", 8, ("range", new[] { -0.08 * top, 1.08 * top }), ("zeroline", false))),
            ("legend", Node(("orientation", "h"), ("x", 0), ("y", 1.01), ("yanchor", "bottom"))),
            ("margin", Node(("t", TopMargin(title, 34)), ("b", 56), ("l", 60), ("r", 20))));

        // One in front of the other, and narrower: where both are, both can be seen in their own colours.
        Trace Bars(string name, string colour, IReadOnlyList<long> counts, double wide) => Trace("bar",
            ("name", name), ("x", centres), ("y", counts.Select(count => NumberText.Rounded(100.0 * count / distribution.Count)).ToArray()), ("width", wide),
            ("marker", Node(("color", colour), ("line", Node(("width", 0))))), ("hovertemplate", "%{x}: %{y} %<extra>" + name + "</extra>"));

        Trace Mean(string name, string colour, string dash, double mean) => Trace("scatter",
            ("name", name), ("mode", "lines"), ("x", new[] { NumberText.Rounded(mean, 6), NumberText.Rounded(mean, 6) }), ("y", new[] { 0, 1.04 * top }),
            ("line", Node(("color", colour), ("width", 2), ("dash", dash))), ("hovertemplate", name + " %{x}<extra></extra>"));
    }
}
