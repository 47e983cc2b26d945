using System.Text.Json;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Export;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Recommendation;
using QuantNotebooks.Sensitivity;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Recommendation;

/// <summary>A recommendation that is stopped holds what an undisturbed one has done until then, and says what is missing.</summary>
public sealed class StoppedRecommendationTests
{
    private static readonly QuantizationScheme Scheme = QuantizationScheme.Int8PerTensor.WithBits(4);
    private static readonly Network Network = TestData.Load(TestData.ResNet14);
    private static readonly ImageSet Images = TestData.Calibration.Take(64);
    private static readonly ImageSet HeldOut = TestData.Test.Take(48);
    private static readonly RecommendationOptions Keeps = new() { Budget = TimeSpan.FromMinutes(5), KeepDone = true };

    /// <summary>An undisturbed run, and the number of its last pass over images.</summary>
    private static readonly Lazy<(RecommendationReport Report, int Passes)> Undisturbed = new(() =>
    {
        var counting = new StopIn(null, -1);
        return (Network.Recommend(Images, HeldOut, Scheme, new() { Budget = TimeSpan.FromMinutes(5) }, counting), counting.Passes);
    });

    [Fact]
    public void Before_the_layers_are_measured_there_is_nothing()
    {
        using var source = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => Network.Recommend(Images, HeldOut, Scheme, Keeps, new StopIn(source, 1), source.Token));
    }

    [Fact]
    public void Stopped_while_the_layers_are_measured_it_judges_by_the_images_that_it_has()
    {
        using var source = new CancellationTokenSource();
        var images = TestData.Calibration.Take(512);
        var sample = images.Spread(SensitivityOptions.SampleOf(Network, images));
        var report = Network.Recommend(images, HeldOut, Scheme, Keeps, new StopIn(source, 2), source.Token);
        Assert.True(report.Stopped);
        Assert.Empty(report.Steps);
        var done = report.Sensitivity.Sample.Count;
        Assert.InRange(done, 32, sample.Count - 1);
        var alone = Network.MeasureSensitivity(sample.Take(done), Scheme, new() { Sample = done, Calibration = images });
        Assert.Equal(alone.Layers.Select(layer => layer.Output), report.Sensitivity.Layers.Select(layer => layer.Output));
        Assert.Equal(alone.Layers.Select(alone.ShareOf), report.Layers.Select(layer => layer.NoiseShare));
        // Nobody waits for all held-out images, and there is a figure all the same.
        Assert.Equal((16, 48), (report.Before.Images.Count, report.Before.StoppedBefore));
        Assert.Equal(Network.Evaluate(HeldOut.Take(16), Scheme, images).SqnrDecibels, report.Before.SqnrDecibels);
        Assert.Equal(
            [$"layers were measured on the first {done} of {sample.Count} images only", "equalize was not weighed", "per channel was not weighed", "more bits was not weighed"], report.Untried.Take(4));
        Assert.Equal("correct was not tried", report.Untried[^1]);
        Assert.StartsWith("Nothing was tried yet: resnet14-fashion has ", report.Finding, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(report.ToJson());
        Assert.True(json.RootElement.GetProperty("stopped").GetBoolean());
        Assert.Equal(48, json.RootElement.GetProperty("before").GetProperty("stoppedBefore").GetInt32());
    }

    [Fact]
    public void Steps_that_were_tried_are_kept()
    {
        var (whole, passes) = Undisturbed.Value;
        Assert.False(whole.Stopped);
        Assert.DoesNotContain("\"stopped\"", whole.ToJson(), StringComparison.Ordinal);
        Assert.True(whole.Steps.Length > 1, whole.Finding);
        // From the last pass backwards: first the gains are missing, then the last step, then one more.
        var steps = whole.Steps.Length;
        for (var pass = passes; pass > 3 && steps > 0; pass--)
        {
            using var source = new CancellationTokenSource();
            var report = Network.Recommend(Images, HeldOut, Scheme, Keeps, new StopIn(source, pass), source.Token);
            Assert.True(report.Stopped, $"pass {pass}");
            Assert.NotEmpty(report.Untried);
            Assert.InRange(report.Steps.Length, steps - 1, steps);
            steps = report.Steps.Length;
            Assert.Equal(Kept(whole.Steps.Take(steps)), Kept(report.Steps));
            if (steps > 0) Assert.Equal(whole.Layers.Select(layer => layer.Remedy), report.Layers.Select(layer => layer.Remedy));
            // The network that comes out, evaluated by itself, gives what is reported of it.
            Assert.Equal(report.After.SqnrDecibels!.Value, report.Network.Evaluate(HeldOut, report.Scheme).SqnrDecibels!.Value, 1e-9);
        }
        Assert.Equal(0, steps);

        static IEnumerable<(Remedy, bool, double?)> Kept(IEnumerable<TriedStep> tried) => tried.Select(step => (step.Remedy, step.Kept, step.Result.SqnrDecibels));
    }

    [Fact]
    public void Unless_it_is_asked_for_there_is_none()
    {
        using var source = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => Network.Recommend(Images, HeldOut, Scheme, null, new StopIn(source, 3), source.Token));
    }

    /// <summary>Stops in the second batch, or half of the layers, of the n-th pass over images; the first is number 0.</summary>
    private sealed class StopIn(CancellationTokenSource? source, int pass) : IProgress<SweepProgress>
    {
        private SweepProgress _last;

        /// <summary>The pass under way.</summary>
        public int Passes { get; private set; }

        public void Report(SweepProgress value)
        {
            if (value.Done < _last.Done) Passes++;
            _last = value;
            if (Passes == pass && 2 * value.Done >= value.Total && value.Done < value.Total) source!.Cancel();
        }
    }
}
