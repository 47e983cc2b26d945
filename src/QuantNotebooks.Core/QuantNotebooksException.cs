namespace QuantNotebooks;

/// <summary>
/// A user's mistake or a bad input file, as opposed to a defect of the library.
/// </summary>
/// <remarks>
/// <see cref="Exception.Message"/> is one line that names the file or argument and says what would be right, so that a notebook
/// or a command line can show it alone, without a stack trace.
/// </remarks>
public sealed class QuantNotebooksException : Exception
{
    /// <summary>Creates an exception without an explanation of its own; the other constructors serve the user better.</summary>
    public QuantNotebooksException()
        : base("Quant Notebooks could not do what was asked.")
    {
    }

    /// <summary>Creates an exception whose message is shown to the user as it is.</summary>
    /// <param name="message">One line: the file or argument, what is wrong with it, what would be right.</param>
    public QuantNotebooksException(string message)
        : base(OneLine(message))
    {
    }

    /// <summary>Creates an exception whose message is shown to the user, and keeps what caused it.</summary>
    /// <param name="message">One line: the file or argument, what is wrong with it, what would be right.</param>
    /// <param name="innerException">What went wrong underneath.</param>
    public QuantNotebooksException(string message, Exception innerException)
        : base(OneLine(message), innerException)
    {
    }

    // Names from files may hold line ends.
    private static string OneLine(string message) => (message ?? "").ReplaceLineEndings(" ");
}
