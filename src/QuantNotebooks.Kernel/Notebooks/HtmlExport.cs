using System.Globalization;
using System.Net;
using System.Text;
using QuantNotebooks.Notebook.Charts;

namespace QuantNotebooks.Kernel.Notebooks;

/// <summary>An executed notebook as one HTML file that needs nothing else, and no network.</summary>
internal static class HtmlExport
{
    // Whatever HTML a notebook emits, the browser loads nothing for it. plotly.js compiles shader code with eval and exports pictures as blobs.
    private const string ContentSecurityPolicy =
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'; img-src data: blob:; font-src data:; media-src data:";

    private static readonly Lazy<string> Style = new(ReadStyle);

    /// <summary>Renders a notebook.</summary>
    /// <param name="document">The notebook, with its outputs.</param>
    /// <param name="path">The notebook's file: its folder is where relative image paths begin, its name the title where no heading gives one.</param>
    public static string ToHtml(NotebookDocument document, string path)
    {
        var fullPath = Path.GetFullPath(path);
        var markdown = new MarkdownHtml(Path.GetDirectoryName(fullPath)!);
        var outputs = new HtmlOutputs(markdown);
        var title = document.Cells.Where(cell => cell.Kind == CellKind.Markdown).Select(cell => MarkdownHtml.FirstHeading(cell.Source))
            .FirstOrDefault(heading => heading is not null) ?? Path.GetFileNameWithoutExtension(fullPath);
        var hasCharts = document.Cells.Any(cell => cell.Kind == CellKind.Code && cell.Outputs.Any(HtmlOutputs.HoldsChart));
        var html = new StringBuilder($"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="{ContentSecurityPolicy}">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>{WebUtility.HtmlEncode(title)}</title>
            <style>
            {Style.Value}</style>
            {(hasCharts ? PlotlyScript.ScriptElement : "")}
            </head>
            <body>
            <main>

            """);
        foreach (var cell in document.Cells) Append(html, cell, markdown, outputs);
        return html.Append("</main>\n</body>\n</html>\n").ToString();
    }

    private static void Append(StringBuilder html, NotebookCell cell, MarkdownHtml markdown, HtmlOutputs outputs)
    {
        switch (cell.Kind)
        {
            case CellKind.Markdown:
                html.Append("<div class=\"markdown\">\n").Append(markdown.ToHtml(cell.Source, cell.Attachments)).Append("</div>\n");
                break;
            case CellKind.Raw:
                break; // meant for other exporters
            default:
                AppendCode(html, cell, outputs);
                break;
        }
    }

    private static void AppendCode(StringBuilder html, NotebookCell cell, HtmlOutputs outputs)
    {
        if (cell.Source.Length == 0) return;
        var number = cell.ExecutionCount?.ToString(CultureInfo.InvariantCulture);
        html.Append("<div class=\"cell\">\n<div class=\"code\">");
        if (number is not null) html.Append("<span class=\"number\" aria-hidden=\"true\">").Append(number).Append("</span>");
        html.Append("<pre><code>").Append(CSharpColouring.ToHtml(cell.Source)).Append("</code></pre></div>\n");
        var shown = string.Concat(cell.Outputs.Select(outputs.ToHtml));
        if (shown.Length > 0) html.Append("<div class=\"outputs\">\n").Append(shown).Append("</div>\n");
        html.Append("</div>\n");
    }

    private static string ReadStyle()
    {
        const string name = "QuantNotebooks.Kernel.Notebooks.page.css";
        using var stream = typeof(HtmlExport).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"No embedded resource '{name}'.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
