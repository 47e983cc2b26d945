using System.Collections.Immutable;
using Plotly.NET;
using QuantNotebooks.Equalization;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Pruning;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>Accuracy against sparsity, by plain and by factorized magnitude.</summary>
public static class PruningChart
{
    /// <summary>Draws a comparison; without labels the agreement with the network before takes the place of accuracy.</summary>
    /// <param name="report">The comparison.</param>
    /// <exception cref="QuantNotebooksException">Neither accuracy nor agreement is known.</exception>
    public static ChartFigure Of(PruningReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (report.Plain[0].Score is null) throw new QuantNotebooksException($"What '{report.Original.Name}' answers is not known, so there is no accuracy to draw.");
        const string reading = "Each point is a network whose smallest weights were set to zero, in full precision and without training. Bars: 95 % intervals over the images.";
        return new ChartFigure(report.Finding, reading, 420, () => Build(report));
    }

    private static GenericChart Build(PruningReport report)
    {
        var hasAccuracy = report.OriginalAccuracy is not null;
        var traces = new List<Trace>
        {
            Line(report, "plain magnitude", Palette.Orange, "dot", report.Plain),
            Line(report, $"factorized magnitude ({report.Options.Factorization!.Value.Text()})", Palette.Blue, "solid", report.Factorized),
        };
        if (report.OriginalAccuracy is { } original)
            traces.Add(Trace("scatter",
                ("name", "not pruned"), ("mode", "lines"), ("x", new[] { 0, 100 }), ("y", new[] { 100 * original, 100 * original }),
                ("line", Node(("color", Palette.Grey), ("dash", "dash"), ("width", 2))), ("hovertemplate", "not pruned: %{y:.2f} %<extra></extra>")));
        var what = !hasAccuracy ? "agreement with the network before, %" : $"{report.Metric.Text()}, %";
        return Chart(traces,
            ("title", Title(report.Finding)),
            ("xaxis", Axis("weights that are zero, %", 8, ("range", new[] { 0, 100 }))),
            ("yaxis", Axis(what, 8, ("range", new[] { 0, 105 }), ("zeroline", false))),
            ("legend", Node(("orientation", "h"), ("x", 0), ("y", 1.01), ("yanchor", "bottom"))),
            ("margin", Node(("t", TopMargin(report.Finding, 34)), ("b", 60), ("l", 60), ("r", 20))));
    }

    private static Trace Line(PruningReport report, string name, string colour, string dash, ImmutableArray<PruningPoint> points) => Trace("scatter",
        ("name", name), ("mode", "lines+markers"), ("x", points.Select(point => NumberText.Rounded(100 * point.Pruning.Sparsity)).ToArray()),
        ("y", points.Select(point => NumberText.Rounded(100 * point.Score!.Value)).ToArray()),
        ("error_y", Node(
            ("type", "data"), ("symmetric", false), ("thickness", 1), ("width", 3),
            ("array", points.Select(point => NumberText.Rounded(100 * (report.Interval(point).High - point.Score!.Value), 3)).ToArray()),
            ("arrayminus", points.Select(point => NumberText.Rounded(100 * (point.Score!.Value - report.Interval(point).Low), 3)).ToArray()))),
        ("line", Node(("color", colour), ("dash", dash), ("width", 2))), ("marker", Node(("color", colour), ("size", 7))),
        ("hovertemplate", $"{Literal(name)}<br>%{{x:.1f}} % zero: %{{y:.2f}} %<extra></extra>"));
}
