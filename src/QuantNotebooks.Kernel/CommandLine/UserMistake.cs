using QuantNotebooks.Kernel.Jupyter;
using QuantNotebooks.Kernel.Notebooks;

namespace QuantNotebooks.Kernel.CommandLine;

/// <summary>Which exceptions are the user's to mend: those become one line on standard error. All others are defects of ours.</summary>
internal static class UserMistake
{
    /// <summary>The line for the user, or null where the exception is a defect.</summary>
    public static string? MessageOf(Exception exception) => exception switch
    {
        QuantNotebooksException or NotebookFileException or ConnectionFileException or IOException or UnauthorizedAccessException => exception.Message.ReplaceLineEndings(" "),
        _ => null,
    };

    /// <summary>What to say of a defect: its type and message, where it happened, and that we want to hear of it.</summary>
    public static string Defect(Exception exception)
    {
        var place = exception.StackTrace?.Split('\n').Select(line => line.Trim()).FirstOrDefault(line => line.Contains(nameof(QuantNotebooks), StringComparison.Ordinal));
        var message = exception.Message.ReplaceLineEndings(" ").TrimEnd('.');
        return $"quantnb: unexpected {exception.GetType().Name}: {message}{(place is null ? "" : $" ({place})")}. This is a defect of {ToolVersion.Text}; please report it.";
    }
}
