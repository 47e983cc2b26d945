using QuantNotebooks.Kernel.Notebooks;

namespace QuantNotebooks.Kernel.CommandLine;

/// <summary>Which exceptions are the user's to mend: those become one line on standard error. All others are defects of ours and keep their stack trace.</summary>
internal static class UserMistake
{
    /// <summary>The line for the user, or null where the exception is a defect.</summary>
    public static string? MessageOf(Exception exception) => exception switch
    {
        NotebookFileException or IOException or UnauthorizedAccessException => exception.Message.ReplaceLineEndings(" "),
        _ => null,
    };
}
