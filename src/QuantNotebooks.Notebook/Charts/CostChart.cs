using System.Collections.Immutable;
using Plotly.NET;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Notebook.Text;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>What a method reaches and what it costs.</summary>
/// <param name="Method">Its name.</param>
/// <param name="Seconds">Processor seconds that it took; above zero.</param>
/// <param name="Accuracy">Share of images answered right, 0 to 1.</param>
/// <param name="Interval">Its interval, or null.</param>
public sealed record MethodCost(string Method, double Seconds, double Accuracy, WilsonInterval? Interval = null);

/// <summary>Accuracy against cost: the methods that no other beats in both.</summary>
public static class CostChart
{
    /// <summary>Draws methods that were measured on the same network, scheme and images.</summary>
    /// <exception cref="QuantNotebooksException">There are none, or a time is not above zero.</exception>
    public static ChartFigure Of(params IEnumerable<MethodCost> methods)
    {
        ArgumentNullException.ThrowIfNull(methods);
        ImmutableArray<MethodCost> all = [.. methods.OrderBy(method => method.Seconds)];
        if (all.IsEmpty) throw new QuantNotebooksException("There is no method to draw.");
        if (all.FirstOrDefault(method => !(method.Seconds > 0)) is { } bad)
            throw new QuantNotebooksException($"The time of '{bad.Method}' is {NumberText.Significant(bad.Seconds)} s; a cost is above zero.");
        var front = Front(all);
        var (best, cheap) = (front[^1], front[0]);
        var title = best == cheap ? $"'{best.Method}' is best and cheapest: {NumberText.Percent(best.Accuracy)}"
            : $"'{best.Method}' reaches {NumberText.Percent(best.Accuracy)} for {NumberText.Significant(best.Seconds / cheap.Seconds, 2)} times the cost of '{cheap.Method}' ({NumberText.Percent(cheap.Accuracy)})";
        var reading = "Up is better, left is cheaper; the scale of cost is logarithmic. " + (front.Length == 1
            ? "The diamond is the method that no other beats in both; each of the rest costs more and got no more."
            : "The line joins the methods that no other beats in both, the diamonds; each of the rest costs more than one of them and got no more.");
        return new ChartFigure(title, reading, 440, () => Build(title, all, front));
    }

    /// <summary>The methods than which none is both cheaper and at least as good, cheapest first.</summary>
    private static ImmutableArray<MethodCost> Front(ImmutableArray<MethodCost> bySeconds)
    {
        var front = ImmutableArray.CreateBuilder<MethodCost>();
        foreach (var method in bySeconds)
            if (front.Count == 0 || method.Accuracy > front[^1].Accuracy) front.Add(method);
        return front.ToImmutable();
    }

    private static GenericChart Build(string title, ImmutableArray<MethodCost> methods, ImmutableArray<MethodCost> front)
    {
        var (costs, shares) = (RangeOf(methods.Select(method => Math.Log10(method.Seconds))), RangeOf(methods.SelectMany(Shown)));
        var places = PointLabels.Of([.. methods.Select(method => (
            method.Method, Along(costs, Math.Log10(method.Seconds)), Along(shares, 100 * method.Accuracy), Along(shares, Shown(method)[1]), Along(shares, Shown(method)[2])))],
            [.. front.Select(method => (Along(costs, Math.Log10(method.Seconds)), Along(shares, 100 * method.Accuracy)))]);
        return Chart(
        [
            Trace("scatter", ("name", "best for its cost"), ("mode", "lines"), ("hoverinfo", "skip"), ("x", front.Select(method => method.Seconds).ToArray()),
                ("y", front.Select(method => 100 * method.Accuracy).ToArray()), ("line", Node(("color", Palette.Grey), ("dash", "dot"), ("width", 1.5)))),
            Trace("scatter", ("name", "methods"), ("mode", "markers+text"), ("x", methods.Select(method => NumberText.Rounded(method.Seconds)).ToArray()),
                ("y", methods.Select(method => NumberText.Rounded(100 * method.Accuracy)).ToArray()),
                ("text", methods.Select(method => Literal(method.Method)).ToArray()), ("textposition", places), ("cliponaxis", false),
                ("marker", Node(("size", 10), ("color", methods.Select(method => front.Contains(method) ? Palette.Orange : Palette.Blue).ToArray()),
                    ("symbol", methods.Select(method => front.Contains(method) ? "diamond" : "circle").ToArray()))),
                ("error_y", Node(("type", "data"), ("symmetric", false), ("thickness", 1), ("width", 4), ("color", Palette.Grey),
                    ("array", methods.Select(method => NumberText.Rounded(100 * ((method.Interval?.High ?? method.Accuracy) - method.Accuracy), 3)).ToArray()),
                    ("arrayminus", methods.Select(method => NumberText.Rounded(100 * (method.Accuracy - (method.Interval?.Low ?? method.Accuracy)), 3)).ToArray()))),
                ("hovertemplate", "<b>%{text}</b><br>%{y:.2f} % in %{x:.3g} s<extra></extra>")),
        ],
        ("title", Title(title)), ("showlegend", false),
        ("xaxis", With(Axis("cost, processor seconds", 8), ("type", "log"), ("exponentformat", "none"), ("range", new[] { costs.Low, costs.High }))),
        ("yaxis", With(Axis("accuracy, % of the images", 8), ("range", new[] { shares.Low, shares.High }))),
        ("margin", Node(("t", TopMargin(title, 34)), ("b", 56), ("l", 60), ("r", 40))));
    }

    /// <summary>Accuracy with its interval, in percent.</summary>
    private static double[] Shown(MethodCost method) => [100 * method.Accuracy, 100 * (method.Interval?.Low ?? method.Accuracy), 100 * (method.Interval?.High ?? method.Accuracy)];

    /// <summary>The values with a tenth of their span on either side, where names have room.</summary>
    private static (double Low, double High) RangeOf(IEnumerable<double> values)
    {
        var (low, high) = (values.Min(), values.Max());
        var room = high > low ? 0.1 * (high - low) : 0.5;
        return (low - room, high + room);
    }

    private static double Along((double Low, double High) range, double value) => (value - range.Low) / (range.High - range.Low);
}
