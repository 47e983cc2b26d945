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
}
