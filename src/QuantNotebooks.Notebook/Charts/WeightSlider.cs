using Plotly.NET;
using QuantNotebooks.Notebook.Text;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>The sorted weights of a channel as dots, and as a line what a grid makes of them; a slider chooses among grids.</summary>
internal sealed class WeightSlider
{
    /// <summary>Pixels of the chart with its slider.</summary>
    public const int Height = 470;

    private const int MostWeights = 160;

    private readonly float[] _weights;
    private readonly string _prefix;
    private readonly (string Label, float[] Quantized)[] _versions;
    private readonly int _first;
    private readonly int[] _drawn;

    /// <param name="weights">The weights.</param>
    /// <param name="prefix">What the slider chooses.</param>
    /// <param name="versions">A label and the weights on the grid, for each of its steps.</param>
    /// <param name="first">The step that is shown first.</param>
    public WeightSlider(float[] weights, string prefix, (string Label, float[] Quantized)[] versions, int first)
    {
        (_weights, _prefix, _versions, _first) = (weights, prefix, versions, first);
        var order = Enumerable.Range(0, weights.Length).OrderBy(index => weights[index]).ToArray();
        _drawn = order.Length <= MostWeights ? order : [.. Enumerable.Range(0, MostWeights).Select(index => order[(int)((long)index * (order.Length - 1) / (MostWeights - 1))])];
    }

    /// <summary>A sentence for the reading where not all weights are drawn.</summary>
    public string Omitted => _drawn.Length < _weights.Length
        ? $" {NumberText.Count(_drawn.Length)} of {NumberText.Count(_weights.Length, "weight")} are drawn; figures are of all."
        : "";

    public GenericChart Build(string title)
    {
        var values = _versions.Select(version => _drawn.Select(index => NumberText.Rounded(version.Quantized[index])).ToArray()).ToArray();
        return Chart(
            [
                Trace("scatter", ("name", "on the grid"), ("mode", "lines"), ("x", Enumerable.Range(0, _drawn.Length).ToArray()), ("y", values[_first]),
                    ("line", Node(("shape", "hvh"), ("color", Palette.Orange), ("width", 2))), ("hovertemplate", "on the grid %{y}<extra></extra>")),
                Trace("scatter", ("name", "weight"), ("mode", "markers"), ("x", Enumerable.Range(0, _drawn.Length).ToArray()),
                    ("y", _drawn.Select(index => NumberText.Rounded(_weights[index])).ToArray()), ("marker", Node(("color", Palette.Blue), ("size", 5))), ("hovertemplate", "weight %{y}<extra></extra>")),
            ],
            ("title", Title(title)),
            ("xaxis", Axis("weights of the channel, sorted", 8, ("zeroline", false))), ("yaxis", Axis("value", 8)),
            ("sliders", new object[] { Node(
                ("active", _first), ("currentvalue", Node(("prefix", _prefix), ("font", Node(("size", 13))))), ("pad", Node(("t", 46))), ("len", 0.7),
                ("steps", _versions.Select((version, index) => Node(
                    ("label", version.Label), ("method", "restyle"), ("args", new object[] { Node(("y", new object[] { values[index] })), new[] { 0 } }))).ToArray())) }),
            ("legend", Node(("orientation", "h"), ("x", 0), ("y", 1.01), ("yanchor", "bottom"))),
            ("margin", Node(("t", TopMargin(title, 34)), ("b", 110), ("l", 60), ("r", 20))));
    }
}
