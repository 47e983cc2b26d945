using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using QuantNotebooks.Kernel.Session;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Jupyter;

/// <summary>Answers the requests of Tab and Shift-Tab, and cells that are a question.</summary>
internal static partial class AssistanceRequests
{
    /// <summary>Answers a <c>complete_request</c>.</summary>
    public static async Task<JsonObject?> CompleteAsync(NotebookSession session, JsonObject content)
    {
        var (code, position) = Place(content);
        var found = await session.CompleteAsync(code, position).ConfigureAwait(false);
        var (start, end) = (CodePoints(code, found.Start), CodePoints(code, found.End));
        return new JsonObject
        {
            ["status"] = "ok",
            ["matches"] = new JsonArray([.. found.Items.Select(item => (JsonNode)item.Text)]),
            ["cursor_start"] = start,
            ["cursor_end"] = end,
            ["metadata"] = new JsonObject
            {
                // What JupyterLab and Notebook read to show icons.
                ["_jupyter_types_experimental"] = new JsonArray([.. found.Items.Select(item => (JsonNode)new JsonObject
                {
                    ["text"] = item.Text, ["type"] = item.Kind, ["start"] = start, ["end"] = end,
                })]),
            },
        };
    }

    /// <summary>Answers an <c>inspect_request</c>.</summary>
    public static async Task<JsonObject?> InspectAsync(NotebookSession session, JsonObject content)
    {
        var (code, position) = Place(content);
        var text = await session.ExplainAsync(code, position).ConfigureAwait(false);
        return new JsonObject { ["status"] = "ok", ["found"] = text is not null, ["data"] = text is null ? [] : Bundle(text), ["metadata"] = new JsonObject() };
    }

    /// <summary>What a cell such as <c>Math.Max?</c> asks for, as the payload of its reply; null where the cell is no question.</summary>
    public static async Task<JsonObject?> AnswerAsync(NotebookSession session, string code)
    {
        if (Question().Match(code) is not { Success: true } question) return null;
        var name = question.Groups[1].Value;
        var text = await session.ExplainAsync(name, name.Length).ConfigureAwait(false) ?? $"Nothing is known of '{name}'.";
        return new JsonObject { ["source"] = "page", ["data"] = Bundle(text), ["start"] = 0 };
    }

    private static JsonObject Bundle(string text) => new() { [MimeBundle.PlainText] = text };

    private static (string Code, int Position) Place(JsonObject content)
    {
        var code = content.Text("code");
        return (code, Utf16Units(code, content.Number("cursor_pos", code.Length)));
    }

    // The protocol counts Unicode's code points, C# UTF-16 units.
    private static int Utf16Units(string text, int codePoints)
    {
        var index = 0;
        for (; codePoints > 0 && index < text.Length; codePoints--) index += char.IsSurrogatePair(text, index) ? 2 : 1;
        return index;
    }

    private static int CodePoints(string text, int utf16Units) => utf16Units - text.AsSpan(0, utf16Units).ToString().Count(char.IsLowSurrogate);

    [GeneratedRegex(@"^\s*((?:#!)?[A-Za-z_][\w.-]*)\s*\?\s*$")]
    private static partial Regex Question();
}
