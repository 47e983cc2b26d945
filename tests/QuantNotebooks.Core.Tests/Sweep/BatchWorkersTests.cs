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
}
