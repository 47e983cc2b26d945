using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Magics;

/// <summary>A magic that shows the lines below it as text of some kind.</summary>
internal sealed class TextMagic : Magic
{
    private readonly string _mimeType;

    private TextMagic(string name, string mimeType, string summary) => (Name, _mimeType, Summary) = (name, mimeType, summary);

    public static TextMagic Html { get; } = new("html", MimeBundle.Html, "Show the lines below as HTML.");

    public static TextMagic Markdown { get; } = new("markdown", MimeBundle.MarkdownText, "Show the lines below as Markdown.");

    public static TextMagic JavaScript { get; } = new("javascript", MimeBundle.JavaScript, "Run the lines below in the page, as JavaScript.");

    public override string Name { get; }

    public override string Summary { get; }

    public override bool TakesText => true;

    public override Action<MagicRun> Bind(IReadOnlyList<string> words, string text)
    {
        RequireNone(words);
        if (_mimeType == MimeBundle.MarkdownText) return _ => NotebookDisplay.display(NotebookDisplay.Markdown(text));
        var plain = _mimeType == MimeBundle.JavaScript ? "JavaScript, which runs where the notebook is trusted" : text;
        return _ => NotebookDisplay.display(new MimeBundle(new MimePart(_mimeType, text), new MimePart(MimeBundle.PlainText, plain)));
    }
}
