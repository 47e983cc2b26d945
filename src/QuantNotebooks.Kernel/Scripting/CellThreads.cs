using System.Runtime.CompilerServices;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>
/// Threads for cells' code. Not those of the thread pool, because an interrupt that arrives late would hit whoever uses the thread
/// next: a thread that was interrupted ends here. Others are used again, since code with many awaits would otherwise start thousands; they end when they have
/// had nothing to do for a while.
/// </summary>
internal sealed class CellThreads
{
    /// <summary>Stack size in bytes: room for recursive code.</summary>
    private const int StackSize = 16 << 20;

    private static readonly TimeSpan LongestIdle = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly List<Worker> idle = [];

    /// <summary>Runs work on a free thread, or a new one.</summary>
    /// <param name="work">Must not throw.</param>
    /// <param name="tainted">Asked when the work is done: whether the thread must not be used again.</param>
    public void Start(Action work, Func<bool> tainted)
    {
        Worker? worker;
        lock (gate)
        {
            worker = idle.LastOrDefault();
            if (worker is not null) idle.RemoveAt(idle.Count - 1);
        }
        (worker ?? new Worker(this)).Run(work, tainted);
    }

    /// <summary>Runs what is the engine's own and is never interrupted, in the caller's execution context; what awaits it goes on on the same thread.</summary>
    public Task<T> RunAsync<T>(Func<T> work)
    {
        var completion = new TaskCompletionSource<T>();
        var context = ExecutionContext.Capture()!;
        Start(() => ExecutionContext.Run(context, _ => Complete(work, completion), null), static () => false);
        return completion.Task;
    }

    private static void Complete<T>(Func<T> work, TaskCompletionSource<T> completion)
    {
        T result;
        try
        {
            result = work();
        }
#pragma warning disable CA1031 // Whoever awaits it gets it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            completion.SetException(exception);
            return;
        }
        completion.SetResult(result);
    }

    private sealed class Worker
    {
        private readonly CellThreads owner;
        private readonly object handover = new();
        private Action? work;
        private Func<bool>? tainted;

        public Worker(CellThreads owner)
        {
            this.owner = owner;
            // No flow: the cell that happens to start the thread must not become the running cell of others.
            new Thread(Loop, StackSize) { IsBackground = true, Name = "cell" }.UnsafeStart();
        }

        public void Run(Action newWork, Func<bool> isTainted)
        {
            lock (handover)
            {
                (work, tainted) = (newWork, isTainted);
                Monitor.Pulse(handover);
            }
        }

        private void Loop()
        {
            while (WaitForWork() && WorkOnce())
            {
                lock (owner.gate) owner.idle.Add(this);
            }
        }

        private bool WaitForWork()
        {
            lock (handover)
            {
                while (work is null)
                {
                    if (!Monitor.Wait(handover, LongestIdle) && work is null && Retire()) return false;
                }
            }
            return true;
        }

        // Not where it was chosen just now, and is about to be given work.
        private bool Retire()
        {
            lock (owner.gate) return owner.idle.Remove(this);
        }

        // In a frame of its own: that of the loop would hold the last work, and the code of its cell, for as long as the thread waits.
        [MethodImpl(MethodImplOptions.NoInlining)]
        private bool WorkOnce()
        {
            work!();
            if (tainted!()) return false;
            (work, tainted) = (null, null);
            return true;
        }
    }
}
