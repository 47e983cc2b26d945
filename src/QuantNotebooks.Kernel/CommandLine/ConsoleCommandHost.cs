using QuantNotebooks.Experiments;
using QuantNotebooks.Kernel.CommandLine.Reports;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Notebook.Commands;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Kernel.CommandLine;

/// <summary>The command line as the place where a command runs: results on standard output, all else on standard error, no variables.</summary>
internal sealed class ConsoleCommandHost(TextWriter output, TextWriter error, CancellationToken cancellation) : ICommandHost
{
    private readonly ProgressLine _progress = new(error, TerminalWidth(error));

    public CancellationToken Cancellation => cancellation;

    /// <summary>How far the command has come.</summary>
    public CommandStage Stage { get; } = new();

    public ExperimentWorkerProgram? Worker => SweepWorkerCommand.Program;

    public object? FindVariable(string name) => null;

    public IProgress<SweepProgress> Progress(string activity) => Stage.Through(_progress.For(activity));

    public void Note(string line)
    {
        _progress.Clear();
        error.WriteLine(line);
    }

    public void Show(object result)
    {
        Stage.HasResult();
        _progress.Clear();
        ReportText.Write(result, output);
    }

    public void WriteJson(string json)
    {
        Stage.HasResult();
        _progress.Clear();
        output.Write(json);
        output.Flush();
    }

    /// <summary>Ends the line of progress, whatever became of the command.</summary>
    public void Finish() => _progress.Clear();

    private static int? TerminalWidth(TextWriter error)
    {
        const int smallest = 20;
        const int usual = 80;
        // Another writer, or a file or pipe, is no terminal; a width of 0 is one that does not say.
        if (!ReferenceEquals(error, CellConsole.Error) || Console.IsErrorRedirected) return null;
        return Console.IsOutputRedirected || Console.WindowWidth <= 0 ? usual : Math.Max(smallest, Console.WindowWidth);
    }
}
