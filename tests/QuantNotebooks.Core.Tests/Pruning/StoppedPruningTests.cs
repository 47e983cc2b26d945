using QuantNotebooks.Evaluation;
using QuantNotebooks.Export;
using QuantNotebooks.Images;
using QuantNotebooks.Pruning;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Pruning;

public sealed class StoppedPruningTests
{
    private static readonly double[] Sparsities = [0.4, 0.7];

    [Fact]
    public void What_was_done_is_what_a_measurement_of_those_images_gives()
    {
        var network = TestData.Load(TestData.ResNet14);
        using var source = new CancellationTokenSource();
        var stopped = network.MeasurePruning(TestData.Test.Take(160), Sparsities, new() { KeepDone = true }, new StopAt(source, 64), source.Token);
        var alone = network.MeasurePruning(TestData.Test.Take(64), Sparsities);
        Assert.Equal((160, null), (stopped.StoppedBefore, alone.StoppedBefore));
        Assert.Equal(64, stopped.Images.Count);
        Assert.Equal(alone.OriginalAccuracy, stopped.OriginalAccuracy);
        // All networks have seen the same images.
        Assert.Equal(alone.Plain.Concat(alone.Factorized).Select(Figures), stopped.Plain.Concat(stopped.Factorized).Select(Figures));
        Assert.Contains("\"stoppedBefore\": 160", stopped.ToJson(), StringComparison.Ordinal);
        Assert.DoesNotContain("stoppedBefore", alone.ToJson(), StringComparison.Ordinal);

        static (double?, double?, double, double) Figures(PruningPoint point) => (point.Accuracy, point.Agreement, point.SqnrDecibels, point.Pruning.Sparsity);
    }

    [Fact]
    public void Unless_it_is_asked_for_and_before_a_batch_is_done_there_is_none()
    {
        var network = TestData.Load(TestData.ResNet14);
        using var source = new CancellationTokenSource();
        using var early = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => network.MeasurePruning(TestData.Test.Take(96), Sparsities, null, new StopAt(source, 64), source.Token));
        Assert.ThrowsAny<OperationCanceledException>(() => network.MeasurePruning(TestData.Test.Take(96), Sparsities, new() { KeepDone = true }, new StopAt(early, 0), early.Token));
    }

    [Fact]
    public void Networks_that_do_not_fit_in_memory_at_once_give_the_same()
    {
        var network = TestData.Load(TestData.ResNet14);
        var images = TestData.Test.Take(600);
        PruningResult[] pruned = [.. Sparsities.Select(sparsity => network.Prune(sparsity))];
        var whole = Run(images, new MemoryBudget(1 << 30), CancellationToken.None);
        var apart = Run(images, new MemoryBudget(1 << 20), CancellationToken.None);
        Assert.Equal(whole, apart);
        Assert.Equal(600, apart[0].Images.Count);
        // Stopped within the second block, it gives the first.
        using var source = new CancellationTokenSource();
        var stopped = Run(images, new MemoryBudget(1 << 20), source.Token, new StopAt(source, 544));
        Assert.Equal(Run(images.Take(512), new MemoryBudget(1 << 30), CancellationToken.None).Select(result => result.SqnrDecibels), stopped.Select(result => result.SqnrDecibels));
        Assert.Equal(600, stopped[0].StoppedBefore);

        EvaluationResult[] Run(ImageSet set, MemoryBudget budget, CancellationToken cancellation, IProgress<SweepProgress>? progress = null) =>
            [.. PruningRun.Run(network, [.. pruned], set, budget, keepDone: true, progress, cancellation)];
    }

    /// <summary>Stops after so many images, when some of the networks have run the next batch.</summary>
    private sealed class StopAt(CancellationTokenSource source, int images) : IProgress<SweepProgress>
    {
        public void Report(SweepProgress value)
        {
            if (value.ImagesDone == images && value.Current.Contains("% pruned", StringComparison.Ordinal)) source.Cancel();
        }
    }
}
