using Plotly.NET;
using QuantNotebooks.Correction;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Shift;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>Each channel's predicted shift against what its own weights were measured to do.</summary>
public static class PredictionChart
{
    private const int MostPoints = 1500;

    private static readonly string[] Colours = [Palette.Blue, Palette.Orange, Palette.Grey];

    private static readonly string[] Symbols = ["circle", "diamond", "square", "cross", "triangle-up"];

    /// <summary>Draws the first-order prediction, (Wq - W) E[x], of a measurement; channels in units of their sigma, so that all layers fit one picture.</summary>
    /// <param name="report">The measurement, with the split.</param>
    /// <exception cref="QuantNotebooksException">The split was not measured, or no channel varies.</exception>
    public static ChartFigure Of(MeanShiftReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var layers = report.Layers.Select(layer => layer.Split is { } split
            ? new LayerPrediction(
                layer.Layer, [.. split.Channels.Select(channel => channel.PredictedWeights)], [.. split.Channels.Select(channel => channel.Weights)],
                [.. layer.Before.Channels.Select(channel => channel.IsConstant ? double.NaN : channel.Sigma)])
            : throw new QuantNotebooksException($"The shifts of '{report.Network.Name}' were not taken apart: measure with MeanShiftOptions {{ Split = true }} (--split)."));
        Func<Point, bool> isDepthwise = point => point.Layer.Layer.Operator == LayerOperator.DepthwiseConv;
        var hasDepthwise = report.Network.Layers.Any(layer => layer.Operator == LayerOperator.DepthwiseConv);
        return Draw(
            report.Network, new ShiftPredictions([.. layers]), "The prediction (Wq - W) E[x] follows the measured shift of own weights",
            "On the line prediction and measurement are the same. The prediction needs one mean an input channel and no quantized run; it misses where the border of a padded map weighs.",
            [point => !isDepthwise(point), isDepthwise], [hasDepthwise ? "channels of other layers" : "channels", "channels of depthwise layers"]);
    }

    /// <summary>Draws what an analytic correction took from batch normalization alone, one trace a layer.</summary>
    /// <param name="correction">An analytic correction.</param>
    /// <exception cref="QuantNotebooksException">The correction is of another method, or no channel varies.</exception>
    public static ChartFigure Of(CorrectionResult correction)
    {
        ArgumentNullException.ThrowIfNull(correction);
        if (correction.Predictions is not { } predictions)
            throw new QuantNotebooksException($"The {correction.Method} correction of '{correction.Network.Name}' predicts nothing: correct analytically.");
        return Draw(
            correction.Network.Parent ?? correction.Network, predictions, "Batch normalization's statistics predict the shift that images show of own weights",
            "On the line prediction and measurement are the same. Every layer is a trace: double-click its name to see it alone.",
            [.. predictions.Layers.Select(layer => (Func<Point, bool>)(point => point.Layer == layer))], [.. predictions.Layers.Select(layer => layer.Layer.Name)]);
    }

    private static ChartFigure Draw(Network network, ShiftPredictions predictions, string claim, string reading, Func<Point, bool>[] groups, string[] names)
    {
        List<Point> points = [.. predictions.Channels.Select(channel => new Point(channel.Layer, channel.Channel, channel.Predicted, channel.Measured))];
        if (points.Count == 0) throw new QuantNotebooksException($"'{network.Name}' has no channel that varies: there is nothing to draw.");
        var title = $"{claim}: correlation {NumberText.Significant(predictions.Correlation, 4)} over {NumberText.Count(points.Count, "channel")}";
        if (points.Count > MostPoints) reading += $" {NumberText.Count(MostPoints)} channels are drawn: every {NumberText.Significant((double)points.Count / MostPoints, 2)}th by size and all the largest.";
        return new ChartFigure(title, reading, 520, () => Build(title, Thinned(points), groups, names));
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

    private static GenericChart Build(string title, List<Point> points, Func<Point, bool>[] groups, string[] names)
    {
        var reach = NumberText.Rounded(1.05 * points.Max(point => Math.Max(Math.Abs(point.Predicted), Math.Abs(point.Measured))), 3)!.Value;
        if (reach == 0) reach = 1;
        return Chart(
            [
                Trace("scatter", ("name", "the same"), ("mode", "lines"), ("x", new[] { -reach, reach }), ("y", new[] { -reach, reach }), ("hoverinfo", "skip"),
                    ("line", Node(("color", Palette.Grey), ("dash", "dot"), ("width", 1.5)))),
                .. groups.Select((belongs, index) => (Points: points.Where(belongs).ToList(), Index: index)).Where(group => group.Points.Count > 0).Select(group => Trace("scatter",
                    ("name", Literal(names[group.Index])), ("mode", "markers"),
                    ("x", group.Points.Select(point => NumberText.Rounded(point.Predicted, 3)).ToArray()), ("y", group.Points.Select(point => NumberText.Rounded(point.Measured, 3)).ToArray()),
                    ("marker", Node(("size", 5), ("opacity", 0.6), ("color", Colours[group.Index % Colours.Length]), ("symbol", Symbols[group.Index % Symbols.Length]))),
                    ("text", group.Points.Select(point => Literal(point.Layer.Layer.Name) + ", channel " + NumberText.Count(point.Channel)).ToArray()),
                    ("hovertemplate", "%{text}<br>predicted %{x} σ<br>measured %{y} σ<extra></extra>"))),
            ],
            ("title", Title(title)),
            ("xaxis", Axis("predicted shift of own weights, σ", 8, ("range", new[] { -reach, reach }))),
            ("yaxis", Axis("measured, σ", 8, ("range", new[] { -reach, reach }))),
            ("hovermode", "closest"),
            ("legend", groups.Length > 2 ? Node(("font", Node(("size", 10)))) : Node(("orientation", "h"), ("x", 0), ("y", 1.01), ("yanchor", "bottom"))),
            ("margin", Node(("t", TopMargin(title, 34)), ("b", 60), ("l", 70), ("r", 20))));
    }

    private sealed record Point(LayerPrediction Layer, int Channel, double Predicted, double Measured);
}
