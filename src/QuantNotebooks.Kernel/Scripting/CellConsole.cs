using System.Text;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>
/// Sends what a cell's code writes to Console.Out and Console.Error to the cell's output. The console is the process's, so this is installed
/// once; code that belongs to no cell goes on writing to the real one.
/// </summary>
internal static class CellConsole
{
    private static readonly Lock Gate = new();
    private static bool installed;

    /// <summary>The process's own standard output, whatever cells do. Thread safe.</summary>
    public static TextWriter Out { get; } = Console.Out;

    /// <summary>The process's own standard error, whatever cells do. Thread safe.</summary>
    public static TextWriter Error { get; } = Console.Error;

    /// <summary>Starts routing. Further calls do nothing. Thread safe.</summary>
    public static void Install()
    {
        lock (Gate)
        {
            if (installed) return;
            Console.SetOut(new Router(OutputStream.Out, Out));
            Console.SetError(new Router(OutputStream.Error, Error));
            installed = true;
        }
    }

    private sealed class Router(OutputStream stream, TextWriter fallback) : TextWriter
    {
        public override Encoding Encoding => fallback.Encoding;

        public override void Write(char value) => Write(value.ToString());

        public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

        public override void Write(ReadOnlySpan<char> buffer) => Write(buffer.ToString());

        public override void Write(string? value)
        {
            if (string.IsNullOrEmpty(value)) return;
            // An interrupt aborts the thread, but never within finally: the output's state stays whole.
            try
            {
            }
            finally
            {
                if (RunningCell.Output is { } output) output.Write(stream, value);
                else fallback.Write(value);
            }
        }

        // One call, so that lines of several threads do not mix.
        public override void WriteLine(string? value) => Write(value + NewLine);

        public override void WriteLine() => Write(NewLine);

        public override void WriteLine(char[] buffer, int index, int count) => Write(new string(buffer, index, count) + NewLine);

        public override void WriteLine(ReadOnlySpan<char> buffer) => Write(string.Concat(buffer, NewLine));

        public override void WriteLine(object? value) => Write(value + NewLine);

        public override void Flush()
        {
            if (RunningCell.Output is null) fallback.Flush();
        }
    }
}
