using System.Diagnostics;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Core.Tests.Networks;

/// <summary>What is written passes the reference checker of the ONNX project (Debian: python3-onnx), where that is installed.</summary>
public sealed class ReferenceCheckerTests
{
    private const string Python = "/usr/bin/python3";

    private static (int ExitCode, string Output) Run(string script, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(Python, ["-c", script, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var output = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output);
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            return (-1, error.Message);
        }
    }

    [Fact]
    public void Written_networks_pass()
    {
        Assert.SkipUnless(Run("import onnx").ExitCode == 0, "skipped: the reference checker (python3-onnx) is not installed");
        using var folder = new TemporaryFolder();
        foreach (var name in new[] { "mobilenet-v1-fashion", "mobilenet-v2-fashion", "resnet14-fashion", "ppocr-text-direction", "ppocr-v4-text-recognition" })
            Network.Load(TestData.PathOf(name)).Save(Path.Combine(folder.Path, name + ".onnx"));
        for (var index = 0; index < 40; index++)
        {
            // The Debian package knows operator sets up to 17.
            var random = new Random(index);
            var zoo = ZooGraph.Create(index % 4, random.Next(7, 18), [.. Enumerable.Range(0, 6).Select(_ => random.Next())]);
            // The checker wants the outputs' ranks said.
            var types = TensorTypes.Check(zoo.Model, "zoo");
            foreach (var value in zoo.Model.Graph.Output)
            {
                value.Type.TensorType.Shape = new TensorShapeProto();
                for (var axis = 0; axis < types[value.Name].Rank; axis++) value.Type.TensorType.Shape.Dim.Add(new TensorShapeProto.Types.Dimension());
            }
            Network.FromModel(zoo.Model, new NetworkFacts("zoo", "zoo.onnx"), LoadOptions.Default).Save(Path.Combine(folder.Path, $"zoo-{index}.onnx"));
        }
        var files = Directory.GetFiles(folder.Path, "*.onnx");
        Assert.Equal(45, files.Length);
        var (exitCode, output) = Run("import onnx, sys\nfor path in sys.argv[1:]: onnx.checker.check_model(path); print('passed')", files);
        Assert.True(exitCode == 0, output);
        Assert.Equal(files.Length, output.Split('\n').Count(line => line == "passed"));
    }
}
