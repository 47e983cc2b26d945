using QuantNotebooks.Correction;
using QuantNotebooks.Core.Tests.Sweep;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Correction;

/// <summary>Correction behind the activation, against bisection in double on values that ONNX Runtime computed.</summary>
public sealed class CorrectionPointTests
{
    private const int Count = 24;

    private static readonly IterativeOptions After = new() { Point = LayerPoint.AfterActivation };

    /// <summary>Weights of three bits, everything else in full precision: what is left behind the activation is the correction's alone.</summary>
    private static readonly QuantizationScheme Coarse = QuantizationScheme.Int8PerTensor with { WeightBits = 3, ActivationBits = null };

    public static TheoryData<string> Activations => ["Relu", "LeakyRelu", "Clip", "HardSwish"];

    private static double Value(string activation, double x) => activation switch
    {
        "Relu" => Math.Max(0, x),
        "LeakyRelu" => x > 0 ? x : 0.1 * x,
        "Clip" => Math.Clamp(x, 0, 0.6),
        _ => x * Math.Clamp(x / 6 + 0.5, 0, 1),
    };

    private static Network OneLayer(string activation)
    {
        var builder = new GraphBuilder().Input("input", 0, 1, 32, 32).RandomConstant("w", 4, 1, 3, 3).Constant("b", [4], 0.1f, -0.2f, 0, 0.3f)
            .Node("Conv", ["input", "w", "b"], "linear");
        _ = activation switch
        {
            "LeakyRelu" => builder.Node("LeakyRelu", ["linear"], "y", GraphBuilder.Float("alpha", 0.1f)),
            "Clip" => builder.Constant("low", [], 0).Constant("high", [], 0.6f).Node("Clip", ["linear", "low", "high"], "y"),
            _ => builder.Node(activation, ["linear"], "y"),
        };
        var network = builder.Output("y").Load();
        return network.With([], network.Facts with { Task = TestData.Load(TestData.ResNet14).Task! with { Task = new QuantNotebooks.Images.NoTask() } });
    }

    /// <summary>[channel][value] of a tensor [N, C, H, W].</summary>
    private static double[][] Channels(Network network, ModelProto model, string tensor)
    {
        model = model.Clone();
        model.Graph.Output.Clear();
        model.Graph.Output.Add(new ValueInfoProto { Name = tensor });
        using var pool = new TensorPool();
        var batches = new ImageBatches(network, TestData.Calibration.Take(Count), batchSize: Count);
        using var session = Onnx.OnnxSession.Create(model, "test");
        using var input = batches.Read(0, pool, CancellationToken.None);
        using var output = session.Run([input.Value], CancellationToken.None)[0];
        var (shape, values) = (output.GetTensorTypeAndShape().Shape, output.GetTensorDataAsSpan<float>().ToArray());
        var inner = (int)(shape[2] * shape[3]);
        return [.. Enumerable.Range(0, (int)shape[1]).Select(channel => values.Where((_, index) => index / inner % shape[1] == channel).Select(value => (double)value).ToArray())];
    }

    [Theory]
    [MemberData(nameof(Activations))]
    public void The_constant_is_the_one_that_bisection_finds(string activation)
    {
        var network = OneLayer(activation);
        var result = network.CorrectBias(TestData.Calibration.Take(Count), Coarse, options: After);
        var full = Channels(network, network.ToModel(), "linear");
        var quantized = Channels(network, NaiveQuantizedRun.Quantize(network, new ActivationRanges(System.Collections.Immutable.ImmutableSortedDictionary<string, ActivationRange>.Empty, "", 0), 3, 8), "linear");
        for (var channel = 0; channel < full.Length; channel++)
        {
            var wanted = full[channel].Average(value => Value(activation, value));
            var (low, high) = (-2.0, 2.0);
            for (var step = 0; step < 40; step++)
            {
                var middle = (low + high) / 2;
                if (quantized[channel].Average(value => Value(activation, value + middle)) < wanted) low = middle;
                else high = middle;
            }
            Assert.Equal(low, result.Corrections[0].Correction[channel], 1e-3);
        }
        Assert.Equal(LayerPoint.AfterActivation, result.Point);
        Assert.All(result.Corrections[0].After.Channels, channel => Assert.InRange(Math.Abs(channel.ShiftInSigmas), 0, 5e-4));
        Assert.Contains(result.Corrections[0].Before.Channels, channel => Math.Abs(channel.ShiftInSigmas) > 0.01);
    }

    [Fact]
    public void Whole_networks_give_the_right_means_behind_their_activations_and_before_them_not()
    {
        var network = TestData.Load(TestData.MobileNetV1);
        var images = TestData.Calibration.Take(64);
        var scheme = Coarse with { WeightBits = 4 };
        var after = network.CorrectBias(images, scheme, After, images);
        var measured = after.Network.MeasureMeanShift(images, scheme);
        Assert.All(measured.Layers, layer => Assert.InRange(layer.After.Mssr, 0, 2e-3));
        Assert.All(measured.Layers.Zip(after.Corrections), pair => Assert.Equal(pair.First.After.Mssr, pair.Second.HeldOutAfter!.Mssr, 1e-6));
        Assert.True(measured.Layers.Max(layer => layer.Before.Mssr) > 0.02);
        // Before the activation is the default, and there it is the other way around.
        var before = network.CorrectBias(images, scheme).Network.MeasureMeanShift(images, scheme);
        Assert.All(before.Layers, layer => Assert.InRange(layer.Before.Mssr, 0, 1e-3));
        Assert.True(before.Layers.Max(layer => layer.After.Mssr) > 0.01);
    }

    [Fact]
    public void What_is_held_back_before_is_held_back_behind_too()
    {
        var network = TestData.Load(TestData.ResNet14);
        var images = TestData.Calibration.Take(12);
        var result = network.CorrectBias(images, Coarse, options: After with { Significance = 3 });
        foreach (var layer in result.Corrections.Where(layer => layer.Skipped is null && layer.Layer.Activation != Activation.None))
            for (var channel = 0; channel < layer.Correction.Length; channel++)
            {
                var shift = layer.Before.Channels[channel];
                if (Math.Abs(shift.MeanShift) <= 3 * shift.StandardError) Assert.Equal(0, layer.Correction[channel], 1e-5f);
            }
        var gated = network.CorrectBias(TestData.Calibration.Take(33), QuantizationScheme.Int8PerTensor, options: After with { SetAside = 32 });
        Assert.Contains(gated.Corrections, layer => layer.Skipped is { } why && why.StartsWith("its error on the 32 images set aside would grow by", StringComparison.Ordinal));
    }
}
