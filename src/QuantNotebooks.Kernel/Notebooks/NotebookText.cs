using System.Text.Json.Nodes;

namespace QuantNotebooks.Kernel.Notebooks;

/// <summary>Text of notebooks: files, and nbformat's multi-line strings: a string, or a list of strings to be joined; written as a list of lines, each with its line end.</summary>
internal static class NotebookText
{
    /// <summary>The text, or null where the node is neither form.</summary>
    public static string? Read(JsonNode? node) => node switch
    {
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        JsonArray lines when lines.All(line => line is JsonValue value && value.TryGetValue<string>(out _)) =>
            string.Concat(lines.Select(line => line!.GetValue<string>())),
        _ => null,
    };

    /// <summary>Reads a notebook's file.</summary>
    /// <exception cref="NotebookFileException">It is missing or unreadable.</exception>
    public static string ReadFile(string path)
    {
        if (Directory.Exists(path)) throw new NotebookFileException(path, "is a folder; a notebook (.ipynb, .dib) is wanted");
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new NotebookFileException(path, "there is no such file");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new NotebookFileException(path, $"cannot be read: {exception.Message}");
        }
    }

    /// <summary>The text as a list of lines.</summary>
    public static JsonArray Write(string text)
    {
        var lines = new JsonArray();
        for (var start = 0; start < text.Length;)
        {
            var end = text.IndexOf('\n', start) is var found and >= 0 ? found + 1 : text.Length;
            lines.Add((JsonNode)text[start..end]);
            start = end;
        }
        return lines;
    }
}
