using QuantNotebooks.Evaluation;
using QuantNotebooks.Quantization;
using QuantNotebooks.Recommendation;
using QuantNotebooks.Sensitivity;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Core.Tests.Recommendation;

/// <summary>What is recommended, and that what is reported is what the network that comes out really does.</summary>
public sealed class RecommendationTests
{
    [Fact]
    public void The_plan_is_tried_and_only_what_helps_on_other_images_is_kept()
    {
        var network = TestData.Load(TestData.MobileNetV2);
        var (images, heldOut) = (TestData.Calibration.Take(64), TestData.Calibration.Skip(64).Take(96));
        var report = network.Recommend(images, heldOut, QuantizationScheme.Int8PerTensor.WithBits(4), new() { Budget = TimeSpan.FromMinutes(5) });

        Assert.Empty(report.Untried);
        Assert.Equal(network.Layers.Length, report.Layers.Length);
        Assert.NotEmpty(report.Steps.Where(step => step.Kept));
        var sqnr = report.Before.SqnrDecibels;
        foreach (var step in report.Steps)
        {
            Assert.Equal(step.Result.SqnrDecibels > sqnr, step.Kept);
            if (step.Kept) sqnr = step.Result.SqnrDecibels;
        }
        // The network and scheme that come out, evaluated by themselves: nothing else may be needed to get what was reported.
        var again = report.Network.Evaluate(heldOut, report.Scheme);
        Assert.Equal(report.After.SqnrDecibels!.Value, again.SqnrDecibels!.Value, 0.01);
        Assert.Equal(report.After.QuantizedAccuracy, again.QuantizedAccuracy);
        Assert.True(report.After.SqnrDecibels > report.Before.SqnrDecibels + 3, report.Finding);
        // Where noises are small enough to add up, the first step gives what was promised.
        Assert.Equal(report.Steps[0].PredictedSqnrDecibels, report.Steps[0].Result.SqnrDecibels!.Value, 3.0);
    }

    [Fact]
    public void A_dead_channel_that_widens_the_grid_is_dropped()
    {
        var network = TestData.Load(TestData.MobileNetV1, keepDeadChannels: true);
        var report = network.Recommend(TestData.Calibration.Take(48), TestData.Test.Take(100), QuantizationScheme.Int8PerTensor, new() { Budget = TimeSpan.FromMinutes(5) });
        var advised = Assert.Single(report.Layers, layer => layer.Remedy == Remedy.DropDeadChannels);
        Assert.False(advised.Layer.DeadChannels.IsEmpty);
        Assert.Contains("is constant and widens the grid", advised.Reason, StringComparison.Ordinal);
        Assert.InRange(report.Before.QuantizedAccuracy!.Value, 0, 0.4);
        Assert.InRange(report.After.QuantizedAccuracy!.Value, 0.85, 1);
        Assert.True(advised.MeasuredGainDecibels > 10, $"{advised}");
    }

    [Fact]
    public void Without_time_the_layers_are_judged_and_nothing_is_tried()
    {
        var network = TestData.Load(TestData.ResNet14);
        var report = network.Recommend(
            TestData.Calibration.Take(16), TestData.Test.Take(16), QuantizationScheme.Int8PerTensor.WithBits(4), new() { Budget = TimeSpan.FromTicks(1) });
        Assert.Empty(report.Steps);
        Assert.Contains("equalize was not weighed", report.Untried);
        Assert.Contains("correct was not tried", report.Untried);
        Assert.Equal(report.Before, report.After);
        Assert.StartsWith("Nothing that was tried makes resnet14-fashion better", report.Finding, StringComparison.Ordinal);
        Assert.Throws<QuantNotebooksException>(() => new RecommendationOptions { Budget = TimeSpan.Zero });
    }

    [Fact]
    public void The_cheapest_remedy_that_takes_half_away_is_chosen_and_gains_follow_from_noises_that_add()
    {
        var network = TestData.Load(TestData.ResNet14);
        var shift = network.MeasureMeanShift(TestData.Calibration.Take(4), QuantizationScheme.Int8PerTensor);
        // Three layers matter; of the others each makes a thousandth.
        double[] ratios = [.. network.Layers.Select(layer => layer.Index switch { 0 => 0.5, 1 => 0.25, 2 => 0.2, _ => 0.001 })];
        var weighing = new RemedyWeighing(With(ratios), NoShift(shift));
        weighing.Add(Remedy.MoreBits, With([.. ratios.Select(ratio => ratio / 256)]));
        weighing.Add(Remedy.Equalize, With([.. ratios.Select((ratio, index) => index == 0 ? ratio / 10 : ratio * 0.9)]));
        weighing.Add(Remedy.PerChannel, With([.. ratios.Select((ratio, index) => index == 1 ? ratio / 4 : ratio * 0.9)]));
        var advice = weighing.Advise().ToArray();

        Assert.Equal([Remedy.Equalize, Remedy.PerChannel, Remedy.MoreBits, Remedy.Keep], advice.Take(4).Select(layer => layer.Remedy));
        Assert.All(advice.Skip(3), layer => Assert.Equal(Remedy.Keep, layer.Remedy));
        Assert.Equal([10, 10 * Math.Log10(4), 10 * Math.Log10(256)], advice.Take(3).Select(layer => layer.PredictedGainDecibels), (one, other) => Math.Abs(one - other) < 1e-9);
        var sum = ratios.Sum();
        Assert.Equal(10 * Math.Log10(sum / (sum - 0.45 - 0.1875)), weighing.PredictedGainDecibels([(network.Layers[0], Remedy.Equalize), (network.Layers[1], Remedy.PerChannel)]), 1e-9);

        SensitivityReport With(double[] noises) => new(
            network, QuantizationScheme.Int8PerTensor, shift.Images, shift.Images,
            [.. network.Layers.Select(layer => new LayerSensitivity(layer, new OutputNoise(noises[layer.Index], 0, 4)))], new OutputNoise(1, 0, 4), shift.Ranges);
    }

    /// <summary>The measurement with errors of mean zero.</summary>
    private static MeanShiftReport NoShift(MeanShiftReport report) => report with
    {
        Layers = [.. report.Layers.Select(layer => layer with
        {
            Before = new ShiftStatistics([.. layer.Before.Channels.Select(channel => channel with { Error = channel.Error with { Mean = 0 } })]),
        })],
    };
}
