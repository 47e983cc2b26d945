namespace QuantNotebooks.Notebook.Hosting;

/// <summary>The two text streams of a cell.</summary>
public enum OutputStream
{
    /// <summary>Standard output.</summary>
    Out,

    /// <summary>Standard error.</summary>
    Error,
}

/// <summary>
/// Where a running cell's output goes. A host implements it: the notebook runner writes into the notebook, a kernel sends messages.
/// Implementations must be thread safe, for cells start threads, and must accept output that comes after the cell has ended.
/// </summary>
public interface INotebookOutput
{
    /// <summary>Appends text to a stream. Text may hold any number of lines, or part of one.</summary>
    void Write(OutputStream stream, string text);

    /// <summary>Shows a value. <paramref name="displayId"/>, unless null, is the name by which <see cref="Update"/> finds it again.</summary>
    void Display(MimeBundle bundle, string? displayId);

    /// <summary>Replaces what was shown under this name, in whichever cell that was.</summary>
    void Update(string displayId, MimeBundle bundle);

    /// <summary>Takes away what the cell has shown so far.</summary>
    /// <param name="wait">Whether to wait until there is something else to show, so that nothing flickers.</param>
    void Clear(bool wait);
}
