using Plotly.NET;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>
/// A chart with what it shows in words. Immutable: the figure is JSON, and <see cref="ToChart"/> makes a new Plotly.NET chart each time,
/// because Plotly.NET's charts and their layouts change in place. Thread safe.
/// </summary>
public sealed class ChartFigure
{
    private readonly Func<GenericChart> _build;
    private readonly Lazy<string> _json;

    internal ChartFigure(string title, string reading, int height, Func<GenericChart> build)
    {
        (Title, Reading, Height) = (title, reading, height);
        // Viewers that draw the figure by themselves, such as VS Code, have nothing else to take its height from.
        _build = () => PlotlyNode.WithHeight(build(), height);
        _json = new Lazy<string>(() => GenericChart.toFigureJson(_build()));
    }

    /// <summary>What the data say, in one sentence without a full stop; the figure's title too. Plain text, not HTML.</summary>
    public string Title { get; }

    /// <summary>How to read the chart, in one or two sentences. Plain text, not HTML.</summary>
    public string Reading { get; }

    /// <summary>Height in CSS pixels that suits the content.</summary>
    public int Height { get; }

    /// <summary>The figure as Plotly's JSON: <c>{"data": […], "layout": {…}}</c>.</summary>
    public string Json => _json.Value;

    /// <summary>A new Plotly.NET chart of the same figure, to be changed at will: <c>figure.ToChart().WithSize(600, 400)</c>.</summary>
    public GenericChart ToChart() => _build();

    /// <summary>Title and reading.</summary>
    public override string ToString() => $"{Title}. {Reading}";
}
