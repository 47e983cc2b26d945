using System.Net;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Notebook.Hosting;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>One HTML file that needs nothing else, and no network: for light and dark, with plotly.js in it once where it has charts.</summary>
public static class HtmlPage
{
    // Whatever HTML a notebook emits, the browser loads nothing for it. plotly.js compiles shader code with eval and exports pictures as blobs.
    private const string ContentSecurityPolicy =
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'; img-src data: blob:; font-src data:; media-src data:";

    private static readonly Lazy<string> Style = new(() => EmbeddedText.Read("Formatters.page.css"));

    /// <summary>The page around a body.</summary>
    /// <param name="title">Plain text.</param>
    /// <param name="body">HTML.</param>
    public static string WithBody(string title, string body) => $"""
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
        {(PlotlyScript.HoldsChart(body) ? PlotlyScript.ScriptElement : "")}
        </head>
        <body>
        <main>
        {body}</main>
        </body>
        </html>

        """;

    /// <summary>A result as a page: what a notebook shows of it, with a heading and the tool's version.</summary>
    /// <param name="heading">What was done to what, for example "shift mobilenet-v1.onnx".</param>
    /// <param name="result">A result that has a formatter, as all results of commands have.</param>
    public static string Of(string heading, object result)
    {
        ArgumentNullException.ThrowIfNull(result);
        NotebookFormatters.Register();
        var html = MimeBundle.Of(result)[MimeBundle.Html] ?? throw new ArgumentException($"A {result.GetType().Name} has no HTML.", nameof(result));
        return WithBody(heading, $"<h1>{WebUtility.HtmlEncode(heading)}</h1>\n{html}\n<p style=\"opacity:.65;font-size:12px\">{WebUtility.HtmlEncode(ToolVersion.Text)}</p>\n");
    }
}
