using System.Text.Json.Nodes;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Notebooks;

/// <summary>Outputs in the form in which nbformat 4.5 stores them.</summary>
internal static class NotebookOutputs
{
    public static JsonObject Stream(OutputStream stream, string text) => new()
    {
        ["output_type"] = "stream",
        ["name"] = stream == OutputStream.Out ? "stdout" : "stderr",
        ["text"] = NotebookText.Write(text),
    };

    public static JsonObject Display(MimeBundle bundle) => new()
    {
        ["output_type"] = "display_data",
        ["data"] = Data(bundle),
        ["metadata"] = new JsonObject(),
    };

    public static JsonObject Result(MimeBundle bundle, int executionCount) => new()
    {
        ["output_type"] = "execute_result",
        ["execution_count"] = executionCount,
        ["data"] = Data(bundle),
        ["metadata"] = new JsonObject(),
    };

    public static JsonObject Error(CellError error) => new()
    {
        ["output_type"] = "error",
        ["ename"] = error.Name,
        ["evalue"] = error.Message,
        ["traceback"] = new JsonArray([.. error.Traceback.Select(line => (JsonNode)line)]),
    };

    /// <summary>Whether an output is plotly.js itself.</summary>
    public static bool IsPlotly(JsonNode output) =>
        output["data"] is JsonObject data && NotebookText.Read(data[MimeBundle.Html]) is { } html && PlotlyScript.IsBootstrap(html);

    /// <summary>A bundle's <c>data</c> object: text as lists of lines, JSON types as trees.</summary>
    public static JsonObject Data(MimeBundle bundle)
    {
        var data = new JsonObject();
        foreach (var part in HtmlTwin.Add(bundle).Parts) data[part.MimeType] = part.IsJson ? JsonNode.Parse(part.Content) : NotebookText.Write(part.Content);
        return data;
    }
}
