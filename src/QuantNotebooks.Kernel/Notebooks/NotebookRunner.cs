using System.Diagnostics;
using System.Globalization;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Kernel.Session;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Notebooks;

/// <summary>How the execution of a notebook ended.</summary>
/// <param name="Executed">Code cells that ran, the failed one among them.</param>
/// <param name="Total">Code cells that the notebook has.</param>
/// <param name="Failures">Cells that failed, without those marked as ones that fail; at most one unless errors are allowed.</param>
/// <param name="Interrupted">Whether the user stopped it.</param>
internal sealed record NotebookRun(int Executed, int Total, IReadOnlyList<CellFailure> Failures, bool Interrupted);

/// <summary>A cell that failed.</summary>
/// <param name="Position">Which of the notebook's code cells, from 1.</param>
/// <param name="Error">Why.</param>
internal sealed record CellFailure(int Position, CellError Error);

/// <summary>
/// Executes a notebook's code cells in order, in one fresh session, and puts the outputs into the document. Paths in cells begin at the
/// process's current directory.
/// </summary>
/// <param name="progress">Gets a line for each cell.</param>
/// <param name="timeout">How long a cell may take before it is stopped and has failed; null for any time.</param>
internal sealed class NotebookRunner(TextWriter progress, TimeSpan? timeout = null)
{
    private string TooLong => string.Create(CultureInfo.InvariantCulture, $"The cell took longer than {timeout!.Value.TotalSeconds} s.");

    /// <summary>Runs the notebook. After an error or an interrupt the document holds what was executed; cells after it have no outputs.</summary>
    /// <param name="document">The notebook, which is changed.</param>
    /// <param name="options">The session that its cells run in.</param>
    /// <param name="allowErrors">Whether to go on after a cell that failed.</param>
    /// <param name="cancellationToken">Stops the running cell, and the notebook.</param>
    public async Task<NotebookRun> RunAsync(NotebookDocument document, ScriptEngineOptions options, bool allowErrors, CancellationToken cancellationToken)
    {
        using var session = new NotebookSession(options);
        await session.StartAsync().ConfigureAwait(false); // which is no part of a cell's time
        var recorder = new NotebookRecorder();
        var cells = document.Cells.Where(cell => cell.Kind == CellKind.Code).ToList();
        foreach (var cell in cells)
        {
            cell.Outputs.Clear();
            cell.ExecutionCount = null;
        }
        document.SetKernel();
        var failures = new List<CellFailure>();
        var executed = 0;
        var interrupted = false;
        for (var index = 0; index < cells.Count && !interrupted; index++)
        {
            if (string.IsNullOrWhiteSpace(cells[index].Source)) continue;
            if (interrupted = cancellationToken.IsCancellationRequested) break;
            var result = await RunCellAsync(session, recorder, cells[index], $"[{index + 1}/{cells.Count}]", cancellationToken).ConfigureAwait(false);
            executed++;
            interrupted = result is CellInterrupted && cancellationToken.IsCancellationRequested;
            if (result.Error is not { } error || interrupted || cells[index].MayFail) continue;
            failures.Add(new CellFailure(index + 1, result is CellInterrupted ? error with { Message = TooLong } : error));
            if (!allowErrors) break;
        }
        recorder.Complete();
        return new NotebookRun(executed, cells.Count, failures, interrupted);
    }

    private async Task<CellResult> RunCellAsync(
        NotebookSession session, NotebookRecorder recorder, NotebookCell cell, string position, CancellationToken cancellationToken)
    {
        await progress.WriteAsync($"{position} {CellTitle.Of(cell.Source)} … ").ConfigureAwait(false);
        await progress.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        var clock = Stopwatch.StartNew();
        var output = recorder.Begin(cell);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var run = session.RunAsync(cell.Source, output, limit.Token);
        if (timeout is { } patience) await CancelAfter(patience, limit, run).ConfigureAwait(false);
        var result = await run.ConfigureAwait(false);
        var timedOut = result is CellInterrupted && !cancellationToken.IsCancellationRequested;
        if (timedOut) output.Write(OutputStream.Error, TooLong + "\n");
        output.Finish(result);
        var outcome = result switch
        {
            CellSucceeded => "",
            _ when timedOut => ", stopped by the timeout",
            CellInterrupted => ", interrupted",
            _ => cell.MayFail ? ", failed as expected" : ", failed",
        };
        await progress.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalSeconds:0.0} s{outcome}")).ConfigureAwait(false);
        return result;
    }

    // Not by a timer, which the thread pool would serve, when the cell's tasks leave it time.
    private static Task CancelAfter(TimeSpan patience, CancellationTokenSource limit, Task run) => OwnThread.Run(() =>
    {
        var isDone = Task.WaitAny([run], patience) == 0;
        if (!isDone) limit.Cancel();
        return isDone;
    });
}
