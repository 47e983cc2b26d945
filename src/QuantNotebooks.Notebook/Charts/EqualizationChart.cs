using Plotly.NET;
using QuantNotebooks.Equalization;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Text;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>How unequal the weight ranges of each layer's channels are before and after an equalization.</summary>
public static class EqualizationChart
{
    /// <summary>Draws an equalization.</summary>
    /// <param name="result">The equalization.</param>
    /// <exception cref="QuantNotebooksException">Nothing was scaled.</exception>
    public static ChartFigure Of(EqualizationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (result.IsUnchanged) throw new QuantNotebooksException($"In '{result.Network.Name}' nothing was scaled, so there is nothing to draw.");
        var (before, after) = (result.Network.Parent!.Layers, result.Network.Layers);
        var worst = before.Where(layer => !double.IsNaN(layer.WeightRangeRatio())).MaxBy(layer => layer.WeightRangeRatio())!;
        var title = $"{result.Network.Parent.Name}, {result.Method.Text()}: {worst.Name} from "
            + $"{NumberText.Significant(worst.WeightRangeRatio(), 3)} to {NumberText.Significant(after[worst.Index].WeightRangeRatio(), 3)} times the median range";
        const string Reading = "Largest |weight| of a layer over the median of its channels' largest |weight|. 1 is equal; each doubling costs the median channel one bit.";
        return new ChartFigure(title, Reading, 420, () => Build(title, result.Network, before, after));
    }

    private static GenericChart Build(string title, Network network, IReadOnlyList<Layer> before, IReadOnlyList<Layer> after) => Chart(
        [Line("before", Palette.Orange, "dot", before), Line("after", Palette.Blue, "solid", after)],
        ("title", Title(title)),
        ("xaxis", LayerAxis(before, "y")),
        ("yaxis", LogAxis.Of("largest / median range", before.Concat(after).Select(layer => layer.WeightRangeRatio()))),
        ("meta", LayerLink.Of(network, before, "x")),
        ("legend", Node(("orientation", "h"), ("x", 0), ("y", 1.01), ("yanchor", "bottom"))),
        ("margin", Node(("t", TopMargin(title, 34)), ("b", 60), ("l", 60), ("r", 20))));

    private static Trace Line(string name, string colour, string dash, IReadOnlyList<Layer> layers) => Trace("scatter",
        ("name", name), ("mode", "lines+markers"), ("x", Enumerable.Range(0, layers.Count).ToArray()),
        ("y", layers.Select(layer => LogAxis.Value(layer.WeightRangeRatio())).ToArray()),
        ("line", Node(("color", colour), ("dash", dash), ("width", 2))), ("marker", Node(("color", colour), ("size", 6))),
        ("text", layers.Select(layer => $"<b>{Literal(LayerText.Described(layer))}</b><br>{name}: {NumberText.Significant(layer.WeightRangeRatio())}").ToArray()),
        ("hovertemplate", "%{text}<extra></extra>"));
}
