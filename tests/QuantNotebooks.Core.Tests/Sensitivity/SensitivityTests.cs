using QuantNotebooks.Core.Tests.Sweep;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sensitivity;

namespace QuantNotebooks.Core.Tests.Sensitivity;

/// <summary>Layers quantized alone, against one whole network for each of them.</summary>
public sealed class SensitivityTests
{
    private static readonly QuantizationScheme FloatBias = QuantizationScheme.Int8PerTensor with { Bias = BiasPrecision.Float };

    [Theory]
    [InlineData(TestData.MobileNetV1, 8)]
    [InlineData(TestData.MobileNetV2, 6)]
    [InlineData(TestData.ResNet14, 4)]
    public void Each_layer_alone_is_a_network_with_just_that_layer_quantized(string name, int bits)
    {
        var network = TestData.Load(name);
        var images = TestData.Calibration.Take(40);
        var report = network.MeasureSensitivity(images, FloatBias.WithBits(bits), new() { Sample = 40 });
        Assert.Equal(network.Layers, report.Layers.Select(layer => layer.Layer));

        var (input, shape) = InputOf(network, images);
        var full = Output(network, network.ToModel(), input, shape);
        foreach (var layer in report.Layers)
            AssertNoise(full, Output(network, NaiveQuantizedRun.QuantizeAlone(network, report.Ranges, layer.Layer, bits, bits), input, shape), images.Count, layer.Output);
        AssertNoise(full, Output(network, NaiveQuantizedRun.Quantize(network, report.Ranges, bits, bits), input, shape), images.Count, report.Together);
    }

    [Fact]
    public void Batches_do_not_matter_and_the_sample_is_evenly_spaced()
    {
        var network = TestData.Load(TestData.ResNet14);
        var images = TestData.Calibration.Take(200);
        var report = network.MeasureSensitivity(images, FloatBias.WithBits(5), new() { Sample = 50 });
        Assert.Equal(50, report.Sample.Count);
        Assert.Equal(200, report.Ranges.ImageCount);
        Assert.Equal(images[196].Pixels.ToArray(), report.Sample[49].Pixels.ToArray());
        Assert.Equal(images.Labels![100], report.Sample.Labels![25]);
        var (input, shape) = InputOf(network, report.Sample);
        var full = Output(network, network.ToModel(), input, shape);
        var layer = report.Layers[3];
        AssertNoise(full, Output(network, NaiveQuantizedRun.QuantizeAlone(network, report.Ranges, layer.Layer, 5, 5), input, shape), 50, layer.Output);
    }

    [Fact]
    public void The_usual_sample_has_so_many_images_that_the_cost_is_bounded()
    {
        var network = TestData.Load(TestData.MobileNetV1);
        Assert.Equal(TestData.Calibration.Take(1024).Count * 6 / 28, SensitivityOptions.SampleOf(network, TestData.Calibration.Take(1024)));
        Assert.Equal(1, SensitivityOptions.SampleOf(network, TestData.Calibration.Take(1)));
        Assert.Throws<QuantNotebooksException>(() => new SensitivityOptions { Sample = 0 });
    }

    [Fact]
    public void Nothing_quantized_is_no_noise()
    {
        var network = TestData.Load(TestData.ResNet14);
        var report = network.MeasureSensitivity(
            TestData.Calibration.Take(8), FloatBias with { WeightBits = null, ActivationBits = null }, new() { Sample = 8 });
        Assert.All(report.Layers.Select(layer => layer.Output), noise => Assert.Equal((0, 1.0, double.PositiveInfinity), (noise.Ratio, noise.Agreement, noise.SqnrDecibels)));
        Assert.True(double.IsNaN(report.ShareOf(report.Layers[0])));
    }

    [Fact]
    public void A_branch_that_rejoins_and_a_layer_that_leads_nowhere_are_right()
    {
        // The first layer is read by two branches, one of them without a layer; the last layer's output is the graph's second one.
        var builder = new GraphBuilder().Input("input", 0, 3, 6, 6).Output("sum").Output("aside")
            .RandomConstant("w1", 4, 3, 3, 3).RandomConstant("w2", 4, 1, 3, 3).RandomConstant("w3", 2, 4, 1, 1)
            .Node("Conv", ["input", "w1"], "a", GraphBuilder.Ints("pads", 1, 1, 1, 1)).Node("Relu", ["a"], "b")
            .Node("Conv", ["b", "w2"], "c", GraphBuilder.Ints("pads", 1, 1, 1, 1), GraphBuilder.Int("group", 4))
            .Node("Add", ["b", "c"], "sum").Node("Conv", ["b", "w3"], "aside");
        var network = builder.Load();
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():n}.npy");
        var values = new float[10 * 3 * 36];
        var random = new Random(7);
        foreach (ref var value in values.AsSpan()) value = (float)random.NextDouble() - 0.5f;
        File.WriteAllBytes(path, Images.NpyBytes.Floats("(10, 3, 6, 6)", values));
        try
        {
            var images = ImageSet.Load(path);
            var report = network.MeasureSensitivity(images, FloatBias.WithBits(5), new() { Sample = 5 });
            Assert.Equal(0, report.Layers.Single(layer => layer.Layer.Output == "aside").Output.Ratio);
            Assert.Null(report.Together.Agreement);
            // Tensors 0, 2, 4, 6, 8.
            float[] sample = [.. Enumerable.Range(0, 5).SelectMany(index => values.AsSpan(index * 2 * 108, 108).ToArray())];
            var full = ModelRun.Tensors(network.ToModel(), sample, [5, 3, 6, 6], ["sum"])["sum"].Values;
            foreach (var layer in report.Layers.Where(layer => layer.Layer.Output != "aside"))
                AssertNoise(full, ModelRun.Tensors(NaiveQuantizedRun.QuantizeAlone(network, report.Ranges, layer.Layer, 5, 5), sample, [5, 3, 6, 6], ["sum"])["sum"].Values, 5, layer.Output);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void The_standard_error_is_the_jackknife_s()
    {
        var network = TestData.Load(TestData.ResNet14);
        var report = network.MeasureSensitivity(TestData.Calibration.Take(300), FloatBias.WithBits(5), new() { Sample = 300 });
        var (input, shape) = InputOf(network, report.Sample);
        var full = Output(network, network.ToModel(), input, shape);
        var layer = report.Layers[0];
        var other = Output(network, NaiveQuantizedRun.QuantizeAlone(network, report.Ranges, layer.Layer, 5, 5), input, shape);
        var signals = new double[300];
        var noises = new double[300];
        for (var index = 0; index < full.Length; index++)
        {
            signals[index / 10] += (double)full[index] * full[index];
            noises[index / 10] += Math.Pow((double)other[index] - full[index], 2);
        }
        var (signal, noise) = (signals.Sum(), noises.Sum());
        var without = Enumerable.Range(0, 300).Select(image => (noise - noises[image]) / (signal - signals[image])).ToArray();
        var jackknife = Math.Sqrt(299.0 / 300 * without.Sum(value => Math.Pow(value - without.Average(), 2)));
        Assert.Equal(1, layer.Output.RatioStandardError / jackknife, 0.03);
    }

    private static (float[] Input, long[] Shape) InputOf(Network network, ImageSet images)
    {
        var input = new float[images.Count * 1024];
        network.Task!.Input.Preprocessing.Fill(images, 0, images.Count, input);
        return (input, [images.Count, 1, 32, 32]);
    }

    private static float[] Output(Network network, ModelProto model, float[] input, long[] shape)
    {
        var name = network.Graph.Outputs[0].Name;
        return ModelRun.Tensors(model, input, shape, [name])[name].Values;
    }

    /// <summary>
    /// ONNX Runtime fuses a whole network's nodes in other ways than a step's, and a value that lies between two integers falls to one or the other side.
    /// </summary>
    private static void AssertNoise(float[] full, float[] quantized, int images, OutputNoise actual)
    {
        var (signal, noise, agree) = (0.0, 0.0, 0);
        var width = full.Length / images;
        for (var image = 0; image < images; image++)
        {
            var expected = full.AsSpan(image * width, width);
            var other = quantized.AsSpan(image * width, width);
            for (var index = 0; index < width; index++)
            {
                signal += (double)expected[index] * expected[index];
                noise += Math.Pow((double)other[index] - expected[index], 2);
            }
            if (expected.ToArray().Index().MaxBy(pair => pair.Item).Index == other.ToArray().Index().MaxBy(pair => pair.Item).Index) agree++;
        }
        Assert.Equal(1, actual.Ratio / (noise / signal), 0.01);
        if (actual.Agreement is { } share) Assert.Equal((double)agree / images, share, 1e-12);
    }
}
