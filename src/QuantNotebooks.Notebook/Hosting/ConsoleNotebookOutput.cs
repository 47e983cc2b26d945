namespace QuantNotebooks.Notebook.Hosting;

/// <summary>The output of programs that are not notebooks: plain text on the console.</summary>
internal sealed class ConsoleNotebookOutput : INotebookOutput
{
    public static ConsoleNotebookOutput Instance { get; } = new();

    public void Write(OutputStream stream, string text) => (stream == OutputStream.Out ? Console.Out : Console.Error).Write(text);

    public void Display(MimeBundle bundle, string? displayId) => Console.Out.WriteLine(bundle[MimeBundle.PlainText]);

    public void Update(string displayId, MimeBundle bundle) => Display(bundle, displayId);

    // What is on a console stays there.
    public void Clear(bool wait)
    {
    }
}
