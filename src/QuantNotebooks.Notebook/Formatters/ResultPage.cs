using System.Net;
using System.Text;
using Deedle;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Notebook.Frames;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>
/// What every result looks like: the finding in a bold sentence, a table, charts, and a small line that says what it was measured on.
/// Content is computed by whoever makes the page; here is only the order and the markup.
/// </summary>
/// <param name="Finding">One sentence without its full stop; plain text.</param>
/// <param name="Frame">The table, or null.</param>
/// <param name="Charts">The charts, or none. Plain text shows their readings only.</param>
/// <param name="Notes">Small lines at the end; plain text.</param>
/// <param name="Pictures">HTML to show between finding and table, made here and safe, or null.</param>
internal sealed record ResultPage(string Finding, IFrame? Frame, IReadOnlyList<ChartFigure> Charts, IReadOnlyList<string> Notes, string? Pictures = null)
{
    /// <summary>Layers of the deepest networks: a table of them sorts only where it is whole.</summary>
    private const int LongestTable = 400;

    public string ToHtml()
    {
        var html = new StringBuilder("<div class=\"quant-result\">");
        html.Append("<p><strong>").Append(Text(Finding)).Append(".</strong></p>").Append(Pictures);
        if (Frame is not null) html.Append(Frame.ToHtml(LongestTable));
        foreach (var chart in Charts) html.Append(ChartHtml(chart));
        foreach (var note in Notes) html.Append("<div style=\"opacity:.65;font-size:12px\">").Append(Text(note)).Append("</div>");
        return html.Append("</div>").ToString();
    }

    public string ToPlainText()
    {
        var text = new StringBuilder(DisplayWidth.Printable(Finding)).Append(".\n");
        if (Frame is not null) text.Append('\n').Append(Frame.ToPlainText()).Append('\n');
        if (Notes.Count > 0) text.Append('\n');
        foreach (var note in Notes) text.Append(DisplayWidth.Printable(note)).Append('\n');
        return text.ToString().TrimEnd('\n');
    }

    public static string ChartHtml(ChartFigure chart) =>
        PlotlyScript.ChartHtml(chart.Json, NewId(), chart.Height, chart.Title)
        + $"<p style=\"opacity:.8;font-size:13px;margin:2px 0 14px\">{Text(chart.Reading)}</p>";

    // A percent sign stays with its number.
    private static string Text(string text) => WebUtility.HtmlEncode(text).Replace(" %", "&nbsp;%", StringComparison.Ordinal);

    public static string NewId() => "quant-" + Guid.NewGuid().ToString("n");
}
