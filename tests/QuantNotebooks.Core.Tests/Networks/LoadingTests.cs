using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.ML.OnnxRuntime;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Core.Tests.Networks;

/// <summary>Loading keeps what a network computes; ONNX Runtime on the unfolded file is the oracle.</summary>
public sealed class LoadingTests
{
    private static readonly long[] Shape = [16, 1, 32, 32];

    public static TheoryData<string, bool, bool> Cases => new(
        from network in new[] { TestData.MobileNetV1, TestData.MobileNetV2, TestData.ResNet14 }
        from keep in new[] { false, true }
        from realImages in new[] { true, false }
        // A silenced dead channel is constant on images; noise could wake it, so only the kept form must match there.
        where realImages || keep
        select (network, keep, realImages));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Folding_keeps_the_output(string name, bool keepDeadChannels, bool realImages)
    {
        var network = TestData.Load(name, keepDeadChannels);
        var input = new float[Shape.Aggregate(1L, (product, dimension) => product * dimension)];
        if (realImages) network.Task!.Input.Preprocessing.Fill(TestData.Test, 0, (int)Shape[0], input);
        else for (var (index, random) = (0, new Random(3)); index < input.Length; index++) input[index] = (float)(random.NextDouble() * 4 - 2);

        var expected = ModelRun.Tensors(OnnxFile.Parse(File.ReadAllBytes(TestData.PathOf(name)), name), input, Shape)["logits"].Values;
        var actual = ModelRun.Tensors(network.ToModel(), input, Shape)["logits"].Values;
        Assert.InRange(ModelRun.RelativeDifference(expected, actual), 0, 1e-5);
        Assert.DoesNotContain(network.Graph.Nodes, node => node.OpType == "BatchNormalization");
    }

    [Theory]
    [InlineData("ppocr-text-direction", 192, null)]
    [InlineData("ppocr-v4-text-recognition", 160, null)]
    [InlineData("ppocr-text-direction", 192, "text-direction")]
    [InlineData("ppocr-v4-text-recognition", 320, "text-lines")]
    public void Text_networks_keep_their_output(string name, int width, string? images)
    {
        var path = TestData.PathOf(name);
        var network = Network.Load(path);
        long[] shape = [2, 3, 48, width];
        var input = new float[shape.Aggregate(1L, (product, dimension) => product * dimension)];
        if (images is not null)
        {
            var preprocessing = network.Task!.Input.Preprocessing;
            Assert.Equal((48, width), (preprocessing.Size.Height, preprocessing.Size.Width));
            preprocessing.Fill(ImageSet.Load(Repository.PathOf("data", images, "test")), 0, (int)shape[0], input);
        }
        else for (var (index, random) = (0, new Random(3)); index < input.Length; index++) input[index] = (float)(random.NextDouble() * 2 - 1);
        var model = OnnxFile.Parse(File.ReadAllBytes(path), path);
        var expected = Assert.Single(ModelRun.Tensors(model, input, shape)).Value;
        var actual = Assert.Single(ModelRun.Tensors(network.ToModel(), input, shape)).Value;
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.InRange(ModelRun.RelativeDifference(expected.Values, actual.Values), 0, 1e-5);
        ModelChecker.Check(network.ToModel());
    }

    /// <summary>Whatever the moment: in reading, hashing, parsing, or within ONNX Runtime.</summary>
    [Fact]
    public void Loading_can_be_cancelled()
    {
        var path = TestData.PathOf(TestData.TextRecognition);
        var clock = Stopwatch.StartNew();
        var expected = Network.Load(path).Sha256;
        var (whole, stopped) = (clock.Elapsed, 0);
        for (var part = 0; part < 24; part++)
        {
            using var source = new CancellationTokenSource();
            source.CancelAfter(whole * part / 24);
            try
            {
                Assert.Equal(expected, Network.Load(path, null, source.Token).Sha256);
            }
            catch (OperationCanceledException)
            {
                stopped++;
            }
        }
        Assert.InRange(stopped, 1, 24);
    }

    [Fact]
    public void ONNX_Runtime_stops_preparing_a_network()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => OnnxSession.Create(TestData.Load(TestData.MobileNetV1).ToModel(), "test", cancellation: source.Token));
        using var options = new SessionOptions();
        options.SetLoadCancellationFlag(true);
        Assert.Contains("cancel", Assert.Throws<OnnxRuntimeException>(() => new InferenceSession(TestData.PathOf(TestData.MobileNetV1), options)).Message, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>A pipe has no length.</summary>
    [Fact]
    public async Task A_network_is_read_through_a_pipe()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "skipped: pipes have names of their own there");
        using var folder = new TemporaryFolder();
        var (pipe, path) = (Path.Combine(folder.Path, "pipe.onnx"), TestData.PathOf(TestData.ResNet14));
        using var writing = Process.Start("/bin/sh", ["-c", "mkfifo \"$1\" && cat \"$0\" > \"$1\"", path, pipe]);
        while (!File.Exists(pipe)) await Task.Delay(5, TestContext.Current.CancellationToken);
        var network = Network.Load(pipe);
        await writing.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(Network.Load(path).FileSha256, network.FileSha256);
    }

    [Fact]
    public void MobileNet_v1_has_its_layers()
    {
        var network = TestData.Load(TestData.MobileNetV1);
        Assert.Equal(13, network.Layers.Count(layer => layer.Operator == LayerOperator.DepthwiseConv));
        Assert.Equal(14, network.Layers.Count(layer => layer.Operator == LayerOperator.Conv));
        Assert.Equal(1, network.Layers.Count(layer => layer.Operator == LayerOperator.Gemm));
        Assert.Equal("features.0.0", network.Layers[0].Name);
        Assert.All(network.Layers.SkipLast(1), layer => Assert.Equal("ReLU6", layer.Activation.ToString()));
        Assert.Equal(ActivationKind.None, network.Layers[^1].Activation.Kind);
        Assert.Empty(network.NotAnalysed);
    }

    [Theory]
    [MemberData(nameof(TestData.Networks), MemberType = typeof(TestData))]
    public void Batch_normalization_statistics_are_those_of_the_pre_activation(string name)
    {
        // Trained statistics describe the training images: the mean over real images must lie near beta, in units of |gamma|.
        var network = TestData.Load(name, keepDeadChannels: true);
        var input = new float[256 * 1024];
        network.Task!.Input.Preprocessing.Fill(TestData.Calibration, 0, 256, input);
        var layer = network.Layers[1];
        var (shape, values) = ModelRun.Tensors(network.ToModel(), input, [256, 1, 32, 32], [layer.PreActivation])[layer.PreActivation];
        var positions = (int)(shape[2] * shape[3]);
        for (var channel = 0; channel < layer.Channels; channel++)
        {
            if (layer.DeadChannels.Any(dead => dead.Channel == channel)) continue;
            var sum = 0.0;
            for (var image = 0; image < 256; image++)
                for (var position = 0; position < positions; position++) sum += values[(image * layer.Channels + channel) * positions + position];
            var statistics = layer.BatchNormalization!;
            Assert.InRange(
                Math.Abs(sum / (256.0 * positions) - statistics.Mean[channel]) / statistics.StandardDeviation[channel], 0, 0.35);
        }
    }

    [Theory]
    [InlineData(TestData.MobileNetV1)]
    [InlineData(TestData.MobileNetV2)]
    public void The_one_dead_channel_is_found_and_is_really_constant(string name)
    {
        var network = TestData.Load(name, keepDeadChannels: true);
        var layer = Assert.Single(network.Layers, layer => !layer.DeadChannels.IsEmpty);
        var dead = Assert.Single(layer.DeadChannels);
        var input = new float[64 * 1024];
        network.Task!.Input.Preprocessing.Fill(TestData.Test, 0, 64, input);
        var (shape, values) = ModelRun.Tensors(network.ToModel(), input, [64, 1, 32, 32], [layer.PreActivation])[layer.PreActivation];
        var positions = (int)(shape[2] * shape[3]);
        for (var image = 0; image < 64; image++)
            Assert.All(values.AsSpan((image * layer.Channels + dead.Channel) * positions, positions).ToArray(), value => Assert.Equal(dead.Constant, value, 1e-4));

        var silenced = TestData.Load(name).Layer(layer.Name);
        Assert.Equal(dead.Constant, silenced.Bias[dead.Channel]);
        silenced.Layout.ForEachRun(dead.Channel, (start, length) => Assert.All(silenced.Weights.Slice(start, length).ToArray(), weight => Assert.Equal(0f, weight)));
        // The folded scale 1 / sqrt(epsilon) is the trap that this test is about: hundreds of times the typical channel's.
        Assert.True(layer.WeightRangeRatio() > 300);
        Assert.True(silenced.WeightRangeRatio() < 30);
    }

    [Fact]
    public void Residual_networks_quantize_where_an_integer_engine_would()
    {
        var network = TestData.Load(TestData.ResNet14);
        var placement = QuantNotebooks.Quantization.QuantizerPlacement.Of(network, QuantNotebooks.Quantization.QuantizationScheme.Int8PerTensor);
        foreach (var add in network.Graph.Nodes.Where(node => node.OpType == "Add"))
        {
            // Add -> Relu is one operation of an engine: the sum is put on the grid after the Relu and not before.
            var relu = Assert.Single(network.Graph.Consumers(add.Output[0]));
            Assert.Equal("Relu", relu.OpType);
            Assert.Contains(relu.Output[0], placement.Tensors);
            Assert.DoesNotContain(add.Output[0], placement.Tensors);
        }
        Assert.All(network.Layers, layer => Assert.Contains(layer.Output, placement.Tensors));
        Assert.Contains("input", placement.Tensors);
        Assert.Empty(network.NotAnalysed);
    }

    [Fact]
    public void A_saved_network_loads_again_as_it_was()
    {
        using var folder = new TemporaryFolder();
        var network = TestData.Load(TestData.MobileNetV2);
        var file = Path.Combine(folder.Path, "copy.onnx");
        network.Save(file);
        var copy = Network.Load(file);
        Assert.Equal(network.Layers.Select(layer => layer.Name), copy.Layers.Select(layer => layer.Name));
        Assert.All(network.Layers.Zip(copy.Layers), pair => Assert.True(pair.First.Weights.SequenceEqual(pair.Second.Weights) && pair.First.Bias.SequenceEqual(pair.Second.Bias)));
        Assert.Equal(network.Task, copy.Task);
        Assert.Equal("load", Assert.Single(copy.History).Operation);
        Assert.Empty(Directory.GetFiles(folder.Path, "*.tmp*"));
    }

    [Theory]
    [InlineData(TestData.MobileNetV2)]
    [InlineData(TestData.TextDirection)]
    public void A_networks_hash_is_that_of_the_file_it_would_be_saved_to(string name)
    {
        using var folder = new TemporaryFolder();
        var network = TestData.Load(name);
        var file = Path.Combine(folder.Path, "copy.onnx");
        network.Save(file);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file))), network.Sha256);
    }
}
