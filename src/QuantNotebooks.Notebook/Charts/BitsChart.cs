using System.Collections.Immutable;
using Plotly.NET;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Experiments;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Quantization;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>Accuracy against bits for several methods.</summary>
public static class BitsChart
{
    private static readonly string[] Colours = [Palette.Blue, Palette.Orange, Palette.Green, "#b0589a", "#8c6d1f", "#4c72b0", Palette.Grey];
    private static readonly string[] Symbols = ["circle", "diamond", "square", "triangle-up", "triangle-down", "x", "cross"];

    /// <summary>Draws a comparison in which names stand for methods and their schemes differ in bits.</summary>
    /// <param name="comparison">
    /// Rows with accuracies; those of one name make one line over its schemes' weight bits. Rows in full precision and rows without an accuracy give no point.
    /// </param>
    /// <exception cref="QuantNotebooksException">No row has an accuracy and bits.</exception>
    public static ChartFigure Of(Comparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        return Of("", [.. comparison.Rows
            .Where(row => row.Result is { Accuracy: not null, Scheme.WeightBits: not null })
            .Select(row => new Point(
                row.Name, row.Result.Scheme!.WeightBits!.Value, row.Result.Scheme, row.Result.Accuracy!.Value, row.Result.FloatAccuracy, row.Result.Interval!.Value, row.Result.Images.Count))]);
    }

    /// <summary>Draws the experiments of one network; of methods that were run with several seeds, the mean over seeds.</summary>
    /// <param name="network">What to call the network.</param>
    /// <param name="results">Its results; those in floating point and those without an accuracy give no point.</param>
    /// <exception cref="QuantNotebooksException">No result has an accuracy and bits.</exception>
    public static ChartFigure Of(string network, ImmutableArray<ExperimentResult> results)
    {
        ArgumentNullException.ThrowIfNull(network);
        var schemes = results.Select(row => row.Scheme).Distinct().ToArray();
        // Two schemes of the same bits make two lines a method.
        var ambiguous = schemes.GroupBy(scheme => scheme.WeightBits).Any(group => group.Count() > 1);
        return Of(network + ", ", [.. results
            .Where(row => row is { Accuracy: not null, Scheme.WeightBits: not null })
            .GroupBy(row => (row.Method, row.Scheme))
            .Select(seeds => new Point(
                ambiguous ? $"{seeds.Key.Method}, {(seeds.Key.Scheme with { WeightBits = null }).ToString().Replace("Wfloat", "", StringComparison.Ordinal)}" : seeds.Key.Method,
                seeds.Key.Scheme.WeightBits!.Value, seeds.Key.Scheme, seeds.Average(row => row.Accuracy!.Value), seeds.First().FloatAccuracy,
                WilsonInterval.Of(seeds.Average(row => row.Accuracy!.Value), seeds.First().Images), seeds.First().Images))]);
    }

    private static ChartFigure Of(string subject, List<Point> points)
    {
        if (points.Count == 0) throw new QuantNotebooksException("No row has an accuracy and a number of bits: there is nothing to draw.");
        var fewest = points.Min(point => point.Bits);
        var best = points.Where(point => point.Bits == fewest).MaxBy(point => point.Accuracy)!;
        var worst = points.Where(point => point.Bits == fewest).MinBy(point => point.Accuracy)!;
        var title = $"{(subject.Length == 0 ? "At" : subject + "at")} {NumberText.Count(fewest, "bit")}{(subject.Length == 0 ? "" : ":")} '{best.Method}' keeps {NumberText.Percent(best.Accuracy)}"
            + (best.Method == worst.Method ? "" : $", '{worst.Method}' {NumberText.Percent(worst.Accuracy)}");
        var reading = "Marks span the 95 % interval of each accuracy (Wilson), over the test images. The dotted line is full precision."
            + (points.DistinctBy(point => point.Method).Count() > 1 ? " Where the lines part, the method matters." : "");
        return new ChartFigure(title, reading, 440, () => Build(title, points));
    }

    private static GenericChart Build(string title, List<Point> points)
    {
        var bits = points.Select(point => point.Bits).Distinct().Order().ToArray();
        var traces = points.GroupBy(point => point.Method).Select((method, index) => Line(method.Key, [.. method.OrderBy(point => point.Bits)], index)).ToList();
        if (points.Select(point => point.Float).OfType<double>().Distinct().ToArray() is [var reference])
            traces.Add(Trace("scatter", ("name", $"full precision, {NumberText.Percent(reference)}"), ("mode", "lines"), ("hoverinfo", "skip"),
                ("x", new[] { bits[0] - 0.3, bits[^1] + 0.3 }), ("y", new[] { 100 * reference, 100 * reference }), ("line", Node(("color", Palette.Grey), ("dash", "dot"), ("width", 2)))));
        return Chart(traces,
            ("title", Title(title)),
            ("xaxis", Axis(points.All(point => point.Scheme.ActivationBits == point.Bits) ? "bits of weights and activations" : "bits of the weights", 8, ("tickvals", bits), ("range", new[] { bits[0] - 0.4, bits[^1] + 0.4 }))),
            ("yaxis", Axis("accuracy, % of the images", 8)),
            ("legend", Node(("orientation", "h"), ("x", 0), ("y", 1.01), ("yanchor", "bottom"))),
            ("margin", Node(("t", TopMargin(title, 54)), ("b", 56), ("l", 60), ("r", 20))));
    }

    private static Trace Line(string method, Point[] points, int index) => Trace("scatter",
        ("name", Literal(method)), ("mode", "lines+markers"), ("x", points.Select(point => point.Bits + Offset(index)).ToArray()),
        ("y", points.Select(point => NumberText.Rounded(100 * point.Accuracy, 4)).ToArray()),
        ("line", Node(("color", Colours[index % Colours.Length]), ("width", 2))),
        ("marker", Node(("color", Colours[index % Colours.Length]), ("symbol", Symbols[index % Symbols.Length]), ("size", 8))),
        ("error_y", Node(("type", "data"), ("symmetric", false), ("thickness", 1), ("width", 4),
            ("array", points.Select(point => NumberText.Rounded(100 * (point.Interval.High - point.Accuracy), 3)).ToArray()),
            ("arrayminus", points.Select(point => NumberText.Rounded(100 * (point.Accuracy - point.Interval.Low), 3)).ToArray()))),
        ("text", points.Select(point => $"<b>{Literal(method)}</b>, {Literal(point.Scheme.ToString())}<br>{NumberText.Percent(point.Accuracy, 2)}, 95 % between "
            + $"{NumberText.Percent(point.Interval.Low)} and {NumberText.Percent(point.Interval.High)}<br>{NumberText.Count(point.Images, "image")}").ToArray()),
        ("hovertemplate", "%{text}<extra></extra>"));

    // Side by side, so that intervals of methods that come out alike can be told apart.
    private static double Offset(int index) => Math.Round(0.05 * ((index + 1) / 2) * (index % 2 == 0 ? 1 : -1), 3);

    private sealed record Point(string Method, int Bits, QuantizationScheme Scheme, double Accuracy, double? Float, WilsonInterval Interval, int Images);
}
