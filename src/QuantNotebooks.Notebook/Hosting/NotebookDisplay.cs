namespace QuantNotebooks.Notebook.Hosting;

/// <summary>What every cell may call without a prefix: <c>display</c>, <c>HTML</c> and <c>Markdown</c>. Thread safe.</summary>
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

    /// <summary>HTML to show: as a cell's last expression, or through <see cref="display"/>. It is not escaped.</summary>
    public static MimeBundle HTML(string html) => new(new MimePart(MimeBundle.Html, html), new MimePart(MimeBundle.PlainText, html));

    /// <summary>Markdown to show: as a cell's last expression, or through <see cref="display"/>.</summary>
    public static MimeBundle Markdown(string markdown) =>
        new(new MimePart(MimeBundle.MarkdownText, markdown), new MimePart(MimeBundle.PlainText, markdown));
}
