using Plotly.NET;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Shift;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>
/// The mean activation shift of every channel of every layer as a heat map: a row a layer, a cell a channel, colour = shift before the
/// activation in units of the channel's own sigma.
/// </summary>
/// <remarks>
/// Each layer is a trace of its own. chart.js sorts the channels of every row, turns sigmas into steps of the output's grid or units of the activation, and
/// shows the chosen layer's channels as bars below: the figure holds each number once, and at most <see cref="MostCells"/> cells.
/// </remarks>
public static class ShiftHeatMap
{
    private const double NarrowestScale = 0.1;
    private const double WidestScale = 3;
    private const int RowPixels = 17;
    private const int MinimumRows = 120;
    private const int GapPixels = 84;
    private const int BarPixels = 130;

    /// <summary>Most cells of a figure, about 55 bytes each: with more channels than that, channels of wide layers share cells.</summary>
    internal const int MostCells = 4800;

    /// <summary>Draws a measurement.</summary>
    /// <param name="report">The measurement, of any network.</param>
    /// <exception cref="QuantNotebooksException">The network has no layers.</exception>
    public static ChartFigure Of(MeanShiftReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (report.Layers.IsEmpty) throw new QuantNotebooksException($"'{report.Network.Name}' has no layers to draw.");
        var scale = ColourRange.OfSigmas(report);
        var title = Finding(report);
        var constant = report.Layers.Sum(layer => layer.Before.Channels.Count(channel => channel.IsConstant));
        var reading = "Orange channels come out too high in the quantized network, blue ones too low, by that many of their own standard deviations; "
            + "a row of one colour is a layer whose channels all move one way."
            + (constant == 0 ? "" : $" Dark grey: {NumberText.Count(constant, "constant (dead) channel")}, without a sigma to compare with.");
        var rows = Rows(report);
        if (rows.Any(row => row.ChannelsPerCell > 1))
            reading += $" Layers of many channels show, of up to {NumberText.Count(rows.Max(row => row.ChannelsPerCell))} neighbours, the one with the largest shift.";
        reading += " Below stand the channels of one layer; in a live chart, of the one that is clicked or chosen in the list.";
        var height = TopMargin(title, 10) + RowHeight(rows) + GapPixels + BarPixels + 50;
        return new ChartFigure(title, reading, height, () => Build(report, rows, scale, title));
    }

    private static string Finding(MeanShiftReport report)
    {
        var worst = ShiftSummary.WorstBy(report.Layers, layer => layer.Before.Mssr);
        if (worst is null) return $"{report.Network.Name} shows no mean shift that can be compared with a signal";
        return worst.Before.Mssr < ShiftSummary.FloatRounding
            ? $"No layer has a mean shift: the largest MSSR, {NumberText.Significant(worst.Before.Mssr, 2)}, is float rounding"
            : $"Layer {LayerText.Described(worst.Layer)} carries the largest mean shift: MSSR {NumberText.Significant(worst.Before.Mssr, 3)}";
    }

    private static HeatMapRow[] Rows(MeanShiftReport report)
    {
        var counts = report.Layers.Select(layer => layer.Before.Channels.Length).ToArray();
        var most = counts.Max();
        while (most > 16 && counts.Sum(count => Cells(count, most)) > MostCells) most = Math.Max(16, most * 7 / 8);
        return [.. report.Layers.Select((layer, row) => new HeatMapRow(layer, row, most))];

        static int Cells(int count, int most) => count / ((count + most - 1) / most);
    }

    private static int RowHeight(HeatMapRow[] rows) => Math.Max(RowPixels * rows.Length, MinimumRows);

    private static GenericChart Build(MeanShiftReport report, HeatMapRow[] rows, ColourRange scale, string title)
    {
        var worst = (ShiftSummary.WorstBy(report.Layers, layer => layer.Before.Mssr) ?? report.Layers[0]).Layer;
        double plot = RowHeight(rows) + GapPixels + BarPixels;
        return Chart([.. rows.SelectMany(row => row.Traces()), rows[worst.Index].Bars()],
            ("title", Title(title)),
            ("xaxis", Axis("channel, in the order of the file", 4, ("anchor", "y"), ("range", new[] { -0.5, report.Layers.Max(layer => layer.Before.Channels.Length) - 0.5 }),
                ("showgrid", false), ("zeroline", false))),
            ("yaxis", Axis(LayerText.AxisTitle("layer, input at the top", report.Layers.Select(layer => layer.Layer)), 12, ("domain", new[] { (GapPixels + BarPixels) / plot, 1 }), ("range", new[] { rows.Length - 0.5, -0.5 }),
                ("showgrid", false), ("zeroline", false), ("tickmode", "array"), ("tickvals", Enumerable.Range(0, rows.Length).ToArray()), ("tickfont", Node(("size", 11))),
                ("ticktext", report.Layers.Select(layer => Literal(LayerText.AxisLabel(layer.Layer))).ToArray()))),
            ("xaxis2", Axis($"channel of {Literal(worst.Name)}", 4, ("anchor", "y2"), ("zeroline", false), ("showgrid", false), ("range", new[] { -0.5, worst.Channels - 0.5 }))),
            ("yaxis2", Axis("shift, σ", 8, ("anchor", "x2"), ("domain", new[] { 0, BarPixels / plot }))),
            ("coloraxis", scale.ToNode()),
            ("meta", LayerLink.Of(report.Network, report.Layers.Select(layer => layer.Layer), "y",
                ("heatMap", Node(
                    ("chosen", worst.Index), ("constants", rows.Select(row => row.Traces().Count() > 1).ToArray()),
                    ("channels", report.Layers.Select(layer => layer.Before.Channels.Length).ToArray()),
                    ("steps", report.Layers.Select(layer => layer.Step).ToArray()),
                    ("limits", new[] { scale.Limit, ColourRange.Of(report, ShiftInSteps).Limit, ColourRange.Of(report, (_, channel) => channel.MeanShift).Limit }))))),
            ("bargap", 0.1),
            ("margin", Node(("t", TopMargin(title, 10)), ("b", 50), ("l", 60), ("r", 20))));
    }

    private static double ShiftInSteps(LayerShift layer, ChannelShift channel) => layer.Step is { } step ? channel.MeanShift / step : double.NaN;

    /// <summary>The colours' range: robust, so that one channel does not bleach all others.</summary>
    private sealed record ColourRange(double Limit, bool IsClipped)
    {
        public static ColourRange OfSigmas(MeanShiftReport report)
        {
            var range = Of(report, (_, channel) => channel.ShiftInSigmas);
            var limit = Math.Clamp(range.Limit, NarrowestScale, WidestScale);
            return new ColourRange(limit, range.IsClipped || range.Limit > limit);
        }

        public static ColourRange Of(MeanShiftReport report, Func<LayerShift, ChannelShift, double> measure)
        {
            var sizes = new List<double>();
            foreach (var layer in report.Layers)
                foreach (var channel in layer.Before.Channels)
                    if (!channel.IsConstant && Math.Abs(measure(layer, channel)) is var size && !double.IsNaN(size)) sizes.Add(size);
            sizes.Sort();
            var percentile = sizes.Count == 0 ? 0 : sizes[(int)Math.Ceiling(0.98 * sizes.Count) - 1];
            var limit = NumberText.Rounded(percentile, 2)!.Value;
            return new ColourRange(limit, sizes.Count > 0 && sizes[^1] > limit);
        }

        public DynamicObj.DynamicObj ToNode()
        {
            double[] ticks = [-Limit, -Limit / 2, 0, Limit / 2, Limit];
            var texts = ticks.Select(tick => (tick > 0 ? "+" : "") + NumberText.Significant(tick, 2)).ToArray();
            if (IsClipped) (texts[0], texts[^1]) = ("≤ " + texts[0], "≥ " + texts[^1]);
            return Node(
                ("colorscale", Palette.Diverging), ("cmin", -Limit), ("cmax", Limit),
                ("colorbar", Node(("title", Node(("text", IsClipped ? "shift / σ (clipped at the ends)" : "shift / σ"), ("side", "right"))),
                    ("tickvals", ticks), ("ticktext", texts), ("thickness", 14), ("outlinewidth", 0), ("len", 0.75), ("y", 1), ("yanchor", "top"))));
        }
    }
}
