using Google.Protobuf;
using QuantNotebooks.Export;
using QuantNotebooks.Images;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Core.Tests.Export;

/// <summary>The check that an export offers, beside a comparison of its own in the tests and on files that are wrong.</summary>
public sealed class IntegerCheckerTests
{
    private static readonly ImageSet Images = TestData.Test.Take(200);

    [Fact]
    public void It_says_what_a_comparison_by_hand_says()
    {
        using var folder = new TemporaryFolder();
        var network = TestData.Load(TestData.MobileNetV2);
        var scheme = QuantizationScheme.Int8PerTensor;
        var export = network.SaveQdq(Path.Combine(folder.Path, "v2.onnx"), scheme, TestData.Calibration.Take(64), cancellation: TestContext.Current.CancellationToken);
        Assert.Null(export.Check);
        var check = export.CheckAgainstSimulation(Images, cancellation: TestContext.Current.CancellationToken).Check!;
        foreach (var (actual, precise) in new[] { (check.AsItRuns, false), (check.WithoutSaturation, true) })
        {
            var expected = IntegerEngine.Compare(network, scheme, export.Ranges!, Images, precise);
            Assert.Equal(expected.SameClass, actual.SameAnswer!.Value, 1e-12);
            Assert.Equal(expected.WithinTwoSteps, actual.WithinTwoSteps, 1e-12);
            Assert.Equal(expected.LargestInSteps, actual.LargestInSteps, 1e-9);
        }
        Assert.Equal(check.Agrees, check.AsItRuns is { SameAnswer: >= 0.995, LargestInSteps: < 2.001 });
    }

    /// <summary>A file with another scale in an early layer is not what the simulation computes, and no kernel is to blame.</summary>
    [Fact]
    public void A_file_that_computes_something_else_does_not_agree()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "resnet14.onnx");
        var export = TestData.Load(TestData.ResNet14).SaveQdq(path, QuantizationScheme.OnnxRuntimeReducedRange, TestData.Calibration.Take(64), cancellation: TestContext.Current.CancellationToken);
        Assert.True(export.CheckAgainstSimulation(Images, cancellation: TestContext.Current.CancellationToken).Check!.Agrees);
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        var first = model.Graph.Node.First(node => node.OpType == "DequantizeLinear" && model.Graph.Initializer.Any(tensor => tensor.Name == node.Input[0] && tensor.Dims.Count == 4));
        var scale = model.Graph.Initializer.Single(tensor => tensor.Name == first.Input[1]);
        var values = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(scale.RawData.Span).ToArray();
        for (var index = 0; index < values.Length; index++) values[index] *= 1.5f;
        scale.RawData = ByteString.CopyFrom(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values));
        File.WriteAllBytes(path, model.ToByteArray());
        var check = export.CheckAgainstSimulation(Images, cancellation: TestContext.Current.CancellationToken).Check!;
        Assert.False(check.Agrees);
        Assert.DoesNotContain(check.Explanation, sentence => sentence.Contains("saturate", StringComparison.Ordinal));
    }

    /// <summary>A softmax is on no grid, and the answers of a recognizer are lines.</summary>
    [Fact]
    public void Lines_of_text_are_compared_as_lines()
    {
        using var folder = new TemporaryFolder();
        var network = TestData.Load("ppocr-v4-text-recognition");
        var calibration = ImageSet.Load(Repository.PathOf("data", "text-lines", "calibration")).Take(16);
        var lines = ImageSet.Load(Repository.PathOf("data", "text-lines", "test")).Take(40);
        var export = network.SaveQdq(Path.Combine(folder.Path, "lines.onnx"), QuantizationScheme.Int8PerChannel, calibration, cancellation: TestContext.Current.CancellationToken);
        var check = export.CheckAgainstSimulation(lines, cancellation: TestContext.Current.CancellationToken).Check!;
        TestContext.Current.TestOutputHelper!.WriteLine(string.Join('\n', check.Explanation));
        Assert.InRange(check.Step, 0.9 / 255, 1.0001 / 255);
        // One line of 40 may turn on a value that is rounded the other way.
        Assert.InRange(check.WithoutSaturation.SameAnswer!.Value, 0.975, 1);
        Assert.InRange(check.WithoutSaturation.WithinTwoSteps, 0.999, 1);
    }

    [Fact]
    public void What_is_in_floating_point_has_nothing_to_check()
    {
        using var folder = new TemporaryFolder();
        var export = TestData.Load(TestData.ResNet14).SaveFloat(Path.Combine(folder.Path, "float.onnx"));
        Assert.Contains("is in floating point", Assert.Throws<QuantNotebooksException>(() => export.CheckAgainstSimulation(Images)).Message, StringComparison.Ordinal);
    }
}
