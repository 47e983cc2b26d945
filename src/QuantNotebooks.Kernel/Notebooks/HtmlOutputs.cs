using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Notebooks;

/// <summary>A cell's outputs as HTML, each by its best representation.</summary>
internal sealed partial class HtmlOutputs(MarkdownHtml markdown)
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    /// <summary>One output, or nothing where it has no representation for readers.</summary>
    public string ToHtml(JsonNode? output) => output?["output_type"] is JsonValue value && value.TryGetValue<string>(out var type) ? type switch
    {
        "stream" => Stream(output),
        "error" => Error(output),
        "display_data" or "execute_result" => Data(output),
        _ => "",
    } : "";

    private static string Stream(JsonNode output)
    {
        var cssClass = NotebookText.Read(output["name"]) == "stderr" ? "stream stderr" : "stream";
        return $"<pre class=\"{cssClass}\">{TerminalText.ToHtml(NotebookText.Read(output["text"]) ?? "")}</pre>\n";
    }

    private static string Error(JsonNode output)
    {
        var lines = output["traceback"] is JsonArray { Count: > 0 } traceback
            ? traceback.Select(line => NotebookText.Read(line) ?? "")
            : [$"{NotebookText.Read(output["ename"])}: {NotebookText.Read(output["evalue"])}"];
        return $"<pre class=\"error\" role=\"alert\">{TerminalText.ToHtml(string.Join('\n', lines))}</pre>\n";
    }

    private string Data(JsonNode output)
    {
        // Its HTML is for hosts that show no Markdown; here pictures of the notebook's folder come along.
        if (Content(output, MimeBundle.MarkdownText) is { } text) return $"<div class=\"markdown\">{markdown.ToHtml(text)}</div>\n";
        if (Content(output, MimeBundle.Html) is { } html)
            // The page holds plotly.js already, and styles for the tables of .NET Interactive's formatters, whose own would style the whole page.
            return PlotlyScript.IsBootstrap(html) ? "" : $"<div class=\"html\">{InteractiveStyles().Replace(html, "")}</div>\n";
        if (Content(output, "image/svg+xml") is { } svg) return $"<div class=\"image\">{svg}</div>\n";
        foreach (var type in (string[])["image/png", "image/jpeg", "image/gif", "image/webp"])
        {
            if (Content(output, type) is { } base64)
                return $"<div class=\"image\"><img src=\"data:{type};base64,{WebUtility.HtmlEncode(base64.ReplaceLineEndings(""))}\" alt=\"{WebUtility.HtmlEncode(Content(output, MimeBundle.PlainText) ?? "")}\"></div>\n";
        }
        if (Content(output, "text/latex") is { } latex) return FormulaScript.Element(latex);
        if (Content(output, MimeBundle.JavaScript) is { } script) return HtmlTwin.Script(script, "") + "\n";
        if (Content(output, MimeBundle.PlainText) is { } plain) return $"<pre class=\"value\">{TerminalText.ToHtml(plain)}</pre>\n";
        return output["data"]?["application/json"] is { } json ? $"<pre class=\"value\">{TerminalText.ToHtml(json.ToJsonString(Readable))}</pre>\n" : "";
    }

    private static string? Content(JsonNode? output, string mimeType) => output?["data"] is JsonObject data ? NotebookText.Read(data[mimeType]) : null;

    [GeneratedRegex(@"<style>\s*\.dni-code-hint.*?</style>", RegexOptions.Singleline)]
    private static partial Regex InteractiveStyles();
}
