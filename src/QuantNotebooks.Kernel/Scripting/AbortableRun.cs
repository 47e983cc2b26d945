using System.Diagnostics.CodeAnalysis;
using System.Runtime;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>
/// Runs one cell's code so that it can be stopped against its will: on threads of its own, within <see cref="ControlledExecution"/>.
/// As the code's synchronization context it also catches what comes after each await. It hands every continuation to whichever thread is
/// free, so code that blocks on a task does not dead-lock.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "Code that goes on in the background may use the token after the run; nothing unmanaged hangs on it.")]
internal sealed class AbortableRun : SynchronizationContext
{
    /// <summary>How long a user's code may take to stop by itself once its token is cancelled, before it is aborted.</summary>
    public static readonly TimeSpan UsualGrace = TimeSpan.FromMilliseconds(250);

    /// <summary>How long aborting may take. Native code cannot be aborted.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(600);

    private readonly CellThreads threads;
    private readonly TimeSpan grace;
    private readonly Lock gate = new();
    private readonly Dictionary<Thread, CancellationTokenSource> active = [];
    private readonly CancellationTokenSource cooperative = new();
    private readonly TaskCompletionSource<bool> interrupted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ExecutionContext? executionContext;
    private volatile bool interrupting;

    /// <param name="threads">Where the code runs.</param>
    /// <param name="grace">How long it may take to stop by itself.</param>
    public AbortableRun(CellThreads threads, TimeSpan grace) => (this.threads, this.grace) = (threads, grace);

    /// <summary>Cancelled first when the run is interrupted.</summary>
    public CancellationToken CancellationToken => cooperative.Token;

    /// <summary>
    /// Runs the code to its end, or until it is interrupted. The calling code's execution context flows into all of it.
    /// </summary>
    /// <exception cref="RunInterruptedException">The token was cancelled, and the code did not run to its end all the same.</exception>
    public async Task<T> RunAsync<T>(Func<Task<T>> code, CancellationToken cancellationToken)
    {
        executionContext = ExecutionContext.Capture();
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Start(() => Complete(code, completion));
        using var registration = cancellationToken.UnsafeRegister(static run => ((AbortableRun)run!).BeginInterrupt(), this);
        await Task.WhenAny(completion.Task, interrupted.Task).ConfigureAwait(false);
        if (!interrupting) return await completion.Task.ConfigureAwait(false);
        var stillRunning = !completion.Task.IsCompleted && await interrupted.Task.ConfigureAwait(false);
        if (completion.Task.IsCompletedSuccessfully) return await completion.Task.ConfigureAwait(false);
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
        using var abort = new CancellationTokenSource();
        lock (gate)
        {
            if (interrupting) return; // a continuation of code that has been stopped
            active.Add(Thread.CurrentThread, abort);
        }
        SetSynchronizationContext(this);
        try
        {
            // The work keeps its own context, which holds the running cell, whoever posted it.
            ExecutionContext.Run(executionContext!, _ => RunAbortably(work, abort.Token), null);
        }
        catch (Exception exception) when (interrupting && exception is OperationCanceledException or ThreadInterruptedException)
        {
            // That is the interrupt arriving; RunAsync reports it.
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

#pragma warning disable SYSLIB0046 // Meant for exactly this: notebooks and REPLs that run a user's code.
    private static void RunAbortably(Action work, CancellationToken abort) => ControlledExecution.Run(work, abort);
#pragma warning restore SYSLIB0046

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

    // On a thread of its own, because cancelling waits until the abort has landed, and callers must not.
    private void BeginInterrupt()
    {
        interrupting = true;
        new Thread(Interrupt) { IsBackground = true, Name = "cell interrupt" }.Start();
    }

    private void Interrupt()
    {
        var callbacks = cooperative.CancelAsync();
        var started = Environment.TickCount64;
        while (ActiveCount() > 0 && Elapsed() < grace) Thread.Sleep(5);
        AbortAll();
        while (ActiveCount() > 0 && Elapsed() < grace + Patience)
        {
            WakeSleepers();
            Thread.Sleep(20);
        }
        if (callbacks.IsFaulted) Console.Error.WriteLine($"Stopping the cell: {callbacks.Exception!.GetBaseException().Message}");
        interrupted.TrySetResult(ActiveCount() > 0);

        TimeSpan Elapsed() => TimeSpan.FromMilliseconds(Environment.TickCount64 - started);
    }

    private int ActiveCount()
    {
        lock (gate) return active.Count;
    }

    private void AbortAll()
    {
        lock (gate)
        {
            foreach (var abort in active.Values) new Thread(() => Abort(abort)) { IsBackground = true, Name = "cell abort" }.Start();
        }
    }

    private static void Abort(CancellationTokenSource abort)
    {
        try
        {
            abort.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The code ended by itself in the meantime.
        }
    }

    // An abort does not end Thread.Sleep and waits for locks; an interrupt does.
    private void WakeSleepers()
    {
        lock (gate)
        {
            foreach (var thread in active.Keys) thread.Interrupt();
        }
    }
}

/// <summary>The user stopped the code.</summary>
/// <param name="stillRunning">Whether some of it would not stop.</param>
internal sealed class RunInterruptedException(bool stillRunning) : Exception("The code was interrupted.")
{
    public bool StillRunning { get; } = stillRunning;
}
