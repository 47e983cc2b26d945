using QuantNotebooks.Evaluation;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Evaluation;

public sealed class StoppedEvaluationTests
{
    private static readonly QuantizationScheme Scheme = QuantizationScheme.Int8PerTensor.WithBits(5);

    [Fact]
    public void What_was_done_is_what_an_evaluation_of_those_images_gives()
    {
        var networks = new[] { TestData.Load(TestData.MobileNetV1), TestData.Load(TestData.ResNet14) };
        using var source = new CancellationTokenSource();
        var stopped = Evaluate.Compare(networks, TestData.Test.Take(700), Scheme, TestData.Calibration.Take(32), new() { KeepDone = true }, new StopAt(source, 200), source.Token);
        Assert.Equal(2, stopped.Rows.Length);
        var done = stopped.Rows[0].Result.Images.Count;
        Assert.InRange(done, 200, 400);
        var whole = Evaluate.Compare(networks, TestData.Test.Take(done), Scheme, TestData.Calibration.Take(32));
        foreach (var (part, alone) in stopped.Rows.Zip(whole.Rows))
        {
            Assert.Equal(700, part.Result.StoppedBefore);
            Assert.Null(alone.Result.StoppedBefore);
            Assert.Equal(done, part.Result.Images.Count);
            Assert.Equal(alone.Result.Accuracy, part.Result.Accuracy);
            Assert.Equal(alone.Result.SqnrDecibels, part.Result.SqnrDecibels);
            Assert.Equal(alone.Result.Interval, part.Result.Interval);
        }
    }

    [Fact]
    public void Unless_it_is_asked_for_and_before_anything_is_done_there_is_none()
    {
        var network = TestData.Load(TestData.ResNet14);
        using var source = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => network.Evaluate(TestData.Test.Take(700), null, new StopAt(source, 200), source.Token));
        Assert.ThrowsAny<OperationCanceledException>(() => network.Evaluate(TestData.Test.Take(700), new() { KeepDone = true }, null, source.Token));
    }

    private sealed class StopAt(CancellationTokenSource source, int images) : IProgress<SweepProgress>
    {
        public void Report(SweepProgress value)
        {
            if (value.ImagesDone >= images) source.Cancel();
        }
    }
}
