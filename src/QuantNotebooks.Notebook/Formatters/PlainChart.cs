using System.Text.Json;
using Plotly.NET;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>Charts that people make themselves with Plotly.NET: shown offline like our own, in the height that their layout says.</summary>
internal static class PlainChart
{
    private const int UsualHeight = 450;

    public static string Html(GenericChart chart)
    {
        var json = GenericChart.toFigureJson(chart);
        using var figure = JsonDocument.Parse(json);
        return PlotlyScript.ChartHtml(json, ResultPage.NewId(), Height(figure.RootElement));
    }

    public static string Text(GenericChart chart)
    {
        var traces = GenericChart.getTraces(chart).ToArray();
        var types = string.Join(", ", traces.Select(trace => trace.type).Distinct());
        return $"chart of {NumberText.Count(traces.Length, "trace")}: {types}";
    }

    private static int Height(JsonElement figure) =>
        figure.TryGetProperty("layout", out var layout) && layout.TryGetProperty("height", out var height)
        && height.ValueKind == JsonValueKind.Number && height.TryGetDouble(out var pixels) && pixels is >= 1 and <= 10_000
            ? (int)pixels
            : UsualHeight;
}
