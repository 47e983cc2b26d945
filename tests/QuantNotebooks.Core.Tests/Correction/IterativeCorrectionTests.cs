using QuantNotebooks.Correction;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Core.Tests.Correction;

/// <summary>Iterative bias correction removes what it must and nothing else.</summary>
public sealed class IterativeCorrectionTests
{
    private static readonly QuantizationScheme FloatBias = QuantizationScheme.Int8PerTensor with { Bias = BiasPrecision.Float };
    private static readonly QuantizationScheme NotQuantized = QuantizationScheme.Int8PerTensor with { WeightBits = null, ActivationBits = null };

    /// <summary>The network with an error added to one layer's bias, and its true biases as the reference.</summary>
    private static Network WithInjectedError(Network network, Layer layer, float[] error)
    {
        var bias = layer.Bias.ToArray();
        for (var channel = 0; channel < bias.Length; channel++) bias[channel] += error[channel];
        var facts = network.Facts with { ReferenceBiases = network.Facts.ReferenceBiases.Add(layer.Name, [.. layer.Bias]) };
        return network.With([new LayerChange(layer, null, bias)], facts);
    }

    [Theory]
    [InlineData(TestData.MobileNetV1, 4)]
    [InlineData(TestData.MobileNetV2, 10)]
    [InlineData(TestData.ResNet14, 3)]
    public void An_injected_bias_error_is_found_and_removed(string name, int index)
    {
        var network = TestData.Load(name);
        var layer = network.Layers[index];
        var random = new Random(index);
        var error = Enumerable.Range(0, layer.Channels).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray();
        var broken = WithInjectedError(network, layer, error);
        var images = TestData.Calibration.Take(40);

        var measured = broken.MeasureMeanShift(images, NotQuantized);
        Assert.All(measured.Layers.Take(index), upstream => Assert.Equal(0, upstream.Before.NoisePower));
        var found = measured.Layers[index].Before;
        for (var channel = 0; channel < layer.Channels; channel++) Assert.Equal(error[channel], found.Channels[channel].MeanShift, 1e-5);

        var corrected = broken.CorrectBias(images, NotQuantized);
        for (var channel = 0; channel < layer.Channels; channel++)
            Assert.Equal(layer.Bias[channel], corrected.Network.Layers[index].Bias[channel], 1e-5f);
        // The shift further down came from this layer alone, so no later bias may move.
        Assert.All(corrected.Corrections.Where(correction => correction.Layer.Index != index), other =>
            Assert.All(other.Correction, value => Assert.InRange(Math.Abs(value), 0, 1e-4)));
    }

    [Fact]
    public void What_is_left_is_below_half_a_step_of_the_integer_bias_and_the_report_says_where_that_shows()
    {
        // Of the channels the second hardly varies beside the first: its weights round to zero, and its mean is a small part of the bias's step.
        var network = new GraphBuilder().Input("input", 0, 1, 32, 32).Constant("w", [2, 1, 1, 1], 1, 1e-5f).Constant("b", [2], 0.1f, 0)
            .Node("Conv", ["input", "w", "b"], "y").Output("y").Load();
        network = network.With([], network.Facts with { Task = TestData.Load(TestData.ResNet14).Task });
        var images = TestData.Calibration.Take(16);
        var result = network.CorrectBias(images, QuantizationScheme.Int8PerTensor);
        var layer = result.Corrections[0];
        // The input's range over 255 levels, times the largest weight over 127.
        var range = result.Network.Ranges!.ByTensor["input"];
        var step = (range.Maximum - range.Minimum) / 255.0 / 127;
        Assert.All(layer.BiasSteps, value => Assert.Equal(step, value, 1e-3 * step));
        for (var channel = 0; channel < 2; channel++) Assert.InRange(Math.Abs(layer.After.Channels[channel].MeanShift), 0, 0.501 * step);
        Assert.Equal([1], layer.BelowBiasStep);
    }

    [Theory]
    [MemberData(nameof(TestData.Networks), MemberType = typeof(TestData))]
    public void After_correction_no_shift_is_left_on_the_calibration_images_and_less_on_others(string name)
    {
        var network = TestData.Load(name);
        var scheme = FloatBias.WithBits(5);
        var images = TestData.Calibration.Take(128);
        var heldOut = TestData.Calibration.Skip(128).Take(128);
        var result = network.CorrectBias(images, scheme, heldOut: heldOut);
        foreach (var layer in result.Corrections)
            foreach (var channel in layer.After.Channels.Where(channel => !channel.IsConstant))
                Assert.InRange(Math.Abs(channel.ShiftInSigmas), 0, 1e-3);

        // What the correction says of itself must be what a fresh measurement of the corrected network finds, but for values that lie between two
        // of the 31 steps and fall to the other side when the bias is added inside the convolution and not after it: few in the first layers,
        // more in each layer behind, for every one that fell moves others.
        var fresh = result.Network.MeasureMeanShift(images, scheme);
        Assert.All(fresh.Layers, layer => Assert.InRange(layer.Before.RmsShiftInSigmas, 0, 5e-3));
        Assert.All(fresh.Layers.Take(4), layer => Assert.InRange(layer.Before.RmsShiftInSigmas, 0, 1e-5));

        var before = result.Corrections.Sum(layer => layer.HeldOutBefore!.ShiftPower / layer.HeldOutBefore.SignalPower);
        var after = result.Corrections.Sum(layer => layer.HeldOutAfter!.ShiftPower / layer.HeldOutAfter.SignalPower);
        Assert.True(after < 0.25 * before, $"held-out shift power went from {before} to {after}");
    }

    [Fact]
    public void Adding_all_shifts_of_the_uncorrected_network_at_once_is_wrong()
    {
        // Why the sweep is sequential: one measurement counts an upstream shift again in every later layer.
        var network = TestData.Load(TestData.MobileNetV1, keepDeadChannels: true);
        var images = TestData.Calibration.Take(128);
        var naive = network.MeasureMeanShift(images, FloatBias);
        var changes = network.Layers.Select(layer =>
        {
            var bias = layer.Bias.ToArray();
            for (var channel = 0; channel < bias.Length; channel++) bias[channel] -= (float)naive.Layers[layer.Index].Before.Channels[channel].MeanShift;
            return new LayerChange(layer, null, bias);
        });
        var references = network.Layers.Aggregate(network.Facts.ReferenceBiases, (all, layer) => all.Add(layer.Name, [.. layer.Bias]));
        var atOnce = network.With(changes, network.Facts with { ReferenceBiases = references, Ranges = naive.Ranges });
        var sequential = network.CorrectBias(images, FloatBias).Network;
        var last = network.Layers.Length - 1;
        double LastShift(Network corrected) => corrected.MeasureMeanShift(images, FloatBias).Layers[last].Before.Mssr;
        Assert.True(LastShift(atOnce) > 100 * LastShift(sequential));
    }

    [Fact]
    public void A_quantized_bias_leaves_at_most_half_its_step()
    {
        var network = TestData.Load(TestData.ResNet14);
        var scheme = QuantizationScheme.Int8PerTensor;
        var images = TestData.Calibration.Take(64);
        var result = network.CorrectBias(images, scheme);
        var quantizers = network.MeasureMeanShift(images, scheme);
        foreach (var correction in result.Corrections.Skip(1))
        {
            var producer = network.Layers.LastOrDefault(layer => layer.Output == correction.Layer.Input);
            if (producer is null) continue;
            var step = quantizers.Layers[producer.Index].OutputQuantizer!.Scale * correction.Layer.Weights.ToArray().Max(Math.Abs) / 127;
            Assert.All(correction.After.Channels, channel => Assert.InRange(Math.Abs(channel.MeanShift), 0, 0.51 * step));
        }
    }

    [Fact]
    public void A_saved_correction_keeps_its_ranges_and_its_reference()
    {
        using var folder = new TemporaryFolder();
        var network = TestData.Load(TestData.MobileNetV2, keepDeadChannels: true);
        var images = TestData.Calibration.Take(64);
        var corrected = network.CorrectBias(images, FloatBias).Network;
        var file = Path.Combine(folder.Path, "corrected.onnx");
        corrected.Save(file);
        var loaded = Network.Load(file, new LoadOptions { KeepDeadChannels = true });

        Assert.Equal(corrected.Ranges!.ByTensor, loaded.Ranges!.ByTensor);
        Assert.Equal(["load", "correct-bias iterative"], loaded.History.Select(entry => entry.Operation));
        Assert.Equal(images.Sha256, loaded.History[^1].ImagesSha256);
        Assert.Equal(network.Sha256, loaded.History[^1].ParentSha256);
        Assert.Same(network, corrected.Parent);
        var test = TestData.Test.Take(200);
        var (expected, actual) = (corrected.Evaluate(test, FloatBias), loaded.Evaluate(test, FloatBias));
        Assert.Equal(expected.QuantizedAccuracy, actual.QuantizedAccuracy);
        Assert.Equal(expected.FloatAccuracy, actual.FloatAccuracy);
        Assert.Equal(expected.SqnrDecibels!.Value, actual.SqnrDecibels!.Value, 1e-6);
        foreach (var layer in loaded.FloatReference.Layers)
            Assert.True(layer.Bias.SequenceEqual(network.Layers[layer.Index].Bias));
    }

    [Fact]
    public void A_layer_without_a_bias_gets_one()
    {
        var network = new GraphBuilder().Input("input", 0, 1, 32, 32).RandomConstant("a.weight", 4, 1, 5, 5).RandomConstant("b", 4, 3)
            .Node("Conv", ["input", "a.weight"], "a", GraphBuilder.Ints("strides", 3, 3)).Node("Relu", ["a"], "r")
            .Node("GlobalAveragePool", ["r"], "p").Node("Flatten", ["p"], "f").Node("MatMul", ["f", "b"], "y").Output("y")
            .Load();
        network = network.With([], network.Facts with { Task = TestData.Load(TestData.ResNet14).Task });
        var scheme = FloatBias.WithBits(3);
        var images = TestData.Calibration.Take(64);
        var result = network.CorrectBias(images, scheme);
        Assert.All(result.Network.Layers, layer => Assert.True(layer.HasBias));
        Assert.All(result.Network.MeasureMeanShift(images, scheme).Layers, layer => Assert.InRange(layer.Before.Mssr, 0, 1e-6));
        Assert.All(network.MeasureMeanShift(images, scheme).Layers, layer => Assert.True(layer.Before.Mssr > 1e-3));
    }
}
