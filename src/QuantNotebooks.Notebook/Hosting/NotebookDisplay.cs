using System.Text.Json;
using System.Text.Json.Nodes;

namespace QuantNotebooks.Notebook.Hosting;

/// <summary>What every cell may call without a prefix: <c>display</c>, <c>input</c>, <c>HTML</c>, <c>Markdown</c> and the like. Thread safe.</summary>
public static class NotebookDisplay
{
    /// <summary>Shows a value below the cell, at once, and returns a handle by which it can be replaced.</summary>
    public static DisplayedValue display(object? value)
    {
        var output = RunningCell.Output ?? ConsoleNotebookOutput.Instance;
        var shown = new DisplayedValue(output, Guid.NewGuid().ToString("n"));
        output.Display(MimeBundle.Of(value), shown.Id);
        return shown;
    }

    /// <summary>Takes away what the cell has shown so far.</summary>
    /// <param name="wait">Whether to wait until there is something else to show, so that nothing flickers.</param>
    public static void clear_output(bool wait = false) => RunningCell.Output?.Clear(wait);

    /// <summary>Asks the user for a line, as <c>Console.ReadLine</c> does, with a question before it.</summary>
    /// <param name="prompt">The question.</param>
    /// <param name="password">Whether the answer must not be seen while it is typed.</param>
    /// <returns>The line; null where the input has ended.</returns>
    /// <exception cref="OperationCanceledException">The cell was interrupted.</exception>
    /// <exception cref="InvalidOperationException">There is nobody to ask.</exception>
    public static string? input(string prompt = "", bool password = false)
    {
        if (RunningCell.Output is INotebookInput input) return input.ReadLine(prompt, password);
        Console.Write(prompt);
        return Console.ReadLine();
    }

    /// <summary>HTML to show: as a cell's last expression, or through <see cref="display"/>. It is not escaped.</summary>
    public static MimeBundle HTML(string html) => new(new MimePart(MimeBundle.Html, html), new MimePart(MimeBundle.PlainText, html));

    /// <summary>Markdown to show: as a cell's last expression, or through <see cref="display"/>.</summary>
    public static MimeBundle Markdown(string markdown) =>
        new(new MimePart(MimeBundle.MarkdownText, markdown), new MimePart(MimeBundle.PlainText, markdown));

    /// <summary>A drawing to show: as a cell's last expression, or through <see cref="display"/>.</summary>
    /// <param name="svg">The element, with its namespace.</param>
    public static MimeBundle SVG(string svg) => new(new MimePart("image/svg+xml", svg), new MimePart(MimeBundle.PlainText, "a drawing"));

    /// <summary>A picture to show.</summary>
    /// <param name="png">The bytes of a PNG file.</param>
    /// <exception cref="ArgumentException">They are not.</exception>
    public static MimeBundle PNG(byte[] png)
    {
        ArgumentNullException.ThrowIfNull(png);
        if (!png.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G'])) throw new ArgumentException("These are not the bytes of a PNG file.", nameof(png));
        return new MimeBundle(new MimePart("image/png", Convert.ToBase64String(png)), new MimePart(MimeBundle.PlainText, $"a picture of {png.Length} bytes"));
    }

    /// <summary>A tree to show, which hosts let the reader fold.</summary>
    /// <param name="value">JSON text, or any value that can be written as JSON.</param>
    /// <exception cref="JsonException">The text is not JSON.</exception>
    public static MimeBundle JSON(object? value)
    {
        var json = value is string text ? JsonNode.Parse(text) : JsonSerializer.SerializeToNode(value);
        var written = json?.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) ?? "null";
        return new MimeBundle(new MimePart("application/json", written), new MimePart(MimeBundle.PlainText, written));
    }

    /// <summary>A formula to show.</summary>
    /// <param name="latex">LaTeX with its dollar signs, for example <c>$e^{i\pi}$</c>.</param>
    public static MimeBundle LaTeX(string latex) => new(new MimePart("text/latex", latex), new MimePart(MimeBundle.PlainText, latex));

    /// <summary>JavaScript for the page to run.</summary>
    public static MimeBundle JavaScript(string script) => new(new MimePart(MimeBundle.JavaScript, script), new MimePart(MimeBundle.PlainText, script));
}
