using Microsoft.ML.OnnxRuntime;
using QuantNotebooks.Export;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Export;

/// <summary>The exported network in ONNX Runtime's integer kernels, beside the simulation.</summary>
public sealed class QdqExportTests
{
    private const int CalibrationCount = 256;

    // More by hand: QUANTNB_QDQ_IMAGES=10000.
    private static int TestCount => int.TryParse(Environment.GetEnvironmentVariable("QUANTNB_QDQ_IMAGES"), out var count) ? count : 2000;

    public static TheoryData<string, bool> Cases
    {
        get
        {
            var cases = new TheoryData<string, bool>();
            foreach (var network in new[] { TestData.MobileNetV1, TestData.MobileNetV2, TestData.ResNet14 })
                foreach (var perChannel in new[] { false, true }) cases.Add(network, perChannel);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void TheIntegerKernelsAgreeWithTheSimulation(string name, bool perChannel)
    {
        var network = TestData.Load(name);
        var scheme = perChannel ? QuantizationScheme.Int8PerChannel : QuantizationScheme.Int8PerTensor;
        var ranges = network.Calibrate(TestData.Calibration.Take(CalibrationCount), TestContext.Current.CancellationToken);
        var comparison = Compare(network, scheme, ranges, TestData.Test.Take(TestCount));
        TestContext.Current.TestOutputHelper!.WriteLine($"{name} {scheme}: {comparison}");
        Assert.True(comparison.SameClass >= 0.995, comparison.ToString());
        // The goal is two steps for every network. MobileNet v2 misses it: see the remarks of QdqExport.
        var steps = name == TestData.MobileNetV2 ? 4 : 2;
        Assert.True(comparison.LargestDifferenceInSteps <= steps + 0.001, comparison.ToString());
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void NodeByNodeInFloatingPointTheFileAgreesWithTheSimulation(string name, bool perChannel)
    {
        var network = TestData.Load(name);
        var scheme = perChannel ? QuantizationScheme.Int8PerChannel : QuantizationScheme.Int8PerTensor;
        var ranges = network.Calibrate(TestData.Calibration.Take(CalibrationCount), TestContext.Current.CancellationToken);
        var comparison = Compare(network, scheme, ranges, TestData.Test.Take(200), fused: false);
        TestContext.Current.TestOutputHelper!.WriteLine($"{name} {scheme}, not fused: {comparison}");
        Assert.True(comparison.SameClass >= 0.995, comparison.ToString());
        Assert.True(comparison.LargestDifferenceInSteps <= 2.001, comparison.ToString());
    }

    [Fact]
    public void WhatQdqCannotExpressIsRefused()
    {
        var network = TestData.Load(TestData.ResNet14);
        var scheme = QuantizationScheme.Int8PerTensor;
        AssertRefused(network, scheme with { WeightBits = 4 }, "not 4-bit weights (--weight-bits 8)");
        AssertRefused(network, scheme with { WeightBits = null }, "not weights in floating point");
        AssertRefused(network, scheme with { ActivationBits = 16 }, "16 bits need operator set 21");
        AssertRefused(network, scheme with { Bias = BiasPrecision.Float }, "--bias-bits 32");
    }

    [Theory]
    [InlineData(9, false, "operator set 9, and QDQ with weight scales per tensor needs at least 10")]
    [InlineData(12, true, "operator set 12, and QDQ with weight scales per channel needs at least 13")]
    public void AnOldOperatorSetIsRefused(int opset, bool perChannel, string message)
    {
        var network = new GraphBuilder(opset).Input("x", 1, 2, 4, 4).RandomConstant("w", 3, 2, 1, 1).Node("Conv", ["x", "w"], "y").Output("y").Load();
        AssertRefused(network, perChannel ? QuantizationScheme.Int8PerChannel : QuantizationScheme.Int8PerTensor, message);
    }

    [Fact]
    public void WithoutRangesThereIsNoExport()
    {
        using var folder = new TemporaryFolder();
        var error = Assert.Throws<QuantNotebooksException>(
            () => TestData.Load(TestData.ResNet14).SaveQdq(Path.Combine(folder.Path, "x.onnx"), QuantizationScheme.Int8PerTensor));
        Assert.Contains("carries no calibrated ranges", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    private static void AssertRefused(Network network, QuantizationScheme scheme, string message) =>
        Assert.Contains(message, Assert.Throws<QuantNotebooksException>(() => network.RequireQdq(scheme)).Message, StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Cases))]
    public void EveryLayerRunsAsAnIntegerKernel(string name, bool perChannel)
    {
        using var folder = new TemporaryFolder();
        var network = TestData.Load(name);
        var file = Path.Combine(folder.Path, "qdq.onnx");
        network.SaveQdq(file, perChannel ? QuantizationScheme.Int8PerChannel : QuantizationScheme.Int8PerTensor, TestData.Calibration.Take(32), TestContext.Current.CancellationToken);
        var optimized = Optimized(file, Path.Combine(folder.Path, "optimized.onnx"));
        var counts = optimized.Graph.Node.CountBy(node => node.OpType).ToDictionary();
        TestContext.Current.TestOutputHelper!.WriteLine(string.Join(", ", counts));
        Assert.Equal(network.Layers.Count(layer => layer.Operator != LayerOperator.Gemm), counts.GetValueOrDefault("QLinearConv"));
        Assert.Equal(network.Layers.Count(layer => layer.Operator == LayerOperator.Gemm), counts.GetValueOrDefault("QGemm"));
        Assert.DoesNotContain("Conv", counts.Keys);
        Assert.DoesNotContain("Clip", counts.Keys);
    }

    private static ModelProto Optimized(string file, string target)
    {
        using var options = new SessionOptions { OptimizedModelFilePath = target, GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_EXTENDED, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        using (new InferenceSession(file, options)) { }
        return ModelProto.Parser.ParseFrom(File.ReadAllBytes(target));
    }

    private static Agreement Compare(Network network, QuantizationScheme scheme, ActivationRanges ranges, ImageSet images, bool fused = true)
    {
        var step = QuantizerPlacement.Of(network, scheme).QuantizerOf(network.Graph.Outputs[0].Name, ranges.Of(network.Graph.Outputs[0].Name, network))!.Scale;
        var batches = new ImageBatches(network, images, 100);
        using var pool = new TensorPool();
        using var reader = batches.Open(pool, TestContext.Current.CancellationToken);
        using var simulation = new QuantizedInference(network, scheme, ranges, batches.InputName, pool);
        using var engine = OnnxSession.Create(network.ToQdqModel(scheme, ranges), "QDQ", new SessionSettings(0, Unoptimized: !fused));
        var (same, equal, largest, right, simulatedRight) = (0, 0L, 0.0, 0, 0);
        for (var batch = 0; batch < batches.Count; batch++)
        {
            var input = reader.Next();
            using var actual = engine.Run([input.Value], TestContext.Current.CancellationToken)[0];
            using var expected = simulation.Run(input, TestContext.Current.CancellationToken);
            var integers = actual.GetTensorDataAsSpan<float>();
            var simulated = expected.Floats;
            var width = integers.Length / batches.ImagesIn(batch);
            for (var image = 0; image < batches.ImagesIn(batch); image++)
            {
                var one = integers.Slice(image * width, width);
                var other = simulated.Slice(image * width, width);
                var (engineClass, simulatedClass) = (IndexOfMax(one), IndexOfMax(other));
                var label = images.Labels![batch * batches.BatchSize + image];
                if (engineClass == simulatedClass) same++;
                if (engineClass == label) right++;
                if (simulatedClass == label) simulatedRight++;
                for (var index = 0; index < width; index++)
                {
                    var difference = Math.Abs((double)one[index] - other[index]) / step;
                    if (difference < 0.5) equal++;
                    largest = Math.Max(largest, difference);
                }
            }
        }
        return new Agreement((double)same / images.Count, largest, equal / (10.0 * images.Count), (double)right / images.Count, (double)simulatedRight / images.Count);
    }

    private static int IndexOfMax(ReadOnlySpan<float> values) => System.Numerics.Tensors.TensorPrimitives.IndexOfMax(values);

    private sealed record Agreement(double SameClass, double LargestDifferenceInSteps, double EqualLogits, double EngineTop1, double SimulationTop1);
}
