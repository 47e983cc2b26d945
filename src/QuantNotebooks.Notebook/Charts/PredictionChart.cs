using Plotly.NET;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Shift;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>The first-order prediction of each channel's shift, (Wq - W) E[x], against what its own weights were measured to do.</summary>
public static class PredictionChart
{
    private const int MostPoints = 1500;

    /// <summary>Draws a measurement; channels in units of their sigma, so that all layers fit one picture.</summary>
    /// <param name="report">The measurement, with the split.</param>
    /// <exception cref="QuantNotebooksException">The split was not measured, or no channel varies.</exception>
    public static ChartFigure Of(MeanShiftReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var points = new List<Point>();
        foreach (var layer in report.Layers)
        {
            if (layer.Split is not { } split)
                throw new QuantNotebooksException($"The shifts of '{report.Network.Name}' were not taken apart: measure with MeanShiftOptions {{ Split = true }} (--split).");
            for (var channel = 0; channel < split.Channels.Length; channel++)
                if (layer.Before.Channels[channel] is { IsConstant: false } figures)
                    points.Add(new Point(layer, channel, split.Channels[channel].PredictedWeights / figures.Sigma, split.Channels[channel].Weights / figures.Sigma));
        }
        if (points.Count == 0) throw new QuantNotebooksException($"'{report.Network.Name}' has no channel that varies: there is nothing to draw.");
        var correlation = Correlation(points);
        var title = $"The prediction (Wq - W) E[x] follows the measured shift of own weights: correlation {NumberText.Significant(correlation, 4)} over {NumberText.Count(points.Count, "channel")}";
        var reading = "On the line prediction and measurement are the same. The prediction needs one mean an input channel and no quantized run; it misses where the border of a padded map weighs.";
        if (points.Count > MostPoints) reading += $" {NumberText.Count(MostPoints)} channels are drawn: every {NumberText.Significant((double)points.Count / MostPoints, 2)}th by size and all the largest.";
        return new ChartFigure(title, reading, 520, () => Build(title, Thinned(points)));
    }

    /// <summary>Pearson's correlation of prediction and measurement, both in sigmas; NaN where one does not vary.</summary>
    private static double Correlation(List<Point> points)
    {
        var (meanX, meanY) = (points.Average(point => point.Predicted), points.Average(point => point.Measured));
        var (xy, xx, yy) = (0.0, 0.0, 0.0);
        foreach (var point in points)
        {
            var (x, y) = (point.Predicted - meanX, point.Measured - meanY);
            (xy, xx, yy) = (xy + x * y, xx + x * x, yy + y * y);
        }
        return xx > 0 && yy > 0 ? xy / Math.Sqrt(xx * yy) : double.NaN;
    }

    // The largest shifts are what the eye looks for; the crowd near zero is thinned evenly.
    private static List<Point> Thinned(List<Point> points)
    {
        if (points.Count <= MostPoints) return points;
        var bySize = points.OrderByDescending(point => Math.Abs(point.Measured)).ToList();
        var (largest, rest) = (bySize[..(MostPoints / 3)], bySize[(MostPoints / 3)..]);
        var wanted = MostPoints - largest.Count;
        return [.. largest, .. Enumerable.Range(0, wanted).Select(index => rest[(int)((long)index * rest.Count / wanted)])];
    }

    private static GenericChart Build(string title, List<Point> points)
    {
        var reach = NumberText.Rounded(1.05 * points.Max(point => Math.Max(Math.Abs(point.Predicted), Math.Abs(point.Measured))), 3)!.Value;
        if (reach == 0) reach = 1;
        return Chart(
            [
                Trace("scatter", ("name", "the same"), ("mode", "lines"), ("x", new[] { -reach, reach }), ("y", new[] { -reach, reach }), ("hoverinfo", "skip"),
                    ("line", Node(("color", Palette.Grey), ("dash", "dot"), ("width", 1.5)))),
                .. points.GroupBy(point => point.Layer.Layer.Operator == Networks.LayerOperator.DepthwiseConv).OrderBy(group => group.Key).Select(group => Trace("scatter",
                    ("name", group.Key ? "channels of depthwise layers" : "channels of other layers"), ("mode", "markers"),
                    ("x", group.Select(point => NumberText.Rounded(point.Predicted, 3)).ToArray()), ("y", group.Select(point => NumberText.Rounded(point.Measured, 3)).ToArray()),
                    ("marker", Node(("size", 5), ("opacity", 0.6), ("color", group.Key ? Palette.Orange : Palette.Blue), ("symbol", group.Key ? "diamond" : "circle"))),
                    ("text", group.Select(point => Literal(point.Layer.Name) + ", channel " + NumberText.Count(point.Channel)).ToArray()),
                    ("hovertemplate", "%{text}<br>predicted %{x} σ<br>measured %{y} σ<extra></extra>"))),
            ],
            ("title", Title(title)),
            ("xaxis", Axis("predicted shift of own weights, σ", 8, ("range", new[] { -reach, reach }))),
            ("yaxis", Axis("measured, σ", 8, ("range", new[] { -reach, reach }))),
            ("hovermode", "closest"),
            ("legend", Node(("orientation", "h"), ("x", 0), ("y", 1.01), ("yanchor", "bottom"))),
            ("margin", Node(("t", TopMargin(title, 34)), ("b", 60), ("l", 70), ("r", 20))));
    }

    private sealed record Point(LayerShift Layer, int Channel, double Predicted, double Measured);
}
