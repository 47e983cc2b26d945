using System.Text;
using DynamicObj;
using Plotly.NET;
using Plotly.NET.LayoutObjects;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>Plotly figures from Plotly.NET's own objects, with the attributes that its C# layer has no words for set by name.</summary>
internal static class PlotlyNode
{
    private const int TitleWidth = 74;
    private const int LineHeight = 20;

    /// <summary>A nested object of attributes.</summary>
    public static DynamicObj.DynamicObj Node(params (string Name, object? Value)[] attributes) => With(new DynamicObj.DynamicObj(), attributes);

    public static Trace Trace(string type, params (string Name, object? Value)[] attributes) => With(new Trace(type), attributes);

    public static LinearAxis Axis(string title, int standoff, params (string Name, object? Value)[] attributes) =>
        With(With(new LinearAxis(), ("title", Node(("text", title), ("standoff", standoff))), ("automargin", true)), attributes);

    /// <summary>Layers from left to right by their position, named along the axis; of many layers every so many, as names fit at 800 pixels.</summary>
    public static LinearAxis LayerAxis(IEnumerable<Layer> all, string anchor)
    {
        const int most = 60;
        Layer[] layers = [.. all];
        string[] labels = [.. layers.Select(layer => Literal(LayerText.AxisLabel(layer)))];
        var step = (labels.Length + most - 1) / most;
        int[] named = [.. Enumerable.Range(0, labels.Length).Where(layer => layer % step == 0)];
        return Axis(LayerText.AxisTitle("layer, from the input to the output", layers), 10,
            ("anchor", anchor), ("tickmode", "array"), ("tickvals", named), ("ticktext", named.Select(layer => labels[layer]).ToArray()), ("tickangle", -90),
            ("tickfont", Node(("size", labels.Length > 40 ? 9 : 11))), ("range", new[] { -0.6, labels.Length - 0.4 }), ("zeroline", false), ("showgrid", labels.Length <= 60));
    }

    public static GenericChart Chart(IEnumerable<Trace> traces, params (string Name, object? Value)[] layout) =>
        GenericChart.setLayout(
            With(new Layout(), layout), GenericChart.ofTraceObjects(false, Microsoft.FSharp.Collections.ListModule.OfSeq(traces)));

    public static GenericChart WithHeight(GenericChart chart, int pixels) => GenericChart.setLayout(With(GenericChart.getLayout(chart), ("height", pixels)), chart);

    /// <summary>A title at the left edge, broken into lines that leave room for the mode bar at 800 pixels.</summary>
    public static DynamicObj.DynamicObj Title(string text) => Node(
        ("text", TitleText(text)), ("font", Node(("size", 15))), ("x", 0.01), ("xanchor", "left"),
        ("y", 1), ("yanchor", "top"), ("yref", "container"),
        // Plotly sets titles of several lines half a line higher than those of one.
        ("pad", Node(("t", Lines(text) == 1 ? 12 : 22))));

    /// <summary>A title's text in lines.</summary>
    public static string TitleText(string text) => Wrapped(text);

    /// <summary>Space above the plot: the title's lines and so many pixels more.</summary>
    public static int TopMargin(string title, int more) => 16 + LineHeight * Lines(title) + more;

    /// <summary>
    /// Text that Plotly shows as it is: Plotly reads tags and entities in every text, and %{…} in hover templates.
    /// </summary>
    public static string Literal(string text) => text
        .Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal)
        .Replace("%{", "%\u200b{", StringComparison.Ordinal);

    public static T With<T>(T node, params (string Name, object? Value)[] attributes) where T : DynamicObj.DynamicObj
    {
        foreach (var (name, value) in attributes)
            if (value is not null) node.SetProperty(name, value);
        return node;
    }

    private static int Lines(string title) => Wrapped(title).Split("<br>").Length;

    private static string Wrapped(string text)
    {
        var lines = new StringBuilder();
        var length = 0;
        // A percent sign stays with its number.
        foreach (var word in text.Replace(" %", "\u00a0%", StringComparison.Ordinal).Split(' '))
        {
            if (length > 0 && length + 1 + word.Length > TitleWidth)
            {
                lines.Append("<br>");
                length = 0;
            }
            else if (length > 0)
            {
                lines.Append(' ');
                length++;
            }
            lines.Append(Literal(word));
            length += word.Length;
        }
        return lines.ToString();
    }
}
