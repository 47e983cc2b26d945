using QuantNotebooks.Export;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sensitivity;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Sensitivity;

public sealed class StoppedSensitivityTests
{
    private static readonly QuantizationScheme Scheme = QuantizationScheme.Int8PerTensor.WithBits(5);

    [Fact]
    public void What_was_done_is_what_a_measurement_of_those_images_gives()
    {
        var network = TestData.Load(TestData.ResNet14);
        var images = TestData.Calibration.Take(160);
        var ranges = network.Calibrate(images, Scheme);
        using var source = new CancellationTokenSource();
        var options = new SensitivityOptions { Sample = 160, Ranges = ranges, KeepDone = true };
        var stopped = network.MeasureSensitivity(images, Scheme, options, new StopAt(source, 64), source.Token);
        var alone = network.MeasureSensitivity(images.Take(64), Scheme, new() { Sample = 64, Ranges = ranges });
        Assert.Equal(160, stopped.StoppedBefore);
        Assert.Null(alone.StoppedBefore);
        Assert.Equal(64, stopped.Sample.Count);
        Assert.Equal(alone.Together, stopped.Together);
        // All layers have seen the same images.
        Assert.Equal(alone.Layers.Select(layer => layer.Output), stopped.Layers.Select(layer => layer.Output));
        Assert.Contains("\"stoppedBefore\": 160", stopped.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void Unless_it_is_asked_for_and_before_a_batch_is_done_there_is_none()
    {
        var network = TestData.Load(TestData.ResNet14);
        using var source = new CancellationTokenSource();
        using var early = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => network.MeasureSensitivity(
            TestData.Calibration.Take(96), Scheme, new() { Sample = 96 }, new StopAt(source, 64), source.Token));
        Assert.ThrowsAny<OperationCanceledException>(() => network.MeasureSensitivity(
            TestData.Calibration.Take(96), Scheme, new() { Sample = 96, KeepDone = true }, new StopAt(early, 0), early.Token));
    }

    /// <summary>Stops in the middle of the batch after so many images.</summary>
    private sealed class StopAt(CancellationTokenSource source, int images) : IProgress<SweepProgress>
    {
        public void Report(SweepProgress value)
        {
            if (value.Current != "calibration" && value.ImagesDone == images && value.Done % 5 == 3) source.Cancel();
        }
    }
}
