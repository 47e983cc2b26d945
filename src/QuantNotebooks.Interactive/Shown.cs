using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Interactive;

/// <summary>What a command shows, as a value that .NET Interactive formats by what it finds on its type. Immutable.</summary>
/// <param name="Bundle">Its representations.</param>
[TypeFormatterSource(typeof(ShownFormatters), PreferredMimeTypes = [MimeBundle.Html, MimeBundle.PlainText])]
public sealed record Shown(MimeBundle Bundle)
{
    /// <summary>A line of text.</summary>
    public static Shown Text(string text) => new(new MimeBundle(new MimePart(MimeBundle.PlainText, text)));

    /// <inheritdoc/>
    public override string ToString() => Bundle[MimeBundle.PlainText] ?? "";
}
