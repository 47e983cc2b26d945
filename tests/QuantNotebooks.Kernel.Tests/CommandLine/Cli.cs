using System.Text.Json;
using QuantNotebooks.Images;
using QuantNotebooks.Kernel.CommandLine;
using QuantNotebooks.Networks;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Kernel.Tests.CommandLine;

/// <summary>Runs command lines in this process, on the repository's networks and images.</summary>
internal static class Cli
{
    public const string MobileNetV1 = "mobilenet-v1-fashion";
    public const string MobileNetV2 = "mobilenet-v2-fashion";
    public const string ResNet = "resnet14-fashion";

    public static string Calibration { get; } = Repository.PathOf("data", "fashion-mnist", "calibration");

    public static string Test { get; } = Repository.PathOf("data", "fashion-mnist", "test");

    public static string Model(string name) => Repository.PathOf("data", "models", name + ".onnx");

    public static Network Load(string name) => Network.Load(Model(name));

    public static ImageSet CalibrationImages(int count) => ImageSet.Load(Calibration).Take(count);

    public static ImageSet TestImages(int count) => ImageSet.Load(Test).Take(count);

    public static async Task<(int ExitCode, string Output, string Error)> InvokeAsync(params string[] arguments)
    {
        var output = new StringWriter { NewLine = "\n" };
        var error = new StringWriter { NewLine = "\n" };
        var exitCode = await QuantnbCommand.InvokeAsync(arguments, output, error, TestContext.Current.CancellationToken);
        return (exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Runs a command line that must succeed with <c>--json -</c>, and parses standard output, which must be that one document.</summary>
    public static async Task<JsonElement> JsonAsync(params string[] arguments)
    {
        var (exitCode, output, error) = await InvokeAsync([.. arguments, "--json", "-"]);
        Assert.True(exitCode == 0, error);
        using var document = JsonDocument.Parse(output);
        Assert.StartsWith("{\n", output, StringComparison.Ordinal);
        Assert.EndsWith("\n}\n", output, StringComparison.Ordinal);
        return document.RootElement.Clone();
    }

    public static double[] Doubles(this JsonElement array) =>
        [.. array.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Null ? double.NaN : item.GetDouble())];
}
