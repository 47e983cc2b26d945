using QuantNotebooks.Experiments;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Notebook.Commands;

/// <summary>What a command needs of where it runs: a command line, our kernel, or another notebook host.</summary>
public interface ICommandHost
{
    /// <summary>Stops the command.</summary>
    CancellationToken Cancellation { get; }

    /// <summary>The program that runs experiments in processes of their own; null in a host that has none.</summary>
    ExperimentWorkerProgram? Worker => null;

    /// <summary>The value of the variable of that name; null where there is none, and always in a host without variables.</summary>
    object? FindVariable(string name);

    /// <summary>Where to report how far the command has come.</summary>
    /// <param name="activity">What is under way, in a word or two.</param>
    IProgress<SweepProgress> Progress(string activity);

    /// <summary>Tells the user something beside the result, in one line.</summary>
    void Note(string line);

    /// <summary>Shows the result, in a host whose values do not show themselves.</summary>
    void Show(object result);

    /// <summary>Gets the document of <c>--json -</c>.</summary>
    void WriteJson(string json);
}
