using Plotly.NET;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Shift;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>
/// Quantization noise layer by layer, before the activation: rQNSR and MSSR as lines, and below them the share of the noise energy that is
/// mean shift, which a bias can remove, as bars.
/// </summary>
public static class NoiseChart
{
    private const int Height = 560;

    private const string Definitions =
        "rQNSR = sqrt(Σ E[e²] / Σ E[y²]), MSSR = sqrt(Σ E[e]² / Σ E[y²]) over a layer's channels, e = quantized - y; share = MSSR² / rQNSR².";

    /// <summary>Draws a measurement.</summary>
    /// <param name="report">The measurement, of any network.</param>
    /// <exception cref="QuantNotebooksException">The network has no layers.</exception>
    public static ChartFigure Of(MeanShiftReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        RequireLayers(report);
        var worst = ShiftSummary.WorstBy(report.Layers, layer => layer.Before.RootQnsr);
        var shifted = ShiftSummary.WorstBy(report.Layers, layer => layer.Before.MeanShiftShare);
        var title = worst is null || shifted is null
            ? $"{report.Network.Name} has no quantization noise that can be compared with a signal"
            : $"Noise is largest at {LayerText.Described(worst.Layer)}: rQNSR {NumberText.Significant(worst.Before.RootQnsr, 3)} "
                + $"(SQNR {NumberText.Significant(worst.Before.SqnrDecibels, 3)} dB); "
                + $"mean shift makes up to {NumberText.Percent(shifted.Before.MeanShiftShare, 0)} of the noise, at {shifted.Name}";
        const string reading = "Where the two lines come close and the bars are tall, most of the noise is a constant offset "
            + "that a bias correction can take away. " + Definitions;
        return new ChartFigure(title, reading, Height, () => Build(title, Series.Only(report)));
    }

    /// <summary>Draws a network before and after it was changed: before pale and dashed, after solid.</summary>
    /// <param name="before">The measurement before.</param>
    /// <param name="after">The measurement after, of as many layers.</param>
    /// <exception cref="QuantNotebooksException">There are no layers, or the two have different layers.</exception>
    public static ChartFigure Of(MeanShiftReport before, MeanShiftReport after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        RequireLayers(before);
        if (!before.Layers.Select(layer => layer.Name).SequenceEqual(after.Layers.Select(layer => layer.Name)))
            throw new QuantNotebooksException(
                $"'{before.Network.Name}' and '{after.Network.Name}' have different layers, "
                + "so they can't be drawn layer by layer in one chart.");
        var (worstBefore, worstAfter) = (Worst(before, layer => layer.Before.RootQnsr), Worst(after, layer => layer.Before.RootQnsr));
        var (shiftBefore, shiftAfter) = (Worst(before, layer => layer.Before.Mssr), Worst(after, layer => layer.Before.Mssr));
        var title = $"Largest rQNSR {Change(worstBefore, worstAfter)}; largest MSSR {Change(shiftBefore, shiftAfter)}";
        const string reading = "Dotted: before. Solid: after. A correction that works takes MSSR and the bars down; "
            + "what is left of rQNSR is noise that no constant can remove. " + Definitions;
        return new ChartFigure(title, reading, Height, () => Build(title, Series.Before(before), Series.After(after)));
    }

    private static void RequireLayers(MeanShiftReport report)
    {
        if (report.Layers.IsEmpty) throw new QuantNotebooksException($"'{report.Network.Name}' has no layers to draw.");
    }

    private static double Worst(MeanShiftReport report, Func<LayerShift, double> value) =>
        ShiftSummary.WorstBy(report.Layers, value) is { } worst ? value(worst) : double.NaN;

    private static string Change(double before, double after)
    {
        var (from, to) = (NumberText.Significant(before, 3), NumberText.Significant(after, 3));
        if (from == to) return $"stays at {from}";
        return $"{(after < before ? "falls" : "rises")} from {from} to {(after < ShiftSummary.FloatRounding ? $"float rounding, {NumberText.Significant(after, 2)}" : to)}";
    }

    private static GenericChart Build(string title, params Series[] series)
    {
        var layers = series[0].Report.Layers;
        var levels = series.SelectMany(one => one.Report.Layers).SelectMany(layer => new[] { layer.Before.RootQnsr, layer.Before.Mssr }).ToArray();
        return Chart(series.SelectMany(one => one.Traces()),
            ("title", Title(title)),
            ("xaxis", LayerAxis(layers.Select(layer => layer.Layer), "y2")),
            ("yaxis", LogAxis.Of("noise / signal", levels, ("domain", new[] { 0.4, 1 }))),
            ("yaxis2", Axis("mean shift's<br>share of noise, %", 8, ("domain", new[] { 0, 0.31 }), ("range", new[] { 0, 100 }), ("tickvals", new[] { 0, 50, 100 }))),
            ("barmode", "group"), ("bargap", 0.25), ("meta", LayerLink.Of(series[0].Report.Network, layers.Select(layer => layer.Layer), "x")),
            ("legend", Node(("orientation", "h"), ("x", 0), ("y", 1.01), ("yanchor", "bottom"))),
            ("margin", Node(("t", TopMargin(title, series.Length == 1 ? 34 : 54)), ("b", 60), ("l", 60), ("r", 20))));
    }

    /// <summary>One measurement in the chart, with the looks that tell it from the other.</summary>
    private sealed record Series(MeanShiftReport Report, string Suffix, string Dash, double Opacity)
    {
        public static Series Only(MeanShiftReport report) => new(report, "", "solid", 1);

        public static Series Before(MeanShiftReport report) => new(report, " before", "dot", 0.65);

        public static Series After(MeanShiftReport report) => new(report, " after", "solid", 1);

        public IEnumerable<Trace> Traces()
        {
            yield return Line("rQNSR", Palette.Blue, "circle", layer => layer.Before.RootQnsr);
            yield return Line("MSSR", Palette.Orange, "diamond", layer => layer.Before.Mssr);
            yield return Trace("bar",
                ("name", "share of mean shift" + Suffix), ("x", Positions()), ("yaxis", "y2"), ("opacity", Opacity), ("marker", Node(("color", Palette.Green))),
                ("y", Report.Layers.Select(layer => NumberText.Rounded(100 * layer.Before.MeanShiftShare, 3)).ToArray()),
                ("text", Report.Layers.Select(HoverText).ToArray()), ("textposition", "none"), ("hovertemplate", "%{text}<extra></extra>"));
        }

        private Trace Line(string name, string colour, string symbol, Func<LayerShift, double> value) => Trace("scatter",
            ("name", name + Suffix), ("mode", "lines+markers"), ("x", Positions()), ("opacity", Opacity),
            ("y", Report.Layers.Select(layer => LogAxis.Value(value(layer))).ToArray()),
            ("line", Node(("color", colour), ("dash", Dash), ("width", 2))), ("marker", Node(("color", colour), ("symbol", symbol), ("size", 6))),
            ("text", Report.Layers.Select(HoverText).ToArray()), ("hovertemplate", "%{text}<extra></extra>"));

        private int[] Positions() => [.. Enumerable.Range(0, Report.Layers.Length)];

        private string HoverText(LayerShift layer) =>
            $"<b>{Literal(LayerText.Described(layer.Layer))}</b>{Suffix}<br>rQNSR {NumberText.Significant(layer.Before.RootQnsr)} "
            + $"= SQNR {NumberText.Significant(layer.Before.SqnrDecibels, 3)} dB<br>MSSR {NumberText.Significant(layer.Before.Mssr)}"
            + $"<br>mean shift {NumberText.Percent(layer.Before.MeanShiftShare)} of the noise energy";
    }
}
