namespace QuantNotebooks.Notebook.Commands;

/// <summary>A command was given words that make no sense for it; the message is one line that names them and says what would be right.</summary>
public sealed class CommandUsageException : Exception
{
    /// <summary>Creates an exception without an explanation of its own; the other constructors serve the user better.</summary>
    public CommandUsageException()
        : base("The command was given words that make no sense for it.")
    {
    }

    /// <summary>Creates an exception whose message is shown to the user as it is.</summary>
    public CommandUsageException(string message)
        : base(OneLine(message))
    {
    }

    /// <summary>Creates an exception whose message is shown to the user, and keeps what caused it.</summary>
    public CommandUsageException(string message, Exception innerException)
        : base(OneLine(message), innerException)
    {
    }

    // Words may hold line ends.
    private static string OneLine(string message) => (message ?? "").ReplaceLineEndings(" ");
}
