using System.Collections.Immutable;

namespace QuantNotebooks.Experiments;

/// <summary>What became of the experiments of a plan, or of a part of it. Immutable.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Results">The results that there are, in the order of the plan.</param>
/// <param name="Failures">Experiments that could not be done, and why; they are tried again the next time.</param>
/// <param name="Measured">How many of the results were measured now; the others were there already.</param>
/// <param name="Wanted">How many experiments the plan, or the part of it, has.</param>
public sealed record ExperimentReport(
    ExperimentPlan Plan, ImmutableArray<ExperimentResult> Results, ImmutableArray<ExperimentFailure> Failures, int Measured, int Wanted)
{
    /// <summary>How many experiments were not done because the run was stopped.</summary>
    public int Left => Wanted - Results.Length - Failures.Length;
}

/// <summary>An experiment that could not be done.</summary>
/// <param name="Experiment">Which.</param>
/// <param name="Reason">Why, in a sentence.</param>
public sealed record ExperimentFailure(Experiment Experiment, string Reason);
