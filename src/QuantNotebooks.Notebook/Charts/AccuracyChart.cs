using System.Collections.Immutable;
using Plotly.NET;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;
using QuantNotebooks.Notebook.Text;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>Networks side by side: accuracy as bars, full precision and chance as references.</summary>
public static class AccuracyChart
{
    private const double BarWidth = 0.62;

    /// <summary>Draws a comparison; without labels, the agreement with the full-precision network takes the place of accuracy.</summary>
    /// <param name="comparison">The comparison; rows without a value are named and have no bar.</param>
    /// <exception cref="QuantNotebooksException">The comparison has no rows.</exception>
    public static ChartFigure Of(Comparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        if (comparison.Rows.IsEmpty) throw new QuantNotebooksException("The comparison is empty: there is nothing to draw.");
        var hasAccuracy = comparison.Rows.Any(row => row.Result.Accuracy is not null);
        var bars = comparison.Rows
            .Select(row => new Bar(row.Name, hasAccuracy ? row.Result.Accuracy : row.Result.Agreement, hasAccuracy ? row.Result.FloatAccuracy : null, row.Result))
            .ToImmutableArray();
        var chance = hasAccuracy ? Chance(comparison) : null;
        var title = Finding(bars, hasAccuracy);
        var reading = hasAccuracy
            ? $"Each bar is the share of {(bars[0].Result.Metric == AccuracyMetric.Lines ? "lines read" : "images classified")} right; its upright mark is the same network in full precision, "
                + "so the distance between them is what quantization costs."
            : "The images have no labels: each bar is the share of images that the quantized network puts in the same class as the full-precision one.";
        if (chance is not null) reading += $" Guessing would get {NumberText.Percent(chance.Value)}.";
        return new ChartFigure(title, reading, TopMargin(title, 30) + 64 + Math.Max(2, bars.Length) * 38, () => Build(title, bars, chance, hasAccuracy));
    }

    private static string Finding(ImmutableArray<Bar> bars, bool hasAccuracy)
    {
        var known = bars.Where(bar => bar.Value is not null).ToArray();
        if (known.Length == 0) return "Neither accuracy nor agreement is known for these networks";
        var best = known.MaxBy(bar => bar.Value)!;
        var worst = known.MinBy(bar => bar.Value)!;
        var metric = hasAccuracy ? bars[0].Result.Metric.Text() : "agreement with full precision";
        var value = $"{NumberText.Percent(best.Value!.Value)} {metric}";
        if (best.Float is { } reference && best.Result.Scheme is not null)
        {
            // Between the figures that tables and bars show.
            var points = Math.Round(100 * best.Value.Value, 1) - Math.Round(100 * reference, 1);
            var difference = NumberText.Fixed(Math.Abs(points), 1);
            value += difference == "0.0" ? ", as in full precision" : $", {difference} points {(points < 0 ? "below" : "above")} full precision";
        }
        if (known.Length == 1) return $"{best.Name}: {value}";
        if (best.Value == worst.Value) return $"All reach the same: {value}";
        string[] first = [.. known.Where(bar => bar.Value == best.Value).Select(bar => $"'{bar.Name}'")];
        return $"Best {(first.Length == 1 ? "is" : "are")} {(first.Length > 3 ? $"{first[0]} and {first.Length - 1} more" : string.Join(" and ", first))}: {value}; "
            + $"last is '{worst.Name}': {NumberText.Percent(worst.Value!.Value)}";
    }

    private static double? Chance(Comparison comparison)
    {
        var chances = comparison.Rows
            .Select(row => row.Result.Network.Task?.Task is ClassificationTask task ? 1.0 / task.Labels.Count : (double?)null)
            .Distinct().ToArray();
        return chances is [{ } one] ? one : null;
    }

    private static GenericChart Build(string title, ImmutableArray<Bar> bars, double? chance, bool hasAccuracy)
    {
        int[] positions = [.. Enumerable.Range(0, bars.Length)];
        var traces = new List<Trace>
        {
            Trace("bar",
                ("orientation", "h"), ("name", hasAccuracy ? "quantized" : "agreement"), ("y", positions),
                ("x", bars.Select(bar => Percent(bar.Value)).ToArray()),
                ("marker", Node(("color", bars.Select(bar => bar.Result.Scheme is null ? Palette.Grey : Palette.Blue).ToArray()))),
                ("width", BarWidth), ("cliponaxis", false),
                ("text", bars.Select(bar => bar.Value is { } value ? NumberText.Percent(value, 2) : "not known").ToArray()), ("insidetextanchor", "start"), ("insidetextfont", Node(("color", "#ffffff"))),
                ("textposition", bars.Select(bar => bar.Value > 0.2 ? "inside" : "outside").ToArray()),
                ("hovertext", bars.Select(HoverText).ToArray()), ("hovertemplate", "%{hovertext}<extra></extra>")),
        };
        if (bars.Any(bar => bar.Float is not null))
            traces.Add(Trace("scatter",
                ("name", "full precision"), ("mode", "markers"), ("y", positions), ("x", bars.Select(bar => Percent(bar.Float)).ToArray()),
                ("marker", Node(("symbol", "line-ns"), ("size", 30), ("line", Node(("width", 3), ("color", Palette.Orange))))),
                ("hovertemplate", "full precision %{x:.2f} %<extra></extra>")));
        if (chance is { } level)
        {
            // Between the bars only: on them are their labels.
            double?[] ends = [-0.5, .. positions.SelectMany(position => new double?[] { position - BarWidth / 2, null, position + BarWidth / 2 }), bars.Length - 0.5];
            traces.Add(Trace("scatter",
                ("name", $"chance, {NumberText.Percent(level)}"), ("mode", "lines"),
                ("x", ends.Select(end => end is null ? (double?)null : 100 * level).ToArray()), ("y", ends),
                ("line", Node(("dash", "dot"), ("width", 2), ("color", Palette.Grey))), ("hoverinfo", "skip")));
        }
        return Chart(traces,
            ("title", Title(title)),
            ("xaxis", Axis(
                hasAccuracy ? MeasureOf(bars) : "agreement with the full-precision network, % of the images", 8,
                ("range", new[] { 0, 105 }), ("tickvals", new[] { 0, 20, 40, 60, 80, 100 }))),
            ("yaxis", Axis("", 8, ("range", new[] { bars.Length - 0.5, -0.5 }), ("tickmode", "array"), ("tickvals", positions),
                ("showgrid", false), ("zeroline", false),
                ("ticktext", bars.Select(bar => Literal(LayerText.Shortened(bar.Name, 36))).ToArray()))),
            ("legend", Node(("orientation", "h"), ("x", 0), ("y", 1.01), ("yanchor", "bottom"))),
            ("margin", Node(("t", TopMargin(title, 30)), ("b", 50), ("l", 60), ("r", 20))));
    }

    private static string MeasureOf(ImmutableArray<Bar> bars) => bars[0].Result.Metric == AccuracyMetric.Lines ? "lines read right, %" : "top-1 accuracy, % of the images";

    private static double? Percent(double? share) => share is { } value ? NumberText.Rounded(100 * value, 5) : null;

    private static string HoverText(Bar bar)
    {
        var lines = new List<string> { $"<b>{Literal(bar.Name)}</b>", bar.Result.Scheme?.ToString() ?? "full precision" };
        if (bar.Result.Accuracy is { } right) lines.Add($"{bar.Result.Metric.Text()} {NumberText.Percent(right, 2)}");
        if (bar.Result.FloatAccuracy is { } reference) lines.Add($"full precision {NumberText.Percent(reference, 2)}");
        if (bar.Result.Agreement is { } agreement) lines.Add($"agreement {NumberText.Percent(agreement, 2)}");
        if (bar.Result.SqnrDecibels is { } decibels) lines.Add($"SQNR of the output {NumberText.Significant(decibels, 3)} dB");
        lines.Add($"{NumberText.Count(bar.Result.Images.Count, "image")} of {Literal(bar.Result.Images.Name)}");
        return string.Join("<br>", lines);
    }

    private sealed record Bar(string Name, double? Value, double? Float, EvaluationResult Result);
}
