using QuantNotebooks.Experiments;
using QuantNotebooks.Notebook.Commands;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Notebook.Hosting;

/// <summary>The running cell as the place where a command runs: its variables, and a progress bar that becomes the result.</summary>
/// <param name="findVariable">The value of the C# variable of that name, or null.</param>
/// <param name="worker">The program that runs experiments in processes of their own, or null.</param>
internal sealed class CellCommandHost(Func<string, object?> findVariable, ExperimentWorkerProgram? worker = null) : ICommandHost
{
    private const int Width = 68;

    private ProgressDisplay? _bar;

    /// <summary>How far the command has come.</summary>
    public CommandStage Stage { get; } = new();

    public CancellationToken Cancellation => RunningCell.CancellationToken;

    public ExperimentWorkerProgram? Worker => worker;

    public object? FindVariable(string name) => findVariable(name);

    // One bar is enough: what the next activity reports is drawn over it.
    public IProgress<SweepProgress> Progress(string activity) => Stage.Through(_bar ??= new ProgressDisplay(activity));

    // Hosts break longer lines anywhere, in the middle of a number too.
    public void Note(string line) => (RunningCell.Output ?? ConsoleNotebookOutput.Instance).Write(OutputStream.Out, string.Concat(WrappedText.Lines(line, Width).Select(part => part + "\n")));

    public void Show(object result)
    {
        Stage.HasResult();
        if (_bar is null) NotebookDisplay.display(result);
        else _bar.Become(result);
        _bar = null;
    }

    public void WriteJson(string json)
    {
        Stage.HasResult();
        Finish();
        NotebookDisplay.display(new MimeBundle(new MimePart("application/json", json), new MimePart(MimeBundle.PlainText, json)));
    }

    /// <summary>Runs a command in the running cell.</summary>
    /// <returns>Its result, of which it has shown what there is to show.</returns>
    public object Run(CommandDefinition definition, CommandArguments arguments)
    {
        // A command hands the cell's token on where an interrupt is to stop it; what it does to show what was done until then runs to its end.
        using var noOther = AmbientCancellation.Enter(CancellationToken.None);
        try
        {
            return definition.Run(arguments, this);
        }
        finally
        {
            Finish();
        }
    }

    // A bar that became no result is marked as stopped.
    private void Finish()
    {
        _bar?.Stop();
        _bar = null;
    }
}
