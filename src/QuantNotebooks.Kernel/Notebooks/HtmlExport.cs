using System.Globalization;
using System.Text;
using QuantNotebooks.Notebook.Formatters;

namespace QuantNotebooks.Kernel.Notebooks;

/// <summary>An executed notebook as one HTML file that needs nothing else, and no network.</summary>
internal static class HtmlExport
{
    /// <summary>Renders a notebook.</summary>
    /// <param name="document">The notebook, with its outputs.</param>
    /// <param name="path">The notebook's file: its folder is where relative image paths begin, its name the title where no heading gives one.</param>
    /// <param name="others">Notebooks whose pages will lie beside this one: links to them lead there.</param>
    public static string ToHtml(NotebookDocument document, string path, IEnumerable<string>? others = null)
    {
        var fullPath = Path.GetFullPath(path);
        var markdown = new MarkdownHtml(Path.GetDirectoryName(fullPath)!, others ?? []);
        var outputs = new HtmlOutputs(markdown);
        var title = document.Cells.Where(cell => cell.Kind == CellKind.Markdown).Select(cell => MarkdownHtml.FirstHeading(cell.Source))
            .FirstOrDefault(heading => heading is not null) ?? Path.GetFileNameWithoutExtension(fullPath);
        var html = new StringBuilder();
        foreach (var cell in document.Cells) Append(html, cell, markdown, outputs);
        var body = html.ToString();
        return HtmlPage.WithBody(title, TerminalText.StyleFor(body) + body + FormulaScript.For(body));
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
        html.Append("<pre><code>").Append(CellColouring.ToHtml(cell.Source)).Append("</code></pre></div>\n");
        var shown = string.Concat(cell.Outputs.Select(outputs.ToHtml));
        if (shown.Length > 0) html.Append("<div class=\"outputs\">\n").Append(shown).Append("</div>\n");
        html.Append("</div>\n");
    }
}
