using System.Text.Json.Nodes;

namespace QuantNotebooks.Kernel.Notebooks;

/// <summary>The kinds of cell in nbformat 4.</summary>
internal enum CellKind
{
    /// <summary>Code that the kernel runs.</summary>
    Code,

    /// <summary>Text in Markdown.</summary>
    Markdown,

    /// <summary>Text that nobody interprets.</summary>
    Raw,
}

/// <summary>A cell: a view on its JSON, which keeps whatever this class does not know. Not thread safe.</summary>
internal sealed class NotebookCell
{
    internal NotebookCell(JsonObject json, CellKind kind, string source) => (Json, Kind, Source) = (json, kind, source);

    public CellKind Kind { get; }

    /// <summary>The cell's text, with \n between lines.</summary>
    public string Source { get; }

    /// <summary>The cell's identifier, unique in the notebook.</summary>
    public string Id => Json["id"]!.GetValue<string>();

    /// <summary>The outputs of a code cell, in nbformat's form.</summary>
    public JsonArray Outputs => (JsonArray)Json["outputs"]!;

    /// <summary>The execution count of a code cell, null before it ran.</summary>
    public int? ExecutionCount
    {
        get => Json["execution_count"]?.GetValue<int>();
        set => Json["execution_count"] = value;
    }

    /// <summary>Files that Markdown refers to as <c>attachment:name</c>: name to MIME type to base64.</summary>
    public JsonObject? Attachments => Json["attachments"] as JsonObject;

    /// <summary>Whether the author marked the cell as one that fails, so that the notebook goes on after it.</summary>
    public bool MayFail => HasTag("raises-exception");

    /// <summary>Whether the cell's metadata has a tag.</summary>
    public bool HasTag(string tag) =>
        Json["metadata"]?["tags"] is JsonArray tags && tags.Any(one => one is JsonValue value && value.TryGetValue<string>(out var text) && text == tag);

    internal JsonObject Json { get; }
}
