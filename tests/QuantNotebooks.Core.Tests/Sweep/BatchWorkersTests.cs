using System.Runtime;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Sweep;

public sealed class BatchWorkersTests
{
    /// <summary>An interrupted cell is aborted; what it gives back then, ONNX Runtime's sessions among it, must not be in use any more.</summary>
    [Fact]
    public void An_abort_leaves_no_thread_behind()
    {
        var caller = Environment.CurrentManagedThreadId;
        using var helping = new ManualResetEventSlim();
        using var stop = new CancellationTokenSource();
        var (begun, ended) = (0, 0);
        var aborting = new Thread(() =>
        {
            helping.Wait();
            stop.Cancel();
        });
        aborting.Start();
#pragma warning disable SYSLIB0046 // This is how cells are aborted.
        Assert.Throws<OperationCanceledException>(() => ControlledExecution.Run(() => new BatchWorkers(100, 2).ForEach(_ =>
        {
            while (Environment.CurrentManagedThreadId == caller)
            {
            }
            Interlocked.Increment(ref begun);
            helping.Set();
            Thread.Sleep(300);
            Interlocked.Increment(ref ended);
        }), stop.Token));
#pragma warning restore SYSLIB0046
        Assert.Equal(begun, ended);
        Assert.InRange(begun, 1, 3);
        aborting.Join();
    }

    /// <summary>An interrupt also wakes a thread that waits, and may come again while it waits for its helpers.</summary>
    [Fact]
    public void Interrupts_leave_no_thread_behind()
    {
        using var helping = new ManualResetEventSlim();
        var (begun, ended, inUse) = (0, 0, -1);
        var wasInterrupted = false;
        var caller = new Thread(() =>
        {
            var own = Environment.CurrentManagedThreadId;
            try
            {
                new BatchWorkers(2, 2).ForEach(_ =>
                {
                    if (Environment.CurrentManagedThreadId == own)
                    {
                        helping.Wait();
                        return;
                    }
                    Interlocked.Increment(ref begun);
                    helping.Set();
                    Thread.Sleep(500);
                    Interlocked.Increment(ref ended);
                });
            }
            catch (ThreadInterruptedException)
            {
                wasInterrupted = true;
            }
            inUse = begun - ended;
        });
        caller.Start();
        helping.Wait();
        for (var count = 0; count < 4; count++)
        {
            Thread.Sleep(60);
            caller.Interrupt();
        }
        caller.Join();
        Assert.Equal((1, 0, true), (begun, inUse, wasInterrupted));
    }
}
