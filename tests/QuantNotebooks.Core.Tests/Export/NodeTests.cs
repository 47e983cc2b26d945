using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using QuantNotebooks.Export;
using QuantNotebooks.Quantization;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Core.Tests.Export;

/// <summary>The exported file in another program: onnxruntime-node, where Node and the package are installed (.ci/prepare does it).</summary>
public sealed class NodeTests
{
    [Theory]
    [InlineData(TestData.MobileNetV1)]
    [InlineData(TestData.ResNet14)]
    public void The_exported_file_runs_in_onnxruntime_node(string name)
    {
        const int count = 64;
        var modules = Repository.PathOf("artifacts", "node", "node_modules");
        Assert.SkipUnless(Directory.Exists(Path.Combine(modules, "onnxruntime-node")), "skipped: onnxruntime-node is not installed (bash .ci/prepare)");
        using var folder = new TemporaryFolder();
        var (file, input, output) = (Path.Combine(folder.Path, "qdq.onnx"), Path.Combine(folder.Path, "in.bin"), Path.Combine(folder.Path, "out.bin"));
        var network = TestData.Load(name);
        // Seven-bit weights give the same result on every processor.
        var export = network.SaveQdq(file, QuantizationScheme.OnnxRuntimeReducedRange, TestData.Calibration.Take(64), cancellation: TestContext.Current.CancellationToken);
        var values = new float[count * 1024];
        network.Task!.Input.Preprocessing.Fill(TestData.Test, 0, count, values);
        File.WriteAllBytes(input, MemoryMarshal.AsBytes<float>(values));
        Node(Repository.PathOf("tests", "node", "run-model.cjs"), modules, file, input, string.Create(CultureInfo.InvariantCulture, $"{count},1,32,32"), output);

        var there = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(output)).ToArray();
        var here = Here(file, values, count);
        Assert.Equal(count * 10, there.Length);
        Assert.True(here.Max() > 1);
        var grid = QuantizerPlacement.Of(network, export.Scheme!).QuantizerOf("logits", export.Ranges!.Of("logits", network))!;
        for (var index = 0; index < here.Length; index++) Assert.InRange(Math.Abs(here[index] - there[index]) / grid.Scale, 0, 2.001);
    }

    private static float[] Here(string file, float[] values, int count)
    {
        using var session = new InferenceSession(file);
        using var run = new RunOptions();
        using var tensor = OrtValue.CreateTensorValueFromMemory(values, [count, 1, 32, 32]);
        using var results = session.Run(run, ["input"], [tensor], ["logits"]);
        return results[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static void Node(params string[] arguments)
    {
        Process process;
        try
        {
            process = Process.Start(new ProcessStartInfo("node", arguments) { RedirectStandardError = true })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("skipped: Node is not installed");
            return;
        }
        using (process)
        {
            var error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, error);
        }
    }
}
