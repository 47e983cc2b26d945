using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>
/// Runs one cell's code, on threads of its own, so that it can be interrupted: by its token, which the library's functions and the checks in the
/// code (<see cref="CheckedCode"/>) look at, and by waking what sleeps or waits. As the code's synchronization context it also catches what
/// comes after each await. It hands every continuation to whichever thread is free, so code that blocks on a task does not dead-lock.
/// </summary>
/// <remarks>Code that looks at nothing, native or of other libraries, is left behind; where it comes back to code with checks, it ends there.</remarks>
[SuppressMessage("Reliability", "CA1001", Justification = "Code that goes on in the background may use the token after the run; nothing unmanaged hangs on it.")]
internal sealed class InterruptibleRun : SynchronizationContext
{
    /// <summary>How long it may take then, before it is left behind.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    /// <summary>How long code may take to see the interrupt where nothing tells when it ends: the user's own threads, and tasks.</summary>
    private static readonly TimeSpan Echo = TimeSpan.FromSeconds(5);

    private readonly CellThreads threads;
    private readonly InterruptGrace grace;
    private readonly Lock gate = new();
    private readonly HashSet<Thread> active = [];
    private readonly CancellationTokenSource cooperative = new();
    private readonly TaskCompletionSource<bool> interrupted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ExecutionContext? executionContext;
    private volatile bool interrupting;

    /// <param name="threads">Where the code runs.</param>
    /// <param name="grace">How long the code may take to stop by itself.</param>
    public InterruptibleRun(CellThreads threads, InterruptGrace grace) => (this.threads, this.grace) = (threads, grace);

    /// <summary>Cancelled when the run is interrupted.</summary>
    public CancellationToken CancellationToken => cooperative.Token;

    /// <summary>
    /// Runs the code to its end, or until it is interrupted, and waits for that. The calling code's execution context flows into all of it.
    /// </summary>
    /// <exception cref="RunInterruptedException">The token was cancelled, and the code did not run to its end all the same.</exception>
    public T Run<T>(Func<Task<T>> code, CancellationToken cancellationToken)
    {
        executionContext = ExecutionContext.Capture();
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Start(() => Complete(code, completion));
        using var registration = cancellationToken.UnsafeRegister(static run => ((InterruptibleRun)run!).BeginInterrupt(), this);
        Task.WaitAny([completion.Task, interrupted.Task], CancellationToken.None);
        if (!interrupting) return completion.Task.GetAwaiter().GetResult();
        var stillRunning = !completion.Task.IsCompleted && interrupted.Task.GetAwaiter().GetResult();
        if (completion.Task.IsCompletedSuccessfully) return completion.Task.GetAwaiter().GetResult();
        throw new RunInterruptedException(stillRunning);
    }

    public override void Post(SendOrPostCallback d, object? state) => Start(() => d(state));

    public override void Send(SendOrPostCallback d, object? state) => d(state);

    public override SynchronizationContext CreateCopy() => this;

    private static async void Complete<T>(Func<Task<T>> code, TaskCompletionSource<T> completion)
    {
        try
        {
            completion.TrySetResult(await code());
        }
        catch (Exception exception) // whatever the cell throws is its result
        {
            completion.TrySetException(exception);
        }
    }

    private void Start(Action work) => threads.Start(() => Execute(work), () => interrupting);

    private void Execute(Action work)
    {
        lock (gate)
        {
            if (interrupting) return; // a continuation of code that has been stopped
            active.Add(Thread.CurrentThread);
        }
        SetSynchronizationContext(this);
        try
        {
            // The work keeps its own context, which holds the running cell, whoever posted it.
            ExecutionContext.Run(executionContext!, _ => work(), null);
        }
        catch (Exception exception) when (interrupting && exception is OperationCanceledException or ThreadInterruptedException)
        {
            // That is the interrupt arriving; Run reports it.
        }
        catch (Exception exception)
        {
            // What an async void method threw. It would end the process; the notebook's user gets to see it instead.
            ExecutionContext.Run(executionContext!, _ => Console.Error.WriteLine($"In the background: {exception}"), null);
        }
        finally
        {
            SetSynchronizationContext(null);
            Leave();
        }
    }

    private void Leave()
    {
        while (true)
        {
            try
            {
                lock (gate) active.Remove(Thread.CurrentThread);
                return;
            }
            catch (ThreadInterruptedException) when (interrupting)
            {
                // An interrupt meant for the user's code came late; the thread ends after this anyway.
            }
        }
    }

    // On a thread of its own, because callers must not wait.
    private void BeginInterrupt()
    {
        interrupting = true;
        new Thread(Interrupt) { IsBackground = true, Name = "cell interrupt" }.Start();
    }

    private void Interrupt()
    {
        using var checks = CellChecks.BeginInterrupt();
        // What the code has registered may block, and the threads of the pool may all be busy.
        Exception? failure = null;
        new Thread(() => Cancel(ref failure)) { IsBackground = true, Name = "cell token" }.Start();
        var clock = Stopwatch.StartNew();
        while (IsRunning() && clock.Elapsed < grace.Now) Thread.Sleep(5);
        var end = clock.Elapsed < InterruptGrace.Longest ? InterruptGrace.Longest : clock.Elapsed + Patience;
        while (IsRunning() && clock.Elapsed < end)
        {
            WakeSleepers();
            Thread.Sleep(20);
        }
        if (Volatile.Read(ref failure) is { } thrown) Console.Error.WriteLine($"Stopping the cell: {thrown.GetBaseException().Message}");
        interrupted.TrySetResult(IsRunning());
        while (IsRunning()) Thread.Sleep(100);
        Thread.Sleep(Echo);
    }

    private void Cancel(ref Exception? failure)
    {
        try
        {
            cooperative.Cancel();
        }
        catch (AggregateException thrown) // by the user's callbacks
        {
            Volatile.Write(ref failure, thrown);
        }
    }

    private bool IsRunning()
    {
        lock (gate) return active.Count > 0;
    }

    private void WakeSleepers()
    {
        lock (gate)
        {
            foreach (var thread in active) thread.Interrupt();
        }
    }
}

/// <summary>How long code that is interrupted may take to stop by itself, before what it waits for is cut short.</summary>
/// <param name="now">How long, as things stand: it may take longer once it has a result and shows it.</param>
internal sealed class InterruptGrace(Func<TimeSpan> now)
{
    /// <summary>When code that has no result is left behind.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(850);

    /// <summary>Of a user's code, which may know nothing of tokens.</summary>
    public static InterruptGrace OfCode { get; } = new(() => TimeSpan.FromMilliseconds(250));

    /// <summary>As things stand.</summary>
    public TimeSpan Now => now();
}

/// <summary>The user stopped the code.</summary>
/// <param name="stillRunning">Whether some of it would not stop.</param>
internal sealed class RunInterruptedException(bool stillRunning) : Exception("The code was interrupted.")
{
    public bool StillRunning { get; } = stillRunning;
}
