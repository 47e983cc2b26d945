using System.Collections.Immutable;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Experiments;

/// <summary>How the experiments of a plan are run. Immutable.</summary>
public sealed record ExperimentOptions
{
    /// <summary>Only this part of the experiments; null for all.</summary>
    public Shard? Part { get; init; }

    /// <summary>How many processes run experiments at the same time, at least 1; with 1 this process does it.</summary>
    public int Processes { get; init; } = 1;

    /// <summary>The program of those processes; needed for more than one.</summary>
    public ExperimentWorkerProgram? Worker { get; init; }
}

/// <summary>A program that serves experiments, by calling <see cref="ExperimentWorker.Serve"/> on its standard input and output. Immutable.</summary>
/// <param name="File">The program.</param>
/// <param name="Arguments">What stands before the two arguments that are added: the plan's path and the folder of results.</param>
public sealed record ExperimentWorkerProgram(string File, ImmutableArray<string> Arguments);
