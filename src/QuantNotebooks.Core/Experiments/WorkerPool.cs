using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;

namespace QuantNotebooks.Experiments;

/// <summary>
/// Runs experiments in processes of their own. Each gets groups of experiments of one network, named by their numbers in the plan, on its standard input, and
/// answers after each experiment; results go through the folder of results.
/// </summary>
/// <param name="program">The program of the processes.</param>
/// <param name="plan">The plan's file.</param>
/// <param name="results">The folder of results.</param>
/// <param name="state">What is to be done, and what became of it.</param>
internal sealed class WorkerPool(ExperimentWorkerProgram program, string plan, string results, ExperimentState state)
{
    private readonly ImmutableArray<Experiment> _all = state.Plan.Experiments;
    private readonly ConcurrentQueue<ImmutableArray<Experiment>> _groups = [];

    public void Run(int processes, CancellationToken cancellation)
    {
        var pending = state.Pending;
        // Experiments of a network stay together, as far as that leaves no process without work; long groups come first.
        var largest = Math.Max(1, (pending.Length + processes - 1) / processes);
        var groups = pending.GroupBy(experiment => experiment.Network).SelectMany(network => network.Chunk(largest)).OrderByDescending(group => group.Length).ToArray();
        foreach (var group in groups) _groups.Enqueue([.. group]);
        var count = Math.Min(processes, groups.Length);
        var threads = Math.Max(1, Environment.ProcessorCount / Math.Max(1, count));
        // Threads of their own: each waits for a process most of the time.
        var hosts = Enumerable.Range(0, count).Select(_ => Task.Factory.StartNew(() => Serve(threads, cancellation), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        Task.WaitAll(hosts, CancellationToken.None);
    }

    private void Serve(int threads, CancellationToken cancellation)
    {
        WorkerProcess? worker = null;
        try
        {
            while (!cancellation.IsCancellationRequested && _groups.TryDequeue(out var group))
            {
                for (var done = 0; done < group.Length && !cancellation.IsCancellationRequested;)
                {
                    worker ??= new WorkerProcess(program, plan, results, threads, cancellation);
                    worker.Ask(string.Join(' ', group[done..].Select(experiment => _all.IndexOf(experiment).ToString(CultureInfo.InvariantCulture))));
                    for (; done < group.Length; done++)
                    {
                        state.Begin(group[done]);
                        var answer = worker.Answer();
                        if (cancellation.IsCancellationRequested) return;
                        if (answer is null)
                        {
                            // It died of this one; a new process does the others.
                            state.Failed(group[done++], worker.Death());
                            worker.Dispose();
                            worker = null;
                            break;
                        }
                        if (answer == ExperimentWorker.Done) state.DoneElsewhere(group[done]);
                        else state.Failed(group[done], answer);
                    }
                }
            }
        }
        finally
        {
            worker?.Dispose();
        }
    }

    /// <summary>One process and the lines to and from it. It is ended when it is disposed of, or when the token is cancelled.</summary>
    private sealed class WorkerProcess : IDisposable
    {
        private readonly Process _process;
        private readonly CancellationTokenRegistration _stop;
        private readonly ConcurrentQueue<string> _errors = [];

        public WorkerProcess(ExperimentWorkerProgram program, string plan, string results, int threads, CancellationToken cancellation)
        {
            var start = new ProcessStartInfo(program.File, [.. program.Arguments, plan, results])
            {
                RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            };
            // The runtime's own variable: so each process takes its share of the processors.
            start.Environment["DOTNET_PROCESSOR_COUNT"] = threads.ToString("X", CultureInfo.InvariantCulture);
            _process = Process.Start(start) ?? throw new QuantNotebooksException($"The program '{program.File}' can't be started.");
            _process.ErrorDataReceived += (_, line) =>
            {
                if (line.Data is { Length: > 0 } text) _errors.Enqueue(text);
            };
            _process.BeginErrorReadLine();
            _stop = cancellation.Register(End);
        }

        /// <summary>Gives it experiments to do; where it is gone, <see cref="Answer"/> says so.</summary>
        public void Ask(string numbers)
        {
            try
            {
                _process.StandardInput.WriteLine(numbers);
                _process.StandardInput.Flush();
            }
            catch (IOException)
            {
                // A broken pipe: no answer will come, and that is what the caller looks at.
            }
        }

        /// <summary>What became of the next experiment; null where the process has ended.</summary>
        public string? Answer()
        {
            while (_process.StandardOutput.ReadLine() is { } line)
                if (line.StartsWith(ExperimentWorker.Mark, StringComparison.Ordinal)) return line[ExperimentWorker.Mark.Length..];
            return null;
        }

        public string Death()
        {
            _process.WaitForExit();
            return string.Create(CultureInfo.InvariantCulture, $"the process that ran it ended with exit code {_process.ExitCode}: {_errors.LastOrDefault() ?? "it said nothing"}");
        }

        public void Dispose()
        {
            _stop.Dispose();
            End();
            _process.Dispose();
        }

        private void End()
        {
            try
            {
                _process.Kill(entireProcessTree: true);
                _process.WaitForExit();
            }
            catch (InvalidOperationException)
            {
                // It has ended by itself.
            }
        }
    }
}
