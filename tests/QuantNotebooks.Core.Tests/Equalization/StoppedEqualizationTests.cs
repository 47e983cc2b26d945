using QuantNotebooks.Equalization;
using QuantNotebooks.Networks;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Equalization;

public sealed class StoppedEqualizationTests
{
    private static readonly EqualizationOptions Keeps = new() { KeepDone = true };

    [Theory]
    [InlineData(0)]
    [InlineData(64)]
    public void An_interrupt_while_outputs_are_compared_leaves_the_network_and_what_was_compared(int compared)
    {
        var network = TestData.Load(TestData.MobileNetV2);
        var images = TestData.Calibration.Take(320);
        using var source = new CancellationTokenSource();
        var stopped = network.Equalize(EqualizationMethod.TwoStep, images, Keeps, new StopAt(source, "comparing outputs", compared), source.Token);
        var whole = network.Equalize(EqualizationMethod.TwoStep, images, Keeps);
        Assert.Equal(whole.Network.Sha256, stopped.Network.Sha256);
        Assert.Equal(320, stopped.Certificate.StoppedBefore);
        // Batches of 32 that the other threads had begun are finished.
        var count = stopped.Certificate.Images?.Count ?? 0;
        Assert.InRange(count, compared, compared == 0 ? 0 : compared + 32 * (Environment.ProcessorCount - 1));
        Assert.Equal(0, count % 32);
        Assert.Equal(compared == 0, stopped.Certificate.MaxRelativeDifference is null);
        if (compared > 0) Assert.InRange(stopped.Certificate.MaxAbsoluteDifference!.Value, 0, whole.Certificate.MaxAbsoluteDifference!.Value);
        Assert.Null(whole.Certificate.StoppedBefore);
    }

    [Fact]
    public void An_interrupt_while_ranges_are_measured_leaves_nothing()
    {
        var network = TestData.Load(TestData.MobileNetV2);
        using var source = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => network.Equalize(
            EqualizationMethod.TwoStep, TestData.Calibration.Take(96), Keeps, new StopAt(source, "ranges", 32), source.Token));
    }

    [Fact]
    public void An_interrupt_while_factors_are_found_leaves_nothing()
    {
        var network = TestData.Load(TestData.MobileNetV2);
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => network.Equalize(EqualizationMethod.CrossLayer, options: Keeps, cancellation: source.Token));
        var problem = new FactorProblem(FactorTrace.Of(network));
        var factors = Enumerable.Repeat(1.0, problem.Count).ToArray();
        var solver = new CrossLayer(problem, problem.Blocks, factors, 16, source.Token);
        Assert.ThrowsAny<OperationCanceledException>(() => solver.SolveJointly());
        Assert.ThrowsAny<OperationCanceledException>(() => solver.Iterate());
        Assert.All(factors, factor => Assert.Equal(1, factor));
    }

    [Fact]
    public void Unless_it_is_asked_for_there_is_none()
    {
        var network = TestData.Load(TestData.MobileNetV2);
        using var source = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => network.Equalize(
            EqualizationMethod.CrossLayer, TestData.Calibration.Take(96), null, new StopAt(source, "comparing outputs", 32), source.Token));
    }

    private sealed class StopAt(CancellationTokenSource source, string what, int images) : IProgress<SweepProgress>
    {
        public void Report(SweepProgress value)
        {
            if (value.Current.StartsWith(what, StringComparison.Ordinal) && value.ImagesDone == images) source.Cancel();
        }
    }
}
