using System.Runtime.ExceptionServices;

namespace QuantNotebooks.Sweep;

/// <summary>
/// Runs batches on several threads, handed out in order: each whole batch on one thread, which keeps it in that core's cache and wakes nobody
/// for single operators. Threads of their own, for the thread pool's may be decoding images, and for one that does not stop is left behind: what
/// it uses is released by <see cref="WhenIdle"/>.
/// </summary>
/// <param name="count">Number of batches.</param>
/// <param name="threads">Most threads.</param>
internal sealed class BatchWorkers(int count, int threads)
{
    /// <summary>A network's tensors for one batch, both sides, weigh about this many times its input.</summary>
    private const long BytesAnInputByte = 100;

    /// <summary>How long threads may take to see that they are to stop, before they are left behind: ONNX Runtime ends each operator that it has begun.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(150);

    private readonly Lock _lock = new();
    private readonly List<Action> _releases = [];
    private int _working;

    /// <summary>How many batches run at once.</summary>
    public int Count { get; } = Math.Max(1, Math.Min(count, threads));

    /// <summary>Threads that are left to each of them.</summary>
    public int ThreadsEach => Math.Max(1, Environment.ProcessorCount / Count);

    /// <summary>As many as there are cores, and as have room for their batches.</summary>
    public static BatchWorkers For(ImageBatches batches, long memory = long.MaxValue) =>
        new(batches.Count, (int)Math.Clamp(memory / (batches.BytesOf(0) * BytesAnInputByte), 1, Environment.ProcessorCount));

    /// <summary>One that runs one piece of work at a time.</summary>
    public static BatchWorkers One() => new(1, 1);

    /// <summary>Runs one piece of work, which is left behind if it does not stop.</summary>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public T Run<T>(Func<T> work, CancellationToken cancellation)
    {
        T result = default!;
        ForEach(_ => result = work(), cancellation);
        return result;
    }

    /// <summary>Releases what batches use: at once, or where threads were left behind once the last of them has ended.</summary>
    public void WhenIdle(Action release)
    {
        lock (_lock)
        {
            if (_working > 0)
            {
                _releases.Add(release);
                return;
            }
        }
        release();
    }

    /// <summary>Runs all batches until it is stopped, and tells before each how many are done.</summary>
    /// <param name="batches">The batches, as many as there are here.</param>
    /// <param name="current">What is being done.</param>
    /// <param name="progress">Told from one thread at a time, and nothing once the work was stopped.</param>
    /// <param name="act">Runs a batch.</param>
    /// <param name="stop">Begins no further batch, and ends those under way.</param>
    public void ForEach(ImageBatches batches, string current, IProgress<SweepProgress>? progress, Action<int> act, BatchStop stop)
    {
        var done = 0;
        ForEach(
            batch =>
            {
                act(batch);
                Interlocked.Increment(ref done);
            },
            stop,
            () => progress?.Report(batches.Progress(Volatile.Read(ref done), current)));
    }

    /// <summary>Runs all batches until it is stopped: then none is begun, but so that none is left out, every one before another that has begun.</summary>
    /// <param name="act">Runs a batch.</param>
    /// <param name="stop">Begins no further batch, and ends those under way.</param>
    /// <param name="begins">Called before a batch begins, by one thread at a time; it may stop the work before that batch.</param>
    /// <exception cref="OperationCanceledException">It was stopped before the last batch.</exception>
    public void ForEach(Action<int> act, BatchStop stop, Action? begins = null)
    {
        var (begun, beginning) = (0, new Lock());
        ForEach(
            batch =>
            {
                lock (beginning)
                {
                    if (!stop.Begins.IsCancellationRequested) begins?.Invoke();
                    if (batch >= begun) stop.Begins.ThrowIfCancellationRequested();
                    begun = Math.Max(begun, batch + 1);
                }
                act(batch);
            },
            stop.Within);
    }

    /// <summary>
    /// Runs all batches. When one fails no further one is begun, and once those under way are done the failure of the first batch, in the order
    /// of the images, is thrown.
    /// </summary>
    /// <param name="act">Runs a batch; the token stops it.</param>
    /// <param name="cancellation">Stops within a batch; what does not stop soon is left behind.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public void ForEach(Action<int> act, CancellationToken cancellation)
    {
        var (next, failedBatch, left) = (-1, int.MaxValue, Count);
        ExceptionDispatchInfo? failure = null;
        var failures = new Lock();
        var isLeft = false;
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        for (var index = 0; index < Count; index++)
        {
            lock (_lock) _working++;
            new Thread(Work) { IsBackground = true, Name = "sweep" }.Start();
        }
        try
        {
            ended.Task.Wait(cancellation);
        }
        catch (OperationCanceledException)
        {
            if (!ended.Task.Wait(Patience, CancellationToken.None)) throw;
        }
        finally
        {
            // The thread of an interrupted cell is woken here, too, while it waits.
            Volatile.Write(ref isLeft, true);
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
            Leave();
            if (Interlocked.Decrement(ref left) == 0) ended.SetResult();
        }
    }

    private void Leave()
    {
        Action[] releases;
        lock (_lock)
        {
            if (--_working > 0) return;
            releases = [.. _releases];
            _releases.Clear();
        }
        foreach (var release in releases) release();
    }
}
