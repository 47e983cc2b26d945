using System.Text;
using static System.FormattableString;

namespace QuantNotebooks.Images;

/// <summary>Reads <c>labels.csv</c> (RFC 4180, UTF-8): a line <c>file,label</c> or <c>file,text</c>, then one line an image.</summary>
internal static class LabelFile
{
    public const string Name = "labels.csv";

    private const string LabelColumns = "file,label";
    private const string TextColumns = "file,text";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The files that it lists, as paths, in its order, and what it says of each.</summary>
    /// <exception cref="QuantNotebooksException">
    /// The file is no such table, lists a file twice, or one that is not there; the message names the table and the line.
    /// </exception>
    public static (string[] Files, ImageAnnotations Annotations) Read(string path)
    {
        using var reader = new StreamReader(InputFile.Open(path), StrictUtf8);
        var folder = Path.GetDirectoryName(path) ?? "";
        var (rows, isText) = InputFile.Explained(path, () => Parse(reader, path));
        var files = new string[rows.Count];
        for (var i = 0; i < files.Length; i++)
        {
            var (line, file, _) = rows[i];
            files[i] = Path.Combine(folder, file);
            if (!File.Exists(files[i]))
                throw Wrong(path, line, $"lists '{OneLine(file)}', which is not there");
        }

        string[] values = [.. rows.Select(row => row.Value)];
        return (files, isText ? ImageAnnotations.OfTexts(values) : ImageAnnotations.OfWords(values));
    }

    /// <summary>The rows, and whether the second column is text.</summary>
    /// <exception cref="QuantNotebooksException">The text is no such table, or lists a file twice.</exception>
    internal static (List<(int Line, string File, string Value)> Rows, bool IsText) Parse(TextReader reader, string path)
    {
        var records = new CsvRecords(reader);
        try
        {
            return ReadRows(records, path);
        }
        catch (FormatException)
        {
            throw Wrong(path, records.Line, "is not well-formed CSV: a field with a quote must stand in quotes, with its own quotes doubled");
        }
        catch (DecoderFallbackException error)
        {
            throw new QuantNotebooksException($"{path} is not UTF-8 text.", error);
        }
    }

    private static (List<(int Line, string File, string Value)> Rows, bool IsText) ReadRows(CsvRecords records, string path)
    {
        var header = records.Read() is { } first ? string.Join(',', first) : "";
        if (header is not (LabelColumns or TextColumns))
            throw new QuantNotebooksException($"{path} starts with '{OneLine(header)}'; its first line must be '{LabelColumns}' or '{TextColumns}'.");
        var isText = header == TextColumns;
        var rows = new List<(int Line, string File, string Value)>();
        var lineOf = new Dictionary<string, int>(StringComparer.Ordinal);
        while (records.Read() is { } fields)
        {
            var line = records.Line;
            if (fields is not [var file, var value])
                throw Wrong(path, line, Invariant($"has {fields.Length} fields; it must have 2, '{header}'"));
            RequireName(file, path, line);
            if (!isText && value.Length == 0)
                throw Wrong(path, line, $"has no label for '{OneLine(file)}'");
            if (!lineOf.TryAdd(file, line))
                throw Wrong(path, line, Invariant($"lists '{OneLine(file)}' again, after line {lineOf[file]}"));
            rows.Add((line, file, value));
        }

        return rows.Count > 0 ? (rows, isText) : throw new QuantNotebooksException($"{path} lists no images.");
    }

    private static void RequireName(string file, string path, int line)
    {
        if (file.Length == 0)
            throw Wrong(path, line, "names no file");
        if (Path.IsPathRooted(file) || file.Split('/', '\\').Contains("..") || file.Any(char.IsControl))
            throw Wrong(path, line, $"lists '{OneLine(file)}'; files must lie in the table's folder or below it");
        if (!ImageFiles.IsImage(file))
            throw Wrong(path, line, $"lists '{OneLine(file)}', which is not named like an image; {ImageFiles.Kinds} are read");
    }

    private static QuantNotebooksException Wrong(string path, int line, string problem) => new(Invariant($"{path}: line {line} {problem}."));

    private static string OneLine(string text)
    {
        const int longest = 80;
        var line = string.Concat(text.Take(longest).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '\uFFFD' : c));
        return text.Length > longest ? line + "..." : line;
    }
}
