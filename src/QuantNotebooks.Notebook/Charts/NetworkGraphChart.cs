using Plotly.NET;
using QuantNotebooks.Equalization;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Sensitivity;
using QuantNotebooks.Shift;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>The network itself, layer by layer and branch by branch, coloured by what was measured of its layers.</summary>
public static class NetworkGraphChart
{
    private const int PixelsPerUnit = 48;
    private const int LongestLine = 11;

    // Cividis, which readers with any colour vision see as one ramp from dark to light (Nuñez, Anderton and Renslow, 2018).
    private static readonly object[] Scale =
        [.. new[] { "#00224e", "#35456c", "#666970", "#948e77", "#c8b866", "#fee838" }.Select((colour, index) => (object)new object[] { index / 5.0, colour })];

    /// <summary>Draws a measurement of the mean shift: MSSR, rQNSR, share, SQNR or weight ranges, to choose from.</summary>
    /// <param name="report">The measurement.</param>
    public static ChartFigure Of(MeanShiftReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return Of(report.Network, LayerMeasure.Of(report));
    }

    /// <summary>Draws a sensitivity: the noise that each layer makes alone.</summary>
    /// <param name="report">The measurement.</param>
    public static ChartFigure Of(SensitivityReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return Of(report.Network, LayerMeasure.Of(report));
    }

    /// <summary>Draws an equalization: weight ranges before and after, and factors.</summary>
    /// <param name="result">The equalization.</param>
    public static ChartFigure Of(EqualizationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return Of(result.Network, LayerMeasure.Of(result));
    }

    /// <summary>Draws a network, coloured by how unequal the weight ranges of each layer's channels are.</summary>
    /// <param name="network">The network.</param>
    public static ChartFigure Of(Network network) => Of(network, LayerMeasure.Of(network));

    /// <summary>Draws a network, coloured by any measures.</summary>
    /// <param name="network">The network.</param>
    /// <param name="measures">What to choose from; the first is shown first.</param>
    /// <exception cref="QuantNotebooksException">There is no measure.</exception>
    public static ChartFigure Of(Network network, params IReadOnlyList<LayerMeasure> measures)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(measures);
        if (measures.Count == 0) throw new QuantNotebooksException("A drawing of the network needs a measure to colour it by.");
        var layout = new GraphLayout(NetworkGraph.Of(network));
        var title = measures[0].Finding();
        const string reading = "The network from its input, left to right and row by row; a line over the nodes skips them, a dotted line runs on in the next row. Grey: nodes that are no "
            + "layers. In a live chart drag to zoom in, double-click to see all, and choose what the colours mean.";
        return new ChartFigure(title, reading, TopMargin(title, 34) + 24 + (int)(layout.Height * PixelsPerUnit), () => Build(network, measures, layout, title));
    }

    private static GenericChart Build(Network network, IReadOnlyList<LayerMeasure> measures, GraphLayout layout, string title)
    {
        var graph = NetworkGraph.Of(network);
        var nodes = Enumerable.Range(0, graph.Nodes.Length).ToArray();
        var paths = graph.Edges.Select(layout.Path).ToArray();
        var kinds = nodes.Where(node => graph.Nodes[node].Layer is not null).GroupBy(node => KindOf(graph.Nodes[node].Layer!)).OrderBy(kind => kind.Key.Order).ToArray();
        var traces = new List<Trace>
        {
            Lines("reads", paths.Where(path => !path.Wraps), "solid"),
            Lines("in the next row", paths.Where(path => path.Wraps), "dot"),
            Points("no layer", [.. nodes.Where(node => graph.Nodes[node].Layer is null)], ("color", Palette.Grey), ("size", 8), ("symbol", "square")),
        };
        var first = traces.Count;
        foreach (var kind in kinds)
            traces.Add(Points(kind.Key.Name, [.. kind], ("symbol", kind.Key.Symbol), ("size", kind.Key.Symbol == "diamond" ? 19 : 17), ("coloraxis", "coloraxis"),
                ("color", Colours(measures[0], kind, graph)), ("line", Node(("color", Palette.Grey), ("width", 1.2)))));
        traces.Add(Trace("scatter", ("mode", "text"), ("showlegend", false), ("x", nodes.Select(node => layout.Place(node).X).ToArray()),
            ("y", nodes.Select(node => layout.Place(node).Y - 0.28).ToArray()), ("text", nodes.Select(node => Label(graph.Nodes[node])).ToArray()),
            ("textposition", "bottom center"), ("textfont", Node(("size", 10))), ("hoverinfo", "skip")));
        return Chart(traces,
            ("title", Title(title)), ("coloraxis", ColourAxis(measures[0])), ("hovermode", "closest"),
            ("xaxis", Hidden(-0.8, layout.Columns - 0.2)), ("yaxis", Hidden(-layout.Height, 0.1)),
            ("meta", Node(("group", LayerLink.GroupOf(network)),
                ("places", nodes.Where(node => graph.Nodes[node].Layer is not null).DistinctBy(node => graph.Nodes[node].Name)
                    .ToDictionary(node => graph.Nodes[node].Name, node => new[] { layout.Place(node).X, layout.Place(node).Y })),
                ("choices", measures.Count < 2 ? null : Node(("label", "Colour"), ("items", measures.Select(measure => Node(
                    ("name", measure.Name), ("traces", Enumerable.Range(first, kinds.Length).ToArray()),
                    ("data", new Dictionary<string, object> { ["marker.color"] = kinds.Select(kind => Colours(measure, kind, graph)).ToArray() }),
                    ("layout", Change(measure)))).ToArray()))))),
            ("legend", Node(("orientation", "h"), ("x", 0), ("y", 1.0), ("yanchor", "bottom"))),
            ("margin", Node(("t", TopMargin(title, 34)), ("b", 16), ("l", 16), ("r", 20))));

        Trace Lines(string name, IEnumerable<(IReadOnlyList<(double X, double Y)> Corners, bool Wraps)> drawn, string dash)
        {
            var corners = drawn.SelectMany(path => path.Corners.Select(corner => ((double X, double Y)?)corner).Append(null)).ToArray();
            return Trace("scatter", ("name", name), ("mode", "lines"), ("showlegend", false), ("hoverinfo", "skip"), ("x", corners.Select(corner => corner?.X).ToArray()),
                ("y", corners.Select(corner => corner?.Y).ToArray()), ("line", Node(("color", Palette.Grey), ("width", 1.3), ("dash", dash))));
        }

        Trace Points(string name, int[] shown, params (string Name, object? Value)[] marker) => Trace("scatter",
            ("name", name), ("mode", "markers"), ("x", shown.Select(node => layout.Place(node).X).ToArray()), ("y", shown.Select(node => layout.Place(node).Y).ToArray()),
            ("marker", Node(marker)), ("customdata", shown.Select(node => graph.Nodes[node].Name).ToArray()),
            ("text", shown.Select(node => HoverText(graph.Nodes[node], measures)).ToArray()), ("hovertemplate", "%{text}<extra></extra>"));
    }

    private static (string Name, string Symbol, int Order) KindOf(Layer layer) => layer.Operator switch
    {
        LayerOperator.DepthwiseConv => ("depthwise", "diamond", 1),
        LayerOperator.Gemm or LayerOperator.MatMul => ("fully connected", "square", 2),
        _ => ("convolution", "circle", 0),
    };

    private static bool IsLogarithmic(LayerMeasure measure)
    {
        double[] known = [.. measure.Values.Values.Where(double.IsFinite)];
        return known.Length > 0 && known.Min() > 0 && known.Max() / known.Min() > 30;
    }

    private static double?[] Colours(LayerMeasure measure, IEnumerable<int> nodes, NetworkGraph graph)
    {
        var logarithmic = IsLogarithmic(measure);
        return [.. nodes.Select(node => measure.Values.TryGetValue(graph.Nodes[node].Name, out var value) ? NumberText.Rounded(logarithmic ? Math.Log10(value) : value) : null)];
    }

    private static (double Low, double High, double[] Ticks, string[] Texts) RangeOf(LayerMeasure measure)
    {
        double[] known = [.. measure.Values.Values.Where(double.IsFinite)];
        if (known.Length == 0) return (0, 1, [], []);
        var logarithmic = IsLogarithmic(measure);
        var (low, high) = logarithmic ? (Math.Log10(known.Min()), Math.Log10(known.Max())) : (known.Min(), known.Max());
        if (high <= low) high = low + Math.Max(Math.Abs(low), 1) * 1e-3;
        double[] ticks = [.. Enumerable.Range(0, 5).Select(step => low + step * (high - low) / 4)];
        return (low, high, ticks, [.. ticks.Select(tick => NumberText.Significant(logarithmic ? Math.Pow(10, tick) : tick, 2))]);
    }

    private static DynamicObj.DynamicObj ColourAxis(LayerMeasure measure)
    {
        var (low, high, ticks, texts) = RangeOf(measure);
        return Node(("colorscale", Scale), ("cmin", low), ("cmax", high), ("colorbar", Node(
            ("title", Node(("text", Literal(measure.Name)), ("side", "right"))), ("tickvals", ticks), ("ticktext", texts), ("thickness", 14), ("len", 0.9), ("x", 1.01))));
    }

    private static Dictionary<string, object> Change(LayerMeasure measure)
    {
        var (low, high, ticks, texts) = RangeOf(measure);
        return new Dictionary<string, object>
        {
            ["title.text"] = TitleText(measure.Finding()), ["coloraxis.cmin"] = low, ["coloraxis.cmax"] = high, ["coloraxis.colorbar.title.text"] = Literal(measure.Name),
            ["coloraxis.colorbar.tickvals"] = ticks, ["coloraxis.colorbar.ticktext"] = texts,
        };
    }

    private static Plotly.NET.LayoutObjects.LinearAxis Hidden(double low, double high) =>
        With(new Plotly.NET.LayoutObjects.LinearAxis(), ("visible", false), ("range", new[] { low, high }), ("zeroline", false), ("showgrid", false));

    // Two short lines below the node: its name, broken behind a dot or slash.
    private static string Label(GraphNode node)
    {
        if (node.Layer is null) return Literal(LayerText.Shortened(node.Operator, LongestLine - 1));
        if (node.Name.Length <= LongestLine) return Literal(node.Name);
        var at = node.Name.AsSpan(0, LongestLine).LastIndexOfAny("./_:-") + 1;
        if (at < 3) at = LongestLine;
        return $"{Literal(node.Name[..at])}<br>{Literal(LayerText.Shortened(node.Name[at..], LongestLine))}";
    }

    private static string HoverText(GraphNode node, IReadOnlyList<LayerMeasure> measures)
    {
        if (node.Layer is not { } layer) return $"<b>{Literal(node.Name)}</b><br>{Literal(node.Operator)}";
        var text = $"<b>{Literal(LayerText.Described(layer))}</b><br>weights {string.Join("×", layer.WeightShape)}, then {layer.Activation}";
        foreach (var measure in measures)
            if (measure.Values.TryGetValue(layer.Name, out var value)) text += $"<br>{Literal(measure.Name)}: {NumberText.Significant(value)}";
        return text;
    }
}
