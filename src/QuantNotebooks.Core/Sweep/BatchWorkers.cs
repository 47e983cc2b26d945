using System.Runtime.ExceptionServices;

namespace QuantNotebooks.Sweep;

/// <summary>
/// Runs batches on several threads, handed out in order: each whole batch on one thread, which keeps it in that core's cache and wakes nobody
/// for single operators. Threads of their own, for the thread pool's may be decoding images.
/// </summary>
/// <param name="count">Number of batches.</param>
/// <param name="threads">Most threads; the caller's is one of them.</param>
internal sealed class BatchWorkers(int count, int threads)
{
    /// <summary>A network's tensors for one batch, both sides, weigh about this many times its input.</summary>
    private const long BytesAnInputByte = 100;

    /// <summary>How many batches run at once.</summary>
    public int Count { get; } = Math.Max(1, Math.Min(count, threads));

    /// <summary>Threads that are left to each of them.</summary>
    public int ThreadsEach => Math.Max(1, Environment.ProcessorCount / Count);

    /// <summary>As many as there are cores, and as have room for their batches.</summary>
    public static BatchWorkers For(ImageBatches batches, long memory = long.MaxValue) =>
        new(batches.Count, (int)Math.Clamp(memory / (batches.BytesOf(0) * BytesAnInputByte), 1, Environment.ProcessorCount));

    /// <summary>Runs all batches until it is stopped, and tells before each how many are done.</summary>
    /// <param name="batches">The batches, as many as there are here.</param>
    /// <param name="current">What is being done.</param>
    /// <param name="progress">Told from one thread at a time, and nothing once the work was stopped.</param>
    /// <param name="act">Runs a batch.</param>
    /// <param name="stop">Begins no further batch.</param>
    public void ForEach(ImageBatches batches, string current, IProgress<SweepProgress>? progress, Action<int> act, CancellationToken stop)
    {
        var done = 0;
        ForEachUntil(
            batch =>
            {
                act(batch);
                Interlocked.Increment(ref done);
            },
            stop,
            () => progress?.Report(batches.Progress(Volatile.Read(ref done), current)));
    }

    /// <summary>Runs all batches until it is stopped: then those under way are finished, and so that none is left out, every one before another that has begun is begun too.</summary>
    /// <param name="act">Runs a batch.</param>
    /// <param name="stop">Begins no further batch.</param>
    /// <param name="begins">Called before a batch begins, by one thread at a time; it may stop the work before that batch.</param>
    /// <exception cref="OperationCanceledException">It was stopped before the last batch.</exception>
    public void ForEachUntil(Action<int> act, CancellationToken stop, Action? begins = null)
    {
        var (begun, beginning) = (0, new Lock());
        ForEach(batch =>
        {
            lock (beginning)
            {
                if (!stop.IsCancellationRequested) begins?.Invoke();
                if (batch >= begun) stop.ThrowIfCancellationRequested();
                begun = Math.Max(begun, batch + 1);
            }
            act(batch);
        });
    }

    /// <summary>
    /// Runs all batches. When one fails no further one is begun, and once those under way are done the failure of the first batch, in the order
    /// of the images, is thrown.
    /// </summary>
    public void ForEach(Action<int> act)
    {
        var (next, failedBatch) = (-1, int.MaxValue);
        ExceptionDispatchInfo? failure = null;
        var failures = new Lock();
        var isLeft = false;
        var helpers = new Thread?[Count - 1];
        try
        {
            for (var index = 0; index < helpers.Length; index++)
            {
                helpers[index] = new Thread(Work) { IsBackground = true, Name = "sweep" };
                helpers[index]!.Start();
            }
            Work();
            foreach (var helper in helpers) helper!.Join();
        }
        finally
        {
            // The thread of an interrupted cell is woken here while it waits: what it then gives back, sessions and memory, the others still use.
            Volatile.Write(ref isLeft, true);
            JoinAll(helpers);
        }
        failure?.Throw();

        void Work()
        {
            while (!Volatile.Read(ref isLeft) && Volatile.Read(ref failedBatch) == int.MaxValue && Interlocked.Increment(ref next) is var batch && batch < count)
            {
                try
                {
                    act(batch);
                }
                catch (Exception error)
                {
                    lock (failures)
                    {
                        if (batch > failedBatch) continue;
                        failedBatch = batch;
                        failure = ExceptionDispatchInfo.Capture(error);
                    }
                }
            }
        }
    }

    /// <summary>Waits for them whatever happens: an interrupt of the waiting thread is put off until they have ended.</summary>
    private static void JoinAll(ReadOnlySpan<Thread?> helpers)
    {
        var isInterrupted = false;
        foreach (var helper in helpers)
            while (helper is not null && !helper.ThreadState.HasFlag(ThreadState.Unstarted))
            {
                try
                {
                    helper.Join();
                    break;
                }
                catch (ThreadInterruptedException)
                {
                    isInterrupted = true;
                }
            }
        if (isInterrupted) Thread.CurrentThread.Interrupt();
    }
}
