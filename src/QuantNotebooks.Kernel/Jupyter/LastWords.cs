using System.ComponentModel;
using System.Diagnostics;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using QuantNotebooks.Kernel.Scripting;

namespace QuantNotebooks.Kernel.Jupyter;

/// <summary>
/// What a dying process says on standard error, such as the runtime's words on a stack overflow, which no code of the process can see any more. A shell outlives it:
/// it passes standard error on, and when that ends while a cell's <see cref="RunningCellFile"/> is there, adds the last of it to the file. Not on Windows.
/// </summary>
internal static partial class LastWords
{
    /// <summary>How the runtime begins to speak of a stack overflow.</summary>
    public const string StackOverflow = "Stack overflow.";

    private const string Heading = "last words:";

    private const int StandardError = 2;

    // Keeps what begins as the runtime, and C++, begin their last words, without repeated lines; where there is nothing of that kind, the last lines.
    private const string Filter =
        """
        /^(Stack overflow|Process terminated|Unhandled exception|Out of memory|Fatal error|terminate called)/ { found = 1; count = 0 }
        found && count < 12 && $0 != word[count] { word[++count] = $0 }
        { last[NR % 6] = $0 }
        END {
            if (found) for (i = 1; i <= count; i++) print word[i]
            else for (i = NR - 5; i <= NR; i++) if (i > 0) print last[i % 6]
        }
        """;

    // $0 is the file, $1 the filter. Signals to the group are for the kernel. tee writes to the filter's pipe as a file, and to what was standard error.
    private const string Shell =
        $$"""
        trap '' INT TERM HUP
        words=$({ tee /dev/fd/3 3>&1 >&2; } | awk "$1")
        [ -s "$0" ] || exit 0
        printf '%s\n%s' '{{Heading}}' "$words" >> "$0"
        printf 'quantnb: the kernel died while it ran cell %s\n' "$(head -n 1 "$0")" >&2
        """;

    /// <summary>From now on what the process writes to standard error, other than by the console's own writers, is kept for after its end. Where there is no shell, nothing happens.</summary>
    /// <param name="file">A running cell's file, whether or not it is there now.</param>
    public static void Keep(string file)
    {
        if (OperatingSystem.IsWindows()) return;
        _ = CellConsole.Error; // goes on writing to what is standard error now
        try
        {
            using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", Shell, file, Filter]) { RedirectStandardInput = true })!;
            using var input = shell.StandardInput;
            _ = Duplicate((int)((PipeStream)input.BaseStream).SafePipeHandle.DangerousGetHandle(), StandardError);
        }
        catch (Exception exception) when (exception is Win32Exception or IOException)
        {
        }
    }

    /// <summary>The words in what a running cell's file holds after its first two lines; null where nobody listened.</summary>
    public static IReadOnlyList<string>? Of(string text) =>
        text.StartsWith(Heading, StringComparison.Ordinal) ? [.. text.Split('\n').Skip(1).Where(line => line.Length > 0)] : null;

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int Duplicate(int from, int to);
}
