using System.Diagnostics;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Sweep;

public sealed class BatchWorkersTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    /// <summary>An interrupt wakes a thread that waits: what its helpers use must not be given back before they have ended.</summary>
    [Fact]
    public void What_an_interrupted_cell_leaves_behind_keeps_what_it_uses()
    {
        using var begun = new CountdownEvent(2);
        using var goOn = new ManualResetEventSlim();
        using var released = new ManualResetEventSlim();
        var (wasInterrupted, inUse) = (false, 0);
        var caller = new Thread(() =>
        {
            var workers = new BatchWorkers(5, 2);
            try
            {
                workers.ForEach(
                    _ =>
                    {
                        begun.Signal();
                        goOn.Wait();
                        Interlocked.Increment(ref inUse);
                    },
                    CancellationToken.None);
            }
            catch (ThreadInterruptedException)
            {
                wasInterrupted = true;
            }
            workers.WhenIdle(released.Set);
        });
        caller.Start();
        Assert.True(begun.Wait(Long, TestContext.Current.CancellationToken));
        caller.Interrupt();
        Assert.True(caller.Join(Long));
        Assert.Equal((true, false), (wasInterrupted, released.IsSet));
        goOn.Set();
        Assert.True(released.Wait(Long, TestContext.Current.CancellationToken));
        Assert.Equal(2, inUse); // no batch was begun after it
    }

    [Fact]
    public void Work_that_does_not_stop_is_left_behind_and_releases_what_it_uses_in_the_end()
    {
        using var goOn = new ManualResetEventSlim();
        using var released = new ManualResetEventSlim();
        using var cancellation = new CancellationTokenSource();
        var workers = new BatchWorkers(4, 2);
        var clock = new Stopwatch();
        var work = Task.Run(
            () => workers.ForEach(
                batch =>
                {
                    if (batch == 1)
                    {
                        clock.Start();
                        cancellation.Cancel();
                    }
                    goOn.Wait(CancellationToken.None);
                },
                cancellation.Token),
            TestContext.Current.CancellationToken);
        Assert.Throws<OperationCanceledException>(() => work.GetAwaiter().GetResult());
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, Long);
        workers.WhenIdle(released.Set);
        Assert.False(released.IsSet);
        goOn.Set();
        Assert.True(released.Wait(Long, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void What_is_done_is_released_at_once()
    {
        var workers = new BatchWorkers(3, 2);
        var (sum, isReleased) = (0, false);
        workers.ForEach(batch => Interlocked.Add(ref sum, batch), CancellationToken.None);
        workers.WhenIdle(() => isReleased = true);
        Assert.Equal((3, true), (sum, isReleased));
    }

    /// <summary>Batches under way may come to their end, but not for long; none after them is begun.</summary>
    [Theory]
    [InlineData(0, 2)]
    [InlineData(20_000, 0)]
    public void A_batch_under_way_is_finished_where_that_is_soon(int milliseconds, int finished)
    {
        using var cancellation = new CancellationTokenSource();
        using var stop = new BatchStop(keepDone: true, cancellation.Token);
        using var begun = new Barrier(2);
        var (done, most) = (0, 0);
        Assert.Throws<OperationCanceledException>(() => new BatchWorkers(6, 2).ForEach(
            batch =>
            {
                begun.SignalAndWait(CancellationToken.None);
                cancellation.Cancel();
                if (!stop.Within.WaitHandle.WaitOne(milliseconds)) Interlocked.Increment(ref done);
                most = Math.Max(most, batch);
            },
            stop));
        Assert.Equal((finished, 1), (done, most));
    }

    [Fact]
    public void Results_come_in_order_and_none_after_the_end()
    {
        var (taken, disposed) = (new List<int>(), new List<int>());
        var ends = new InOrder<Result>(result => taken.Add(result.Batch));
        foreach (var batch in (int[])[1, 0, 3]) ends.Add(batch, new Result(batch, disposed));
        ends.Close();
        ends.Add(2, new Result(2, disposed));
        Assert.Equal([0, 1], taken);
        Assert.Equal([3, 2], disposed);
    }

    private sealed record Result(int Batch, List<int> Disposed) : IDisposable
    {
        public void Dispose() => Disposed.Add(Batch);
    }
}
