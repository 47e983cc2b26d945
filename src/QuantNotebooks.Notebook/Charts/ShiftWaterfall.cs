using Plotly.NET;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Shift;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>One channel's mean shift built up from its parts: own weights, own input rounding, inherited.</summary>
public static class ShiftWaterfall
{
    /// <summary>Draws one channel of a measured layer.</summary>
    /// <param name="layer">The layer, measured with the split.</param>
    /// <param name="channel">The channel; null for the one whose shift is largest beside its sigma.</param>
    /// <exception cref="QuantNotebooksException">The split was not measured, or there is no such channel.</exception>
    public static ChartFigure Of(LayerShift layer, int? channel = null)
    {
        ArgumentNullException.ThrowIfNull(layer);
        if (layer.Split is not { } split)
            throw new QuantNotebooksException($"The shift of '{layer.Name}' was not taken apart: measure it with MeanShiftOptions {{ Split = true }} (--split).");
        var index = channel ?? layer.Before.LargestShiftChannel ?? 0;
        if (index < 0 || index >= split.Channels.Length)
            throw new QuantNotebooksException($"'{layer.Name}' has no channel {index}: it has {NumberText.Count(split.Channels.Length, "channel")}, from 0.");
        var (parts, figures) = (split.Channels[index], layer.Before.Channels[index]);
        (string Name, string Label, double Value)[] steps =
        [
            ("own weights", "own weights<br>E[y(x,Wq) - y(x,W)]", parts.Weights),
            ("the rounding of its input", "own input rounding<br>E[y(x^,Wq) - y(x,Wq)]", parts.InputRounding),
            ("what it inherits", "inherited<br>E[y(xq,Wq) - y(x^,Wq)]", parts.Inherited),
        ];
        var largest = steps.MaxBy(step => Math.Abs(step.Value));
        var title = $"{layer.Name}, channel {NumberText.Count(index)}: shift {NumberText.Significant(figures.MeanShift, 3)}"
            + (figures.IsConstant ? "" : $" = {NumberText.Significant(figures.ShiftInSigmas, 3)} σ") + $", most of it from {largest.Name} ({NumberText.Significant(largest.Value, 3)})";
        const string reading = "Each bar starts where the one before ends; the last is their sum, the channel's measured mean shift before the activation. Its mark spans two standard errors either way.";
        return new ChartFigure(title, reading, 400, () => Build(title, steps, figures));
    }

    private static GenericChart Build(string title, (string Name, string Label, double Value)[] steps, ChannelShift figures)
    {
        var bases = new double[steps.Length];
        for (var step = 1; step < steps.Length; step++) bases[step] = bases[step - 1] + steps[step - 1].Value;
        return Chart(
            [
                Trace("bar",
                    ("name", "parts"), ("x", new[] { 0, 1, 2 }), ("y", steps.Select(step => NumberText.Rounded(step.Value)).ToArray()),
                    ("base", bases.Select(value => NumberText.Rounded(value)).ToArray()), ("width", 0.6),
                    ("marker", Node(("color", steps.Select(step => step.Value < 0 ? Palette.Blue : Palette.Orange).ToArray()))),
                    ("text", steps.Select(step => Signed(step.Value)).ToArray()), ("textposition", "outside"), ("cliponaxis", false),
                    ("hovertemplate", "%{text}<extra></extra>")),
                Trace("bar",
                    ("name", "mean shift"), ("x", new[] { 3 }), ("y", new[] { NumberText.Rounded(figures.MeanShift) }), ("width", 0.6), ("marker", Node(("color", Palette.Green))),
                    ("text", new[] { Signed(figures.MeanShift) }), ("textposition", "auto"), ("insidetextanchor", "middle"), ("cliponaxis", false), ("hovertemplate", "%{text}<extra></extra>")),
                Trace("scatter",
                    ("mode", "markers"), ("x", new[] { 3 }), ("y", new[] { NumberText.Rounded(figures.MeanShift) }), ("showlegend", false), ("hoverinfo", "skip"),
                    ("marker", Node(("size", 4), ("color", Palette.Grey))),
                    ("error_y", Node(("type", "data"), ("array", new[] { NumberText.Rounded(2 * figures.StandardError, 3) }), ("thickness", 1.5), ("width", 6), ("color", Palette.OnBars)))),
            ],
            ("title", Title(title)), ("barmode", "overlay"), ("showlegend", false),
            ("xaxis", Axis("", 8, ("tickvals", new[] { 0, 1, 2, 3 }), ("ticktext", steps.Select(step => step.Label).Append("mean shift<br>E[q - y]").ToArray()),
                ("range", new[] { -0.6, 3.6 }), ("showgrid", false), ("zeroline", false))),
            ("yaxis", Axis("shift, in units of the activation", 8, ("exponentformat", "power"))),
            ("margin", Node(("t", TopMargin(title, 24)), ("b", 60), ("l", 70), ("r", 20))));
    }

    private static string Signed(double value) => (value > 0 ? "+" : "") + NumberText.Significant(value, 3);
}
