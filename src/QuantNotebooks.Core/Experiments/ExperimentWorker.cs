using System.Collections.Concurrent;
using System.Globalization;

namespace QuantNotebooks.Experiments;

/// <summary>The other end of <see cref="WorkerPool"/>: a process that runs the experiments that it is told.</summary>
public static class ExperimentWorker
{
    /// <summary>The answer after an experiment whose result is in the folder.</summary>
    internal const string Done = "done";

    /// <summary>What every answer begins with: other lines, which a runtime or a library may write, are none.</summary>
    internal const string Mark = "experiment: ";

    /// <summary>
    /// Reads lines of numbers of experiments of one network of the plan, and answers after each with a line: done, or why it failed. Returns at the end of the input, at once where
    /// an experiment is under way: then whoever wanted it is gone.
    /// </summary>
    /// <param name="plan">The plan.</param>
    /// <param name="results">The folder of results.</param>
    /// <param name="input">Where the numbers come from.</param>
    /// <param name="output">Where the answers go.</param>
    /// <param name="cancellation">Stops it.</param>
    public static void Serve(ExperimentPlan plan, string results, TextReader input, TextWriter output, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(output);
        // Never disposed of: a reader that waits for a line can't be stopped, and may use both until the process ends.
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var lines = new BlockingCollection<string>();
        new Thread(() =>
        {
            while (input.ReadLine() is { } line) lines.Add(line);
            stop.Cancel();
        }) { IsBackground = true }.Start();
        var (keys, store) = (new ExperimentKeys(stop.Token), new ExperimentStore(results));
        var all = plan.Experiments;
        try
        {
            foreach (var line in lines.GetConsumingEnumerable(stop.Token))
            {
                var group = line.Split(' ').Select(number => all[int.Parse(number, CultureInfo.InvariantCulture)]).ToArray();
                RunGroup(plan, group, keys, store, output, stop.Token);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The end of the input, or of the process.
        }
    }

    private static void RunGroup(ExperimentPlan plan, Experiment[] group, ExperimentKeys keys, ExperimentStore store, TextWriter output, CancellationToken cancellation)
    {
        var work = new NetworkWork(keys.Open(group[0].Network));
        foreach (var experiment in group)
        {
            var state = new ExperimentState(plan, [experiment], store, progress: null);
            if (!state.Look(experiment, keys.Of(experiment))) ExperimentRun.RunHere(work, [experiment], state, cancellation);
            cancellation.ThrowIfCancellationRequested();
            var report = state.Report(cancellation);
            output.WriteLine(Mark + (report.Failures is [var failure] ? failure.Reason.ReplaceLineEndings(" ") : Done));
            output.Flush();
        }
    }
}
