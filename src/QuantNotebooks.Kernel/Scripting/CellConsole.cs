using System.Runtime.ExceptionServices;
using System.Text;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>
/// Sends what a cell's code writes to Console.Out and Console.Error to the cell's output, and lets Console.In ask the notebook's user. The console
/// is the process's, so this is installed once; code that belongs to no cell goes on using the real one.
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
            ConsoleColours.Clear(); // also notes what is no colour, before a cell sets one
            Console.SetOut(new Router(OutputStream.Out, Out));
            Console.SetError(new Router(OutputStream.Error, Error));
            Console.SetIn(new Keyboard(Console.In));
            // What a thread of a cell throws, or a finalizer, would end the process.
            ExceptionHandling.SetUnhandledExceptionHandler(static exception =>
            {
                var isInterrupt = exception is OperationCanceledException { CancellationToken: var token } && token == RunningCell.CancellationToken && token.IsCancellationRequested;
                if (!isInterrupt) Console.Error.WriteLine($"In the background: {exception}");
                return true;
            });
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
            if (RunningCell.Output is { } output) output.Write(stream, ConsoleColours.Apply(value));
            else fallback.Write(value);
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

    /// <summary>Console.In: a line of the notebook's user at a time, handed out as asked for.</summary>
    private sealed class Keyboard(TextReader fallback) : TextReader
    {
        private string _line = "";

        public override string? ReadLine()
        {
            if (_line.Length == 0) return Ask();
            var rest = _line.TrimEnd('\n');
            _line = "";
            return rest;
        }

        public override int Peek() => Fill() ? _line[0] : -1;

        public override int Read()
        {
            if (!Fill()) return -1;
            var first = _line[0];
            _line = _line[1..];
            return first;
        }

        private bool Fill()
        {
            if (_line.Length > 0) return true;
            if (Ask() is not { } line) return false;
            _line = line + "\n";
            return true;
        }

        private string? Ask() => RunningCell.Output switch
        {
            INotebookInput input => input.ReadLine("", isSecret: false),
            null => fallback.ReadLine(),
            _ => throw new InvalidOperationException("There is nobody to ask: this notebook runs without a user."),
        };
    }
}
