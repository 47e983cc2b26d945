namespace QuantNotebooks.Kernel.Scripting;

/// <summary>
/// Threads for cells' code. Not those of the thread pool, because an interrupt that arrives late would hit whoever uses the thread
/// next: a thread that was interrupted ends here. Others are used again, since code with many awaits would otherwise start thousands.
/// </summary>
internal sealed class CellThreads
{
    /// <summary>Stack size in bytes: room for recursive code.</summary>
    private const int StackSize = 16 << 20;

    private readonly Lock gate = new();
    private readonly Stack<Worker> idle = new();

    /// <summary>Runs work on a free thread, or a new one.</summary>
    /// <param name="work">Must not throw.</param>
    /// <param name="tainted">Asked when the work is done: whether the thread must not be used again.</param>
    public void Start(Action work, Func<bool> tainted)
    {
        Worker? worker;
        lock (gate) idle.TryPop(out worker);
        (worker ?? new Worker(this)).Run(work, tainted);
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
            while (true)
            {
                lock (handover)
                {
                    while (work is null) Monitor.Wait(handover);
                }
                work();
                if (tainted!()) return;
                (work, tainted) = (null, null);
                lock (owner.gate) owner.idle.Push(this);
            }
        }
    }
}
