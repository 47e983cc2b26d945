using System.Text.Json.Nodes;
using QuantNotebooks.Kernel.Notebooks;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Kernel.Session;

namespace QuantNotebooks.Kernel.Tests.Notebooks;

/// <summary>Notebooks made of a few cells, and what they are after execution.</summary>
internal static class TestNotebook
{
    public const string Chart = """HTML(QuantNotebooks.Notebook.Charts.PlotlyScript.ChartHtml("{\"data\":[{\"y\":[1,2]}]}", "ID", 200))""";

    /// <summary>The notebook's JSON: "# …" cells are Markdown, all others code.</summary>
    public static string Json(params string[] cells) => new JsonObject
    {
        ["nbformat"] = 4,
        ["nbformat_minor"] = 4,
        ["metadata"] = new JsonObject(),
        ["cells"] = new JsonArray([.. cells.Select(Cell)]),
    }.ToJsonString();

    public static async Task<(NotebookDocument Document, NotebookRun Run)> ExecuteAsync(bool allowErrors, params string[] cells)
    {
        var document = NotebookDocument.Parse(Json(cells), "test.ipynb");
        var run = await new NotebookRunner(TextWriter.Null)
            .RunAsync(document, NotebookEnvironment.Options(null), allowErrors, TestContext.Current.CancellationToken);
        return (document, run);
    }

    public static async Task<string> HtmlAsync(params string[] cells) =>
        HtmlExport.ToHtml((await ExecuteAsync(allowErrors: true, cells)).Document, "test.ipynb");

    private static JsonNode Cell(string source) => source.StartsWith("# ", StringComparison.Ordinal)
        ? new JsonObject { ["cell_type"] = "markdown", ["metadata"] = new JsonObject(), ["source"] = source }
        : new JsonObject { ["cell_type"] = "code", ["metadata"] = new JsonObject(), ["source"] = source, ["outputs"] = new JsonArray(), ["execution_count"] = null };
}
