using QuantNotebooks.Correction;
using QuantNotebooks.Export;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Correction;

public sealed class StoppedCorrectionTests
{
    private const int Layers = 5;

    private static readonly QuantizationScheme Scheme = QuantizationScheme.Int8PerTensor.WithBits(5);

    [Theory]
    [InlineData(LayerPoint.BeforeActivation)]
    [InlineData(LayerPoint.AfterActivation)]
    public void The_layers_before_the_interrupt_are_corrected_as_ever_and_the_others_are_as_they_were(LayerPoint point)
    {
        var network = TestData.Load(TestData.ResNet14);
        var images = TestData.Calibration.Take(64);
        using var source = new CancellationTokenSource();
        var options = new IterativeOptions { Point = point, KeepDone = true };
        var stopped = network.CorrectBias(images, Scheme, options, TestData.Calibration.Skip(64).Take(32), new StopAt(source, network.Layers[Layers].Name), source.Token);
        var whole = network.CorrectBias(images, Scheme, options);
        Assert.Equal(Layers, stopped.StoppedAfter);
        Assert.Null(whole.StoppedAfter);
        Assert.Null(stopped.HeldOut);
        Assert.Equal(network.Layers.Length, stopped.Corrections.Length);
        Assert.Equal(network.Layers.Length - Layers, stopped.Corrections.Count(layer => layer.Skipped == "interrupted"));
        foreach (var (part, full) in stopped.Corrections.Zip(whole.Corrections))
        {
            if (part.Skipped == "interrupted")
            {
                Assert.Empty(part.Correction);
                Assert.Empty(part.Before.Channels);
                Assert.Equal(part.Layer.Bias.ToArray(), stopped.Network.Layer(part.Name).Bias.ToArray());
                continue;
            }
            Assert.Null(part.Skipped);
            Assert.Equal(full.Correction, part.Correction);
            Assert.Equal(full.After.Mssr, part.After.Mssr);
            Assert.Equal(whole.Network.Layer(part.Name).Bias.ToArray(), stopped.Network.Layer(part.Name).Bias.ToArray());
        }
        Assert.Contains("interrupted after 5 of", stopped.Network.History[^1].Settings, StringComparison.Ordinal);
        Assert.Contains(stopped.Warnings, warning => warning.StartsWith("interrupted: 5 of", StringComparison.Ordinal));
        Assert.Contains("\"stoppedAfter\": 5", stopped.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_network_is_one_to_quantize_on_the_grids_that_its_layers_were_corrected_for()
    {
        var network = TestData.Load(TestData.ResNet14);
        var images = TestData.Calibration.Take(64);
        using var source = new CancellationTokenSource();
        var stopped = network.CorrectBias(
            images, Scheme, new() { KeepDone = true }, null, new StopAt(source, network.Layers[Layers].Name), source.Token);
        // Nobody may take a part of the ranges for all of them.
        Assert.Null(stopped.Network.Ranges);
        var whole = network.CorrectBias(images, Scheme).Network.Ranges!;
        foreach (var (tensor, range) in stopped.Network.Calibrate(images, Scheme).ByTensor)
        {
            Assert.Equal(whole.ByTensor[tensor].Minimum, range.Minimum, 1e-4f);
            Assert.Equal(whole.ByTensor[tensor].Maximum, range.Maximum, 1e-4f);
        }
        // The full-precision reference is the network before, whatever was corrected.
        Assert.Equal(network.FunctionSha256, stopped.Network.FloatReference.FunctionSha256);
    }

    [Fact]
    public void An_interrupt_while_held_out_images_are_measured_leaves_the_whole_correction()
    {
        var network = TestData.Load(TestData.ResNet14);
        var images = TestData.Calibration.Take(32);
        using var source = new CancellationTokenSource();
        var stopped = network.CorrectBias(images, Scheme, new() { KeepDone = true }, TestData.Calibration.Skip(32).Take(64), new StopOnceDone(source), source.Token);
        Assert.Equal(network.Layers.Length, stopped.StoppedAfter);
        Assert.Null(stopped.HeldOut);
        Assert.All(stopped.Corrections, layer => Assert.Null(layer.HeldOutAfter ?? layer.HeldOutBefore));
        Assert.Equal(network.CorrectBias(images, Scheme).Network.Sha256, stopped.Network.Sha256);
    }

    [Fact]
    public void Unless_it_is_asked_for_and_before_a_layer_is_done_there_is_none()
    {
        var network = TestData.Load(TestData.ResNet14);
        using var source = new CancellationTokenSource();
        using var early = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => network.CorrectBias(
            TestData.Calibration.Take(32), Scheme, null, null, new StopAt(source, network.Layers[Layers].Name), source.Token));
        Assert.ThrowsAny<OperationCanceledException>(() => network.CorrectBias(
            TestData.Calibration.Take(32), Scheme, new() { KeepDone = true }, null, new StopAt(early, network.Layers[0].Name), early.Token));
    }

    private sealed class StopAt(CancellationTokenSource source, string layer) : IProgress<SweepProgress>
    {
        public void Report(SweepProgress value)
        {
            if (value.Current == layer) source.Cancel();
        }
    }

    private sealed class StopOnceDone(CancellationTokenSource source) : IProgress<SweepProgress>
    {
        public void Report(SweepProgress value)
        {
            if (value.Current == "done") source.Cancel();
        }
    }
}
