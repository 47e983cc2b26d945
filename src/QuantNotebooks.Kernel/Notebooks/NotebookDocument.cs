using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using QuantNotebooks.Export;
using QuantNotebooks.Kernel.Session;

namespace QuantNotebooks.Kernel.Notebooks;

/// <summary>
/// A Jupyter notebook file, nbformat 4. Metadata and fields that nobody here knows are kept. Written as nbformat 4.5, which wants cell
/// identifiers. Not thread safe.
/// </summary>
internal sealed partial class NotebookDocument
{
    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        IndentSize = 1, // as Jupyter does, so that versions compare well
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // text stays readable; the file is no part of a web page
    };

    private readonly JsonObject json;

    private readonly List<NotebookCell> cells;

    private NotebookDocument(JsonObject json, List<NotebookCell> cells) => (this.json, this.cells) = (json, cells);

    /// <summary>All cells, in order.</summary>
    public IReadOnlyList<NotebookCell> Cells => cells;

    /// <summary>The notebook's metadata.</summary>
    public JsonObject Metadata => (JsonObject)json["metadata"]!;

    /// <summary>The language that the notebook says it is written in, or null.</summary>
    public string? Language => Text(Metadata["kernelspec"], "language") ?? Text(Metadata["language_info"], "name");

    /// <summary>Reads a file.</summary>
    /// <exception cref="NotebookFileException">The file is missing, unreadable, or not a notebook of nbformat 4.</exception>
    public static NotebookDocument Read(string path) => Parse(NotebookText.ReadFile(path), path);

    /// <summary>Reads a notebook from its JSON.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="path">What errors call it.</param>
    /// <exception cref="NotebookFileException">It is not a notebook of nbformat 4.</exception>
    public static NotebookDocument Parse(string text, string path)
    {
        if (string.IsNullOrWhiteSpace(text)) throw new NotebookFileException(path, "not a notebook: it is empty");
        JsonNode? root;
        try
        {
            root = StrictJson.Parse(Encoding.UTF8.GetBytes(text));
        }
        catch (JsonException exception)
        {
            if (exception.LineNumber is null) throw new NotebookFileException(path, $"not a notebook: {exception.Message}");
            throw new NotebookFileException(path, string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"not a notebook: not valid JSON at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}"));
        }
        if (root is not JsonObject json || json["nbformat"] is not JsonValue version || !version.TryGetValue<int>(out var major))
            throw new NotebookFileException(path, "not a notebook: a JSON object with \"nbformat\": 4 is expected");
        if (major != 4) throw new NotebookFileException(path, $"nbformat {major} is not supported, only 4: open it in Jupyter and save it again");
        return FromJson(json, path);
    }

    /// <summary>Says in the metadata that this is a notebook for our kernel.</summary>
    public void SetKernel()
    {
        Metadata["kernelspec"] = KernelIdentity.Kernelspec;
        Metadata["language_info"] = KernelIdentity.LanguageInfo;
    }

    /// <summary>Puts a new code cell with a tag at a place, from 0.</summary>
    public void InsertCode(int place, string source, string tag)
    {
        var cell = new JsonObject
        {
            ["cell_type"] = "code", ["id"] = Guid.NewGuid().ToString("n")[..8], ["metadata"] = new JsonObject { ["tags"] = new JsonArray(tag) },
            ["source"] = source, ["outputs"] = new JsonArray(), ["execution_count"] = null,
        };
        ((JsonArray)json["cells"]!).Insert(place, cell);
        cells.Insert(place, new NotebookCell(cell, CellKind.Code, source));
    }

    /// <summary>Takes a cell away.</summary>
    public void Remove(NotebookCell cell)
    {
        ((JsonArray)json["cells"]!).Remove(cell.Json);
        cells.Remove(cell);
    }

    /// <summary>Writes the file as a whole or not at all.</summary>
    public void Write(string path) => ReportFile.Write(path, ToString());

    /// <summary>The file's text: JSON, indented by one space as Jupyter does, ending in a line end.</summary>
    public override string ToString() => json.ToJsonString(Format) + "\n";

    private static NotebookDocument FromJson(JsonObject json, string path)
    {
        if (json["cells"] is not JsonArray array) throw new NotebookFileException(path, "not a notebook: \"cells\" is not a list");
        if (json["metadata"] is not (null or JsonObject)) throw new NotebookFileException(path, "\"metadata\" is not an object");
        json["metadata"] ??= new JsonObject();
        var minor = json["nbformat_minor"] is JsonValue value && value.TryGetValue<int>(out var number) ? number : 0;
        json["nbformat_minor"] = Math.Max(minor, 5);
        var cells = new List<NotebookCell>(array.Count);
        var ids = new HashSet<string>();
        for (var index = 0; index < array.Count; index++) cells.Add(ReadCell(array[index], ids, path, $"cell {index + 1}"));
        return new NotebookDocument(json, cells);
    }

    private static NotebookCell ReadCell(JsonNode? node, HashSet<string> ids, string path, string name)
    {
        if (node is not JsonObject json) throw new NotebookFileException(path, $"{name} is not an object");
        var kind = Text(json, "cell_type") switch
        {
            "code" => CellKind.Code,
            "markdown" => CellKind.Markdown,
            "raw" => CellKind.Raw,
            null => throw new NotebookFileException(path, $"{name} has no cell_type"),
            var other => throw new NotebookFileException(path, $"{name} has the unknown cell_type '{other?.ReplaceLineEndings(" ")}'"),
        };
        var source = NotebookText.Read(json["source"]) ?? throw new NotebookFileException(path, $"{name}: \"source\" is neither a string nor a list of strings");
        if (json["metadata"] is not (null or JsonObject)) throw new NotebookFileException(path, $"{name}: \"metadata\" is not an object");
        json["metadata"] ??= new JsonObject();
        if (Text(json, "id") is not { } id || !CellId().IsMatch(id) || !ids.Add(id))
        {
            json["id"] = id = Guid.NewGuid().ToString("n")[..8];
            ids.Add(id);
        }
        if (kind == CellKind.Code)
        {
            if (json["outputs"] is not (null or JsonArray)) throw new NotebookFileException(path, $"{name}: \"outputs\" is not a list");
            json["outputs"] ??= new JsonArray();
            if (((JsonArray)json["outputs"]!).Any(output => output is not JsonObject)) throw new NotebookFileException(path, $"{name}: an entry of \"outputs\" is not an object");
            if (((JsonArray)json["outputs"]!).Any(output => output!["data"] is not (null or JsonObject))) throw new NotebookFileException(path, $"{name}: the \"data\" of an output is not an object");
            if (json["execution_count"] is { } count && !(count is JsonValue number && number.TryGetValue<int>(out _))) throw new NotebookFileException(path, $"{name}: \"execution_count\" is not a whole number");
            json["execution_count"] ??= null;
        }
        return new NotebookCell(json, kind, source.ReplaceLineEndings("\n"));
    }

    private static string? Text(JsonNode? node, string key) =>
        node is JsonObject json && json[key] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    [GeneratedRegex("^[a-zA-Z0-9_-]{1,64}$")]
    private static partial Regex CellId();
}
