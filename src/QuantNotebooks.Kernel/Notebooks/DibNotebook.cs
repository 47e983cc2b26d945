using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace QuantNotebooks.Kernel.Notebooks;

/// <summary>
/// Notebooks of Polyglot Notebooks (.dib): text in which a line such as <c>#!csharp</c> or <c>#!markdown</c> begins a cell of that language, and
/// a block <c>#!meta</c> at the top lists the languages as JSON.
/// </summary>
internal static class DibNotebook
{
    /// <summary>The ending of such files.</summary>
    public const string Extension = ".dib";

    private const string Prefix = "#!";
    private const string Meta = "meta";
    private const string CSharp = "csharp";
    private const string Markdown = "markdown";

    // What a file without #!meta may use: those of the host's last version, each with its other names.
    private static readonly string[][] UsualKernels =
    [
        [CSharp, "c#", "C#", "cs"], ["fsharp", "f#", "F#", "fs"], ["pwsh", "powershell"], [Markdown, "md"], ["html"], ["javascript", "js"], ["mermaid"], ["sql"], ["kql"], ["http"],
        ["value"],
    ];

    /// <summary>Whether a file's name says that it is one.</summary>
    public static bool IsName(string path) => Path.GetExtension(path).Equals(Extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a file as a notebook for our kernel.</summary>
    /// <exception cref="NotebookFileException">It is missing, unreadable, or no such notebook.</exception>
    public static NotebookDocument Read(string path) => Parse(NotebookText.ReadFile(path), path);

    /// <summary>
    /// Turns the text into a notebook: C# as code, Markdown as Markdown, HTML and JavaScript as code below our magics. Cells of languages that
    /// this kernel does not run become Markdown that says so and shows them.
    /// </summary>
    /// <param name="text">The file's text.</param>
    /// <param name="path">What errors call it.</param>
    /// <exception cref="NotebookFileException">It is no such notebook.</exception>
    public static NotebookDocument Parse(string text, string path)
    {
        if (text.Contains('\0', StringComparison.Ordinal)) throw new NotebookFileException(path, "not a .dib notebook: it is no text");
        var lines = text.TrimStart('\uFEFF').ReplaceLineEndings("\n").Split('\n');
        if (lines[0].StartsWith('{')) throw new NotebookFileException(path, "not a .dib notebook: it looks like JSON; a Jupyter notebook must end in .ipynb");
        var (kernels, main) = Kernels(lines, path);
        var cells = new JsonArray();
        foreach (var (kernel, source) in Cells(lines, kernels, main).Where(cell => cell.Kernel != Meta && cell.Source.Length > 0)) cells.Add((JsonNode)ToCell(kernel, source, cells.Count + 1));
        var document = NotebookDocument.Parse(new JsonObject { ["nbformat"] = 4, ["nbformat_minor"] = 5, ["metadata"] = new JsonObject(), ["cells"] = cells }.ToJsonString(), path);
        document.SetKernel();
        return document;
    }

    private static IEnumerable<(string Kernel, string Source)> Cells(string[] lines, Dictionary<string, string> kernels, string main)
    {
        var kernel = main;
        var start = 0;
        for (var line = 0; line <= lines.Length; line++)
        {
            if (line < lines.Length && KernelIn(lines[line], kernels) is null) continue;
            yield return (kernel, string.Join('\n', lines[start..line]).Trim('\n').TrimEnd());
            if (line == lines.Length) yield break;
            kernel = KernelIn(lines[line], kernels)!;
            start = line + 1;
        }
    }

    // Other lines with that prefix are commands within a cell.
    private static string? KernelIn(string line, Dictionary<string, string> kernels) =>
        line.StartsWith(Prefix, StringComparison.Ordinal) ? kernels.GetValueOrDefault(line[Prefix.Length..].TrimEnd()) : null;

    private static JsonObject ToCell(string kernel, string source, int number)
    {
        var (type, text) = kernel switch
        {
            CSharp => ("code", source),
            Markdown => ("markdown", source),
            "html" or "javascript" => ("code", $"{Prefix}{kernel}\n{source}"),
            _ => ("markdown", NotRun(kernel, source)),
        };
        var cell = new JsonObject { ["cell_type"] = type, ["id"] = $"cell-{number}", ["metadata"] = new JsonObject(), ["source"] = NotebookText.Write(text) };
        if (type == "code") (cell["outputs"], cell["execution_count"]) = (new JsonArray(), null);
        return cell;
    }

    private static string NotRun(string kernel, string source)
    {
        // Longer than any fence within.
        var fence = new string('`', Math.Max(3, 1 + source.Split('\n').Max(line => line.TakeWhile(character => character == '`').Count())));
        return $"**Not run:** this cell is written in {kernel}, and the kernel runs C#. As it stood in the old notebook:\n\n{fence}{kernel}\n{source}\n{fence}";
    }

    /// <summary>The names of languages, each with the kernel that it means, and the kernel of text before the first such line.</summary>
    private static (Dictionary<string, string> Kernels, string Main) Kernels(string[] lines, string path)
    {
        var kernels = new Dictionary<string, string> { [Meta] = Meta };
        foreach (var names in UsualKernels) foreach (var name in names) kernels[name] = names[0];
        var start = Array.FindIndex(lines, line => line.TrimEnd() == Prefix + Meta) + 1;
        if (start == 0) return (kernels, CSharp);
        var end = Array.FindIndex(lines, start, line => KernelIn(line, kernels) is not null);
        if (ParseMeta(string.Join('\n', lines[start..(end < 0 ? lines.Length : end)]), start, path) is not { } info) return (kernels, CSharp);
        foreach (var item in (info["items"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if (NotebookText.Read(item["name"]) is not { } name) continue;
            // A kernel of another name may run a language that we know.
            var kernel = NotebookText.Read(item["languageName"]) is { } language && kernels.GetValueOrDefault(language) is CSharp or Markdown ? kernels[language] : name;
            foreach (var alias in (item["aliases"] as JsonArray ?? []).Select(NotebookText.Read).OfType<string>().Append(name)) kernels.TryAdd(alias, kernel);
        }
        var main = NotebookText.Read(info["defaultKernelName"]) ?? CSharp;
        return (kernels, kernels.GetValueOrDefault(main, main));
    }

    private static JsonObject? ParseMeta(string json, int line, string path)
    {
        try
        {
            return StrictJson.Parse(Encoding.UTF8.GetBytes(json)) is JsonObject meta ? meta["kernelInfo"] as JsonObject : throw new JsonException();
        }
        catch (JsonException exception)
        {
            var place = line + 1 + (exception.LineNumber ?? 0);
            throw new NotebookFileException(path, $"not a .dib notebook: the block {Prefix}{Meta} is no JSON object (line {place.ToString(System.Globalization.CultureInfo.InvariantCulture)})");
        }
    }
}
