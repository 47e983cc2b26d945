using System.Collections.Immutable;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Experiments;

/// <summary>How far the experiments of a run are. Thread safe.</summary>
/// <param name="plan">The plan.</param>
/// <param name="wanted">The experiments of it that are to be run.</param>
/// <param name="store">Where results are.</param>
/// <param name="progress">Told of each experiment.</param>
internal sealed class ExperimentState(ExperimentPlan plan, ImmutableArray<Experiment> wanted, ExperimentStore store, IProgress<SweepProgress>? progress)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Experiment, string> _keys = [];
    private readonly Dictionary<Experiment, ExperimentResult> _results = [];
    private readonly Dictionary<Experiment, string> _failures = [];
    private int _measured;

    public ExperimentPlan Plan => plan;

    /// <summary>What has neither result nor failure, in the order of the plan.</summary>
    public ImmutableArray<Experiment> Pending
    {
        get
        {
            lock (_gate) return [.. wanted.Where(experiment => !_results.ContainsKey(experiment) && !_failures.ContainsKey(experiment))];
        }
    }

    public string KeyOf(Experiment experiment)
    {
        lock (_gate) return _keys[experiment];
    }

    /// <summary>Takes the result that is there already; false where there is none.</summary>
    public bool Look(Experiment experiment, string key)
    {
        var result = store.Find(experiment, key);
        lock (_gate)
        {
            _keys[experiment] = key;
            if (result is not null) _results[experiment] = result;
        }
        return result is not null;
    }

    public void Begin(Experiment experiment) => Report(experiment.ToString());

    public void Done(Experiment experiment, ExperimentResult result)
    {
        store.Add(result);
        lock (_gate)
        {
            _results[experiment] = result;
            _measured++;
        }
        Report(experiment.ToString());
    }

    /// <summary>Takes the result that another process has written.</summary>
    public void DoneElsewhere(Experiment experiment)
    {
        if (!Look(experiment, KeyOf(experiment))) throw new InvalidOperationException($"The result of '{experiment}' was reported and is not there.");
        lock (_gate) _measured++;
        Report(experiment.ToString());
    }

    public void Failed(Experiment experiment, string reason)
    {
        lock (_gate) _failures[experiment] = reason;
        Report(experiment.ToString());
    }

    /// <exception cref="OperationCanceledException">The run was stopped and there is no result.</exception>
    public ExperimentReport Report(CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_results.Count == 0) cancellation.ThrowIfCancellationRequested();
            return new ExperimentReport(
                plan, [.. wanted.Where(_results.ContainsKey).Select(experiment => _results[experiment])],
                [.. wanted.Where(_failures.ContainsKey).Select(experiment => new ExperimentFailure(experiment, _failures[experiment]))], _measured, wanted.Length);
        }
    }

    private void Report(string current)
    {
        if (progress is null) return;
        lock (_gate) progress.Report(new SweepProgress(_results.Count + _failures.Count, wanted.Length, current));
    }
}
