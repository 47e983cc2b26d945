using Plotly.NET;
using QuantNotebooks.Equalization;
using QuantNotebooks.Notebook.Text;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>How cross-layer equalization came to its factors.</summary>
public static class ConvergenceChart
{
    /// <summary>Draws an equalization that found factors by cross-layer equalization.</summary>
    /// <exception cref="QuantNotebooksException">Its factors were not found in rounds.</exception>
    public static ChartFigure Of(EqualizationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        var moves = result.Convergence;
        if (moves.IsEmpty) throw new QuantNotebooksException($"The factors of '{result.Network.Name}' ({result.Method.Text()}) were not found in rounds: only cross-layer equalization converges.");
        var title = $"After {NumberText.Count(moves.Length, "round")} no factor is off by more than {NumberText.Percent(Math.Max(Math.Exp(moves[^1]) - 1, 1e-5), 3)}";
        const string reading = "By how much the factor furthest from its place was still off, round by round. In each round the largest weights are found anew and all factors solved for together; "
            + "a step up means that another weight became a channel's largest.";
        return new ChartFigure(title, reading, 380, () => Chart(
            [
                Trace("scatter", ("name", "largest |log factor| to go"), ("mode", "lines+markers"), ("x", Enumerable.Range(1, moves.Length).ToArray()),
                    ("y", moves.Select(LogAxis.Value).ToArray()), ("line", Node(("color", Palette.Blue), ("width", 2))), ("marker", Node(("color", Palette.Blue), ("size", 7))),
                    ("hovertemplate", "round %{x}: off by %{y} in the logarithm<extra></extra>")),
            ],
            ("title", Title(title)),
            ("xaxis", Axis("round", 8, ("rangemode", "tozero"))),
            ("yaxis", LogAxis.Of("largest |log factor| to go", moves)),
            ("margin", Node(("t", TopMargin(title, 24)), ("b", 50), ("l", 70), ("r", 20)))));
    }
}
