using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Shift;

public sealed class StoppedMeasurementTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_done_is_what_a_measurement_of_those_images_gives(bool split)
    {
        var network = TestData.Load(TestData.MobileNetV1);
        var images = TestData.Calibration.Take(200);
        var ranges = network.Calibrate(images, QuantizationScheme.Int8PerTensor);
        var options = new MeanShiftOptions { Ranges = ranges, Split = split, KeepDone = true, HeldOut = TestData.Calibration.Skip(200).Take(32) };
        using var source = new CancellationTokenSource();
        // In the middle of the third batch, or of the one after it, on another thread.
        var report = network.MeasureMeanShift(images, QuantizationScheme.Int8PerTensor, options, new StopAt(source, 70), source.Token);
        Assert.Equal(200, report.StoppedBefore);
        Assert.InRange(report.Images.Count, 96, 192);
        Assert.Equal(0, report.Images.Count % 32);
        Assert.Null(report.HeldOut);
        var alone = network.MeasureMeanShift(images.Take(report.Images.Count), QuantizationScheme.Int8PerTensor, new() { Ranges = ranges, Split = split });
        foreach (var (stopped, whole) in report.Layers.Zip(alone.Layers))
        {
            Assert.Equal(whole.Before.Channels.Select(channel => channel.MeanShift), stopped.Before.Channels.Select(channel => channel.MeanShift));
            Assert.Equal(whole.After.Channels.Select(channel => channel.ImageError.Count), stopped.After.Channels.Select(channel => channel.ImageError.Count));
            Assert.Equal(whole.Split?.Channels.Select(channel => channel.Inherited), stopped.Split?.Channels.Select(channel => channel.Inherited));
        }
    }

    [Fact]
    public void Unless_it_is_asked_for_and_before_anything_is_begun_there_is_none()
    {
        var network = TestData.Load(TestData.MobileNetV1);
        using var source = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => network.MeasureMeanShift(
            TestData.Calibration.Take(200), QuantizationScheme.Int8PerTensor, null, new StopAt(source, 70), source.Token));
        Assert.True(source.IsCancellationRequested);
        Assert.ThrowsAny<OperationCanceledException>(() => network.MeasureMeanShift(
            TestData.Calibration.Take(200), QuantizationScheme.Int8PerTensor, new() { KeepDone = true }, null, source.Token));
    }

    /// <summary>Stops a measurement, not its calibration, in the middle of the batch after so many images.</summary>
    private sealed class StopAt(CancellationTokenSource source, int images) : IProgress<SweepProgress>
    {
        public void Report(SweepProgress value)
        {
            if (value.Current != "calibration" && value.ImagesDone + 32 > images && value.Done % 7 == 5) source.Cancel();
        }
    }
}
