using System.Globalization;
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
/// Each layer is a trace of its own whose cells are listed one by one (x, y, z, text), so that sorting a layer's channels only replaces x:
/// the figure holds each number once, and about 50 bytes a channel.
/// </remarks>
public static class ShiftHeatMap
{
    private const double NarrowestScale = 0.1;
    private const double WidestScale = 3;
    private const int RowPixels = 17;
    private const string ByChannel = "channel, in the order of the file";
    private const string ByShift = "channels of each layer sorted by shift, % of the layer's channels";

    /// <summary>Draws a measurement.</summary>
    /// <param name="report">The measurement, of any network.</param>
    /// <exception cref="QuantNotebooksException">The network has no layers.</exception>
    public static ChartFigure Of(MeanShiftReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (report.Layers.IsEmpty) throw new QuantNotebooksException($"'{report.Network.Name}' has no layers to draw.");
        var scale = ColourScale.Of(report);
        var title = Finding(report);
        var constant = report.Layers.Sum(layer => layer.Before.Channels.Count(channel => channel.IsConstant));
        var reading = "Orange channels come out too high in the quantized network, blue ones too low, by that many of their own standard deviations; "
            + "a row of one colour is a layer whose channels all move one way."
            + (constant == 0 ? "" : $" Dark grey: {NumberText.Count(constant, "constant (dead) channel")}, without a sigma to compare with.");
        var height = TopMargin(title, 34) + Math.Max(RowPixels * report.Layers.Length, 120) + 60;
        return new ChartFigure(title, reading, height, () => Build(report, scale, title));
    }

    private static string Finding(MeanShiftReport report)
    {
        var worst = ShiftSummary.WorstBy(report.Layers, layer => layer.Before.Mssr);
        return worst is null
            ? $"{report.Network.Name} shows no mean shift that can be compared with a signal"
            : $"Layer {LayerText.Described(worst.Layer)} carries the largest mean shift: MSSR {NumberText.Significant(worst.Before.Mssr, 3)}";
    }

    private static GenericChart Build(MeanShiftReport report, ColourScale scale, string title)
    {
        var rows = report.Layers.Select((layer, row) => new HeatMapRow(layer, row)).ToArray();
        var traces = rows.SelectMany(row => row.Traces()).ToArray();
        var sorted = rows.SelectMany(row => row.SortedPositions()).ToArray();
        var inOrder = rows.SelectMany(row => row.FilePositions()).ToArray();
        var widest = report.Layers.Max(layer => layer.Before.Channels.Length);
        double[] channels = [-0.5, widest - 0.5];
        double[] percent = [0, 100];
        return Chart(traces,
            ("title", Title(title)),
            ("xaxis", Axis(ByChannel, 12, ("range", channels), ("showgrid", false), ("zeroline", false))),
            ("yaxis", Axis("layer, input at the top (◆ depthwise)", 12, ("range", new[] { rows.Length - 0.5, -0.5 }), ("showgrid", false),
                ("zeroline", false), ("tickmode", "array"), ("tickvals", Enumerable.Range(0, rows.Length).ToArray()), ("tickfont", Node(("size", 11))),
                ("ticktext", report.Layers.Select(layer => Literal(LayerText.AxisLabel(layer.Layer))).ToArray()))),
            ("coloraxis", scale.ToNode()),
            ("margin", Node(("t", TopMargin(title, 34)), ("b", 56), ("l", 60), ("r", 20))),
            ("updatemenus", new object[] { Buttons(Button("By channel number", inOrder, ByChannel, channels), Button("Sorted by shift", sorted, ByShift, percent)) }));
    }

    private static DynamicObj.DynamicObj Buttons(params object[] buttons) => Node(
        ("type", "buttons"), ("direction", "right"), ("x", 0), ("xanchor", "left"), ("y", 1), ("yanchor", "bottom"), ("pad", Node(("b", 6), ("t", 0))),
        ("bgcolor", Palette.ControlFace), ("bordercolor", Palette.Grey), ("font", Node(("color", Palette.ControlText), ("size", 12))), ("buttons", buttons));

    private static DynamicObj.DynamicObj Button(string label, Array[] positions, string axisTitle, double[] range) => Node(
        ("label", label), ("method", "update"),
        ("args", new object[] { Node(("x", positions)), Node(("xaxis.title.text", axisTitle), ("xaxis.range", range), ("xaxis.autorange", false)) }));

    /// <summary>The colours' range: robust, so that one channel does not bleach all others.</summary>
    private sealed record ColourScale(double Limit, bool IsClipped)
    {
        public static ColourScale Of(MeanShiftReport report)
        {
            var sizes = new List<double>();
            foreach (var layer in report.Layers)
                foreach (var channel in layer.Before.Channels)
                    if (!double.IsNaN(channel.ShiftInSigmas)) sizes.Add(Math.Abs(channel.ShiftInSigmas));
            sizes.Sort();
            var percentile = sizes.Count == 0 ? 0 : sizes[(int)Math.Ceiling(0.98 * sizes.Count) - 1];
            var limit = NumberText.Rounded(Math.Clamp(percentile, NarrowestScale, WidestScale), 2)!.Value;
            return new ColourScale(limit, sizes.Count > 0 && sizes[^1] > limit);
        }

        public DynamicObj.DynamicObj ToNode()
        {
            double[] ticks = [-Limit, -Limit / 2, 0, Limit / 2, Limit];
            var texts = ticks.Select(tick => (tick > 0 ? "+" : "") + NumberText.Significant(tick, 2)).ToArray();
            if (IsClipped) (texts[0], texts[^1]) = ("≤ " + texts[0], "≥ " + texts[^1]);
            return Node(
                ("colorscale", Palette.Diverging), ("cmin", -Limit), ("cmax", Limit),
                ("colorbar", Node(("title", Node(("text", IsClipped ? "shift / σ (clipped at the ends)" : "shift / σ"), ("side", "right"))),
                    ("tickvals", ticks), ("ticktext", texts), ("thickness", 14), ("outlinewidth", 0))));
        }
    }
}
