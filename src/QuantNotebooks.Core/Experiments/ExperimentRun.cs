using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Experiments;

/// <summary>Runs the experiments of a plan.</summary>
public static class ExperimentRun
{
    /// <summary>
    /// Runs every experiment whose result is not there yet. Experiments of a network share loading, steps that don't look at the scheme, calibrated ranges and
    /// the full-precision outputs. A result is on disk as soon as it is known: whoever stops a run, or kills it, loses the experiments under way.
    /// </summary>
    /// <param name="plan">The plan; one read from a file where processes are wanted.</param>
    /// <param name="results">The folder of results; made where it is missing. Several runs may share it.</param>
    /// <param name="options">How; null for all in this process.</param>
    /// <param name="progress">Told of each experiment: how many are done, and which is under way.</param>
    /// <param name="cancellation">Stops the run: the report has what is done.</param>
    /// <exception cref="QuantNotebooksException">A network or an image set of the plan can't be read, or processes are wanted and there is no program for them.</exception>
    /// <exception cref="OperationCanceledException">It was stopped before any result was there.</exception>
    public static ExperimentReport Run(
        this ExperimentPlan plan, string results, ExperimentOptions? options = null, IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
        cancellation = cancellation.OrAmbient();
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(results);
        options ??= new ExperimentOptions();
        if (options.Processes > 1 && (plan.Path is null || options.Worker is null))
            throw new QuantNotebooksException(plan.Path is null
                ? "Several processes want a plan that was read from a file: one made in code lives in this process only."
                : "This program has none that could run experiments in processes of their own; quantnb sweep can, or run several parts of the plan side by side.");
        var wanted = options.Part is { } part ? plan.Part(part) : plan.Experiments;
        var (store, keys) = (new ExperimentStore(results), new ExperimentKeys(cancellation));
        var state = new ExperimentState(plan, wanted, store, progress);
        foreach (var experiment in wanted)
        {
            cancellation.ThrowIfCancellationRequested();
            state.Look(experiment, KeyOf(plan, experiment, keys));
        }
        if (options.Processes > 1) new WorkerPool(options.Worker!, plan.Path!, results, state).Run(options.Processes, cancellation);
        else
            foreach (var network in state.Pending.GroupBy(experiment => experiment.Network)) RunHere(new NetworkWork(keys.Open(network.Key)), network, state, cancellation);
        return state.Report(cancellation);
    }

    /// <summary>Runs experiments of one network until the token is cancelled.</summary>
    internal static void RunHere(NetworkWork work, IEnumerable<Experiment> experiments, ExperimentState state, CancellationToken cancellation)
    {
        foreach (var experiment in experiments)
        {
            if (cancellation.IsCancellationRequested) return;
            state.Begin(experiment);
            // Another method of the plan may be the same under another name, or another run may have done it meanwhile.
            if (state.Look(experiment, state.KeyOf(experiment))) continue;
            try
            {
                state.Done(experiment, work.Run(experiment, state.KeyOf(experiment), cancellation));
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (QuantNotebooksException error)
            {
                state.Failed(experiment, error.Message);
            }
        }
    }

    private static string KeyOf(ExperimentPlan plan, Experiment experiment, ExperimentKeys keys)
    {
        try
        {
            return keys.Of(experiment);
        }
        catch (QuantNotebooksException error)
        {
            throw new QuantNotebooksException(FormattableString.Invariant(
                $"{(plan.Path is null ? "The plan" : $"'{plan.Path}'")}: networks[{plan.Networks.IndexOf(experiment.Network)}] '{experiment.Network.Name}': {error.Message}"), error);
        }
    }
}
