using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Sweep;

public sealed class BatchWorkersTests
{
    /// <summary>An interrupt wakes a thread that waits, and may come again while it waits for its helpers: what it gives back must not be in use any more.</summary>
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
