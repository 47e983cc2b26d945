namespace QuantNotebooks;

/// <summary>A user's mistake or a limit of the library, said in one clear line that names the file, node or argument and what would be right.</summary>
public sealed class QuantNotebooksException : Exception
{
    /// <summary>An exception with its one-line message.</summary>
    public QuantNotebooksException(string message) : base(message) { }

    /// <summary>An exception with its one-line message and the failure beneath it.</summary>
    public QuantNotebooksException(string message, Exception inner) : base(message, inner) { }
}
