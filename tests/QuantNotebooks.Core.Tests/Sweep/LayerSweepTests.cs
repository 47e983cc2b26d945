using QuantNotebooks.Correction;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Sweep;

/// <summary>The sweep against a naive full run of both networks that keeps every activation.</summary>
public sealed class LayerSweepTests
{
    private static readonly QuantizationScheme FloatBias = QuantizationScheme.Int8PerTensor with { Bias = BiasPrecision.Float };

    public static TheoryData<string, int, bool> Cases => new()
    {
        { TestData.MobileNetV1, 8, false },
        { TestData.MobileNetV1, 8, true },
        { TestData.MobileNetV1, 4, false },
        { TestData.MobileNetV2, 8, false },
        { TestData.MobileNetV2, 6, true },
        { TestData.ResNet14, 8, false },
        { TestData.ResNet14, 4, false },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Statistics_equal_those_of_a_naive_full_run(string name, int bits, bool keepDeadChannels)
    {
        var network = TestData.Load(name, keepDeadChannels);
        var images = TestData.Calibration.Take(ImageBatches.DefaultBatchSize);
        var report = network.MeasureMeanShift(images, FloatBias.WithBits(bits));

        var input = new float[images.Count * 1024];
        network.Task!.Input.Preprocessing.Fill(images, 0, images.Count, input);
        long[] shape = [images.Count, 1, 32, 32];
        var points = network.Layers.SelectMany(layer => new[] { layer.PreActivation, layer.Output }).ToHashSet();
        var full = ModelRun.Tensors(network.ToModel(), input, shape, points);
        var quantizedModel = NaiveQuantizedRun.Quantize(network, report.Ranges, bits, bits);
        // Where a layer has no activation its quantizer follows at once: before it stands the raw tensor.
        var before = network.Layers.ToDictionary(layer => layer.Name, layer => layer.ActivationNodes.IsEmpty ? layer.Output + "//raw" : layer.PreActivation);
        var quantized = ModelRun.Tensors(quantizedModel, input, shape, before.Values.Concat(points));

        foreach (var layer in network.Layers)
        {
            var measured = report.Layers[layer.Index];
            AssertStatistics(layer, full[layer.PreActivation], quantized[before[layer.Name]].Values, measured.Before, images.Count);
            AssertStatistics(layer, full[layer.Output], quantized[layer.Output].Values, measured.After, images.Count);
        }
    }

    private static void AssertStatistics(Layer layer, (long[] Shape, float[] Values) full, float[] quantized, ShiftStatistics measured, int images)
    {
        var positions = full.Values.Length / images / layer.Channels;
        var scale = Math.Sqrt(full.Values.Average(value => (double)value * value));
        for (var channel = 0; channel < layer.Channels; channel++)
        {
            var (sum, squares, energy) = (0.0, 0.0, 0.0);
            for (var image = 0; image < images; image++)
                for (var position = 0; position < positions; position++)
                {
                    var index = (image * layer.Channels + channel) * positions + position;
                    var error = (double)quantized[index] - full.Values[index];
                    sum += error;
                    squares += error * error;
                    energy += (double)full.Values[index] * full.Values[index];
                }
            double count = images * positions;
            Assert.Equal(sum / count, measured.Channels[channel].MeanShift, 1e-6 * scale);
            Assert.Equal(squares / count, measured.Channels[channel].NoisePower, 1e-6 * scale * scale);
            Assert.Equal(energy / count, measured.Channels[channel].Float.Power, 1e-6 * scale * scale);
        }
    }

    [Fact]
    public void Several_batches_give_what_one_gives()
    {
        var network = TestData.Load(TestData.MobileNetV2);
        var all = TestData.Calibration.Take(70);
        var scheme = FloatBias;
        var report = network.MeasureMeanShift(all, scheme);
        var parts = new[] { all.Take(32), all.Skip(32).Take(32), all.Skip(64) }.Select(part => network.MeasureMeanShift(part, scheme, new() { Ranges = report.Ranges })).ToArray();
        foreach (var layer in network.Layers)
        {
            var merged = parts.Select(part => part.Layers[layer.Index].Before).Aggregate((one, other) => one.Merge(other));
            for (var channel = 0; channel < layer.Channels; channel++)
            {
                var expected = report.Layers[layer.Index].Before.Channels[channel];
                Assert.Equal(expected.MeanShift, merged.Channels[channel].MeanShift, 1e-9);
                Assert.Equal(expected.Float.Count, merged.Channels[channel].Float.Count);
            }
        }
    }

    [Fact]
    public void Nothing_quantized_means_no_noise_at_all()
    {
        var scheme = QuantizationScheme.Int8PerTensor with { WeightBits = null, ActivationBits = null };
        var report = TestData.Load(TestData.MobileNetV1).MeasureMeanShift(TestData.Calibration.Take(8), scheme);
        Assert.All(report.Layers, layer => Assert.Equal(0, layer.Before.NoisePower + layer.After.NoisePower));
    }

    [Fact]
    public void More_bits_mean_less_noise_by_about_six_decibels_a_bit()
    {
        // With rounding errors that fill a step evenly, halving the step lowers the noise by 20 log10 2 = 6.02 dB.
        var network = TestData.Load(TestData.ResNet14);
        var images = TestData.Calibration.Take(32);
        double Sqnr(int bits) => network.MeasureMeanShift(images, FloatBias.WithBits(bits)).Layers[^1].Before.SqnrDecibels;
        Assert.InRange((Sqnr(14) - Sqnr(10)) / 4, 5, 7);
    }

    [Fact]
    public void A_sweep_can_be_stopped()
    {
        using var source = new CancellationTokenSource();
        var network = TestData.Load(TestData.MobileNetV1);
        var progress = new Stopper(source);
        Assert.ThrowsAny<OperationCanceledException>(() =>
            network.MeasureMeanShift(TestData.Calibration.Take(64), FloatBias, progress: progress, cancellation: source.Token));
        Assert.Equal(3, progress.Reports);
    }

    [Fact]
    public void Extrema_calibration_finds_the_same_ranges_as_the_sweep()
    {
        var network = TestData.Load(TestData.ResNet14);
        var images = TestData.Calibration.Take(64);
        var calibrated = network.Calibrate(images);
        var swept = network.MeasureMeanShift(images, FloatBias).Ranges;
        Assert.Equal(swept.ByTensor.Keys, calibrated.ByTensor.Keys);
        foreach (var (name, range) in swept.ByTensor)
        {
            Assert.Equal(range.Minimum, calibrated.ByTensor[name].Minimum, 1e-4f);
            Assert.Equal(range.Maximum, calibrated.ByTensor[name].Maximum, 1e-4f);
        }
        Assert.Equal(calibrated.ByTensor, ActivationRanges.Parse(calibrated.ToJson(), "test").ByTensor);
    }

    [Theory]
    [InlineData(float.NaN, "not a number")]
    [InlineData(float.NegativeInfinity, "negative infinite")]
    public void A_weight_or_bias_that_is_not_finite_is_refused_by_layer_and_channel(float value, string kind)
    {
        var network = TestData.Load(TestData.ResNet14);
        var layer = network.Layers[2];
        var weights = layer.Weights.ToArray();
        weights[layer.Weights.Length / layer.Channels * 7 + 5] = value;
        var bias = layer.Bias.ToArray();
        bias[3] = value;
        foreach (var (change, channel, what) in new[] { (new LayerChange(layer, weights, null), 7, "weight"), (new LayerChange(layer, null, bias), 3, "bias") })
        {
            var broken = network.With([change], network.Facts);
            Action[] uses = [() => broken.MeasureMeanShift(TestData.Calibration.Take(8), FloatBias), () => broken.CorrectBias(TestData.Calibration.Take(8), FloatBias)];
            foreach (var use in uses)
            {
                var error = Assert.Throws<QuantNotebooksException>(use);
                Assert.StartsWith($"Layer '{layer.Name}' of 'resnet14-fashion', channel {channel}: has a {what} that is {kind}", error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void An_activation_that_is_not_finite_is_refused_by_layer_channel_and_image()
    {
        // A bias near the largest float overflows in the third layer; ReLU6 behind it would hide an infinity.
        var network = TestData.Load(TestData.MobileNetV1);
        var layer = network.Layers[2];
        var weights = layer.Weights.ToArray();
        var inputs = weights.Length / layer.Channels;
        weights.AsSpan(4 * inputs, inputs).Fill(3e38f);
        var broken = network.With([new LayerChange(layer, weights, null)], network.Facts);
        var perChannel = QuantizationScheme.Int8PerChannel with { Bias = BiasPrecision.Float };
        var error = Assert.Throws<QuantNotebooksException>(() => broken.MeasureMeanShift(TestData.Calibration.Take(40), perChannel));
        Assert.StartsWith($"Layer '{layer.Name}' of 'mobilenet-v1-fashion', channel 4: takes a value before its activation on image 0, in full precision, that is infinite", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_image_gives_a_shift_and_no_standard_error()
    {
        var report = TestData.Load(TestData.MobileNetV2).MeasureMeanShift(TestData.Calibration.Take(1), FloatBias, new() { Split = true });
        foreach (var channel in report.Layers.SelectMany(layer => layer.Before.Channels))
        {
            Assert.True(double.IsFinite(channel.MeanShift));
            Assert.True(double.IsNaN(channel.StandardError));
            Assert.Equal(1, channel.ImageError.Count);
        }
    }

    private sealed class Stopper(CancellationTokenSource source) : IProgress<SweepProgress>
    {
        public int Reports { get; private set; }

        public void Report(SweepProgress value)
        {
            if (++Reports == 3) source.Cancel();
        }
    }
}
