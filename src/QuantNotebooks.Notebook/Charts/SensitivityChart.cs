using Plotly.NET;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Sensitivity;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>The noise at the network's output that each layer makes alone, beside that of all together.</summary>
public static class SensitivityChart
{
    /// <summary>Draws a measurement.</summary>
    /// <param name="report">The measurement.</param>
    /// <exception cref="QuantNotebooksException">The network has no layers.</exception>
    public static ChartFigure Of(SensitivityReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (report.Layers.IsEmpty) throw new QuantNotebooksException($"'{report.Network.Name}' has no layers to draw.");
        var title = SensitivityFinding.Of(report);
        const string reading = "Root noise to signal ratio of the network's output with one layer quantized and all else in full precision. Bars: two standard errors over "
            + "images either way. A layer that stands out is worth more bits, a scale a channel, or floating point.";
        return new ChartFigure(title, reading, 460, () => Build(title, report));
    }

    private static GenericChart Build(string title, SensitivityReport report)
    {
        var alone = report.Layers.Select(layer => layer.Output).ToArray();
        return Chart(
            [
                Trace("scatter",
                    ("name", "the layer alone"), ("mode", "markers"), ("x", Enumerable.Range(0, alone.Length).ToArray()),
                    ("y", alone.Select(noise => LogAxis.Value(noise.RootQnsr)).ToArray()),
                    ("error_y", Node(("type", "data"), ("array", alone.Select(TwoErrors).ToArray()), ("thickness", 1), ("width", 3))),
                    ("marker", Node(("color", Palette.Blue), ("size", 8))),
                    ("text", report.Layers.Select(layer => HoverText(report, layer)).ToArray()), ("hovertemplate", "%{text}<extra></extra>")),
                Level("all together", report.Together.RootQnsr, Palette.Orange, "solid"),
                Level("if noises were independent", Math.Sqrt(report.SumOfRatios), Palette.Green, "dot"),
            ],
            ("title", Title(title)),
            ("xaxis", LayerAxis(report.Layers.Select(layer => layer.Layer), "y")),
            ("yaxis", LogAxis.Of("noise / signal at the output", alone.Append(report.Together).Select(noise => noise.RootQnsr))),
            ("meta", LayerLink.Of(report.Network, report.Layers.Select(layer => layer.Layer), "x")),
            ("legend", Node(("orientation", "h"), ("x", 0), ("y", 1.01), ("yanchor", "bottom"))),
            ("margin", Node(("t", TopMargin(title, 34)), ("b", 60), ("l", 60), ("r", 20))));

        Trace Level(string name, double height, string colour, string dash) => Trace("scatter",
            ("name", name), ("mode", "lines"), ("x", new[] { -0.6, alone.Length - 0.4 }), ("y", new[] { LogAxis.Value(height), LogAxis.Value(height) }),
            ("line", Node(("color", colour), ("dash", dash), ("width", 2))), ("hovertemplate", $"{name}: %{{y}}<extra></extra>"));
    }

    // d sqrt(r) = dr / (2 sqrt(r)); twice that.
    private static double? TwoErrors(OutputNoise noise) => noise.Ratio > 0 ? NumberText.Rounded(noise.RatioStandardError / noise.RootQnsr, 3) : null;

    private static string HoverText(SensitivityReport report, LayerSensitivity layer) =>
        $"<b>{Literal(LayerText.Described(layer.Layer))}</b><br>rQNSR {NumberText.Significant(layer.Output.RootQnsr)} = SQNR {NumberText.Significant(layer.Output.SqnrDecibels, 3)} dB"
        + $"<br>{NumberText.Percent(report.ShareOf(layer))} of the noise" + (layer.Output.Agreement is { } agreement ? $"<br>agreement {NumberText.Percent(agreement)}" : "");
}
