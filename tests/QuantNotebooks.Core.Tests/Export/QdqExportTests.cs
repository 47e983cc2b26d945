using Microsoft.ML.OnnxRuntime;
using QuantNotebooks.Export;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Core.Tests.Export;

/// <summary>The exported network in ONNX Runtime's integer kernels, beside the simulation.</summary>
public sealed class QdqExportTests
{
    private const int CalibrationCount = 256;

    // More by hand: QUANTNB_QDQ_IMAGES=10000.
    private static int TestCount => int.TryParse(Environment.GetEnvironmentVariable("QUANTNB_QDQ_IMAGES"), out var count) ? count : 600;

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

    private static QuantizationScheme SchemeOf(bool perChannel) => perChannel ? QuantizationScheme.Int8PerChannel : QuantizationScheme.Int8PerTensor;

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_integer_kernels_agree_with_the_simulation(string name, bool perChannel) => AssertAgreement(name, SchemeOf(perChannel), precise: true);

    /// <summary>On any processor, VNNI or not: two products of a byte and a 7-bit weight fit into 16 bits.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void With_seven_bit_weights_no_kernel_saturates(string name, bool perChannel) =>
        AssertAgreement(name, SchemeOf(perChannel) with { WeightBits = 7 }, precise: false);

    private static void AssertAgreement(string name, QuantizationScheme scheme, bool precise)
    {
        var network = TestData.Load(name);
        var ranges = network.Calibrate(TestData.Calibration.Take(CalibrationCount), null, TestContext.Current.CancellationToken);
        var agreement = IntegerEngine.Compare(network, scheme, ranges, TestData.Test.Take(TestCount), precise);
        TestContext.Current.TestOutputHelper!.WriteLine($"{name} {scheme}: {agreement}");
        Assert.True(agreement.SameClass >= 0.995, agreement.ToString());
        // The goal is two steps, which single logits of MobileNet v2 miss: one value rounded the other way early on can grow (see QdqExport).
        Assert.True(agreement.WithinTwoSteps >= 0.999, agreement.ToString());
        Assert.True(agreement.LargestInSteps <= (name == TestData.MobileNetV2 ? 4 : 2) + 0.001, agreement.ToString());
    }

    [Theory]
    [InlineData("w4a8")]
    [InlineData("tensorrt")]
    [InlineData("tflite-16x8")]
    [InlineData("vitis-ai")]
    [InlineData("weights-only-8")]
    public void Every_preset_is_written_as_it_is_simulated(string preset)
    {
        var scheme = QuantizationScheme.Presets.Single(other => other.Name == preset).Scheme;
        AssertWritten(TestData.Load(TestData.ResNet14), scheme);
    }

    [Fact]
    public void Other_bits_asymmetric_weights_and_overrides_are_written_as_they_are_simulated()
    {
        var network = TestData.Load(TestData.ResNet14);
        AssertWritten(network, QuantizationScheme.Int8PerTensor with { WeightBits = 6, ActivationBits = 6, SymmetricWeights = false });
        AssertWritten(network, (QuantizationScheme.Int8PerTensor with { Bias = BiasPrecision.Int16 })
            .WithOverride(network.Layers[1].Name, 4, 16).WithOverride(network.Layers[3].Name, null, null));
        AssertWritten(network, QuantizationScheme.Int8PerChannel with { WeightBits = 4, SymmetricWeights = false }, new QdqOptions { StoreAs8Bits = true });
    }

    private static void AssertWritten(Network network, QuantizationScheme scheme, QdqOptions? options = null)
    {
        var ranges = network.Calibrate(TestData.Calibration.Take(64), scheme, null, TestContext.Current.CancellationToken);
        var agreement = IntegerEngine.Compare(network, scheme, ranges, TestData.Test.Take(100), precise: true, fused: false, options);
        TestContext.Current.TestOutputHelper!.WriteLine($"{scheme}: {agreement}");
        Assert.True(agreement.SameClass >= 0.99, agreement.ToString());
        Assert.True(agreement.WithinTwoSteps >= 0.995, agreement.ToString());
    }

    /// <summary>Operator set 9 goes up to 13 (scales per channel) and to 21 (4-bit weights): clips, gates and all.</summary>
    [Theory]
    [InlineData(8, 13)]
    [InlineData(4, 21)]
    public void A_network_of_an_old_operator_set_is_converted(int weightBits, int opset)
    {
        var network = TestData.Load("ppocr-text-direction");
        var images = ImageSet.Load(Repository.PathOf("data", "text-direction", "calibration"));
        var scheme = QuantizationScheme.Int8PerChannel with { WeightBits = weightBits };
        var ranges = network.Calibrate(images.Take(32), scheme, null, TestContext.Current.CancellationToken);
        var result = network.ToQdq(scheme, ranges, QdqOptions.Default).Result;
        Assert.Equal((9, opset), (result.ConvertedFrom, (int)result.Opset));
        var test = ImageSet.Load(Repository.PathOf("data", "text-direction", "test"));
        var agreement = IntegerEngine.Compare(network, scheme, ranges, test.Take(100), precise: true);
        TestContext.Current.TestOutputHelper!.WriteLine($"{scheme}: {agreement}");
        Assert.True(agreement.SameClass >= 0.98, agreement.ToString());
    }

    [Fact]
    public void The_text_recognizer_is_written_as_it_is_simulated()
    {
        var network = TestData.Load("ppocr-v4-text-recognition");
        var scheme = QuantizationScheme.Int8PerChannel;
        var ranges = network.Calibrate(ImageSet.Load(Repository.PathOf("data", "text-lines", "calibration")).Take(16), scheme, null, TestContext.Current.CancellationToken);
        var agreement = IntegerEngine.Compare(network, scheme, ranges, ImageSet.Load(Repository.PathOf("data", "text-lines", "test")).Take(16), precise: true);
        TestContext.Current.TestOutputHelper!.WriteLine($"{scheme}: {agreement}");
        Assert.True(agreement.WithinTwoSteps >= 0.995, agreement.ToString());
    }

    [Fact]
    public void Without_ranges_there_is_no_export()
    {
        using var folder = new TemporaryFolder();
        var error = Assert.Throws<QuantNotebooksException>(
            () => TestData.Load(TestData.ResNet14).SaveQdq(Path.Combine(folder.Path, "x.onnx"), QuantizationScheme.Int8PerTensor));
        Assert.Contains("carries no calibrated ranges", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Nothing_to_quantize_and_what_cannot_be_converted_is_refused()
    {
        AssertRefused(TestData.Load(TestData.ResNet14), QuantizationScheme.Int8PerTensor with { WeightBits = null, ActivationBits = null }, "nothing to quantize");
        AssertRefused(TestData.Load(TestData.ResNet14), QuantizationScheme.Int8PerTensor.WithOverride("nowhere", 4, 4), "names layer 'nowhere'");
        var old = new GraphBuilder(9).Input("x", 1, 2, 4, 4).RandomConstant("w", 3, 2, 1, 1).Constant("scales", [4], 1, 1, 2, 2)
            .Node("Conv", ["x", "w"], "y").Node("Upsample", ["y", "scales"], "z").Output("z").Load();
        AssertRefused(old, QuantizationScheme.Int8PerChannel, "operator set 9 and operator set 13 is needed: node 'Upsample/z' (Upsample) can't be converted");
    }

    private static void AssertRefused(Network network, QuantizationScheme scheme, string message) =>
        Assert.Contains(message, Assert.Throws<QuantNotebooksException>(() => network.RequireQdq(scheme)).Message, StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_layer_runs_as_an_integer_kernel(string name, bool perChannel)
    {
        using var folder = new TemporaryFolder();
        var network = TestData.Load(name);
        var file = Path.Combine(folder.Path, "qdq.onnx");
        network.SaveQdq(file, SchemeOf(perChannel), TestData.Calibration.Take(32), cancellation: TestContext.Current.CancellationToken);
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

    [Fact]
    public void The_report_names_the_layers_that_can_saturate()
    {
        var network = TestData.Load(TestData.ResNet14);
        var ranges = network.Calibrate(TestData.Calibration.Take(8), null, TestContext.Current.CancellationToken);
        var full = network.ToQdq(QuantizationScheme.Int8PerChannel, ranges, QdqOptions.Default).Result;
        var reduced = network.ToQdq(QuantizationScheme.Int8PerChannel with { WeightBits = 7 }, ranges, QdqOptions.Default).Result;
        // With scales per channel every channel has a weight of 127; only one beside it of the same sign is missing.
        Assert.True(full.Layers.Count(layer => layer.CanSaturate) > network.Layers.Length / 2);
        Assert.Contains(full.Notes, note => note.Contains("reduce-range", StringComparison.Ordinal));
        Assert.DoesNotContain(reduced.Layers, layer => layer.CanSaturate);
        Assert.Empty(reduced.Notes);
    }
}
