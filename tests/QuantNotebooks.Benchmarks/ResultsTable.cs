using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Microsoft.ML.OnnxRuntime;

namespace QuantNotebooks.Benchmarks;

/// <summary>All figures that the project holds itself to, in one Markdown text.</summary>
internal static class ResultsTable
{
    public static string Measure() => $"""
        # Speed and memory of the measurement of the mean shift

        Written by `dotnet run -c Release --project tests/QuantNotebooks.Benchmarks table FILE` on {DateTime.UtcNow:yyyy-MM-dd}: {Environment.ProcessorCount} cores of
        {Processor()}{(Avx512F.IsSupported ? "with" : "without")} AVX-512, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}, ONNX Runtime {OrtEnv.Instance().GetVersionString()}.
        Seconds are of all processors together, the median of three runs in turn, after one that does not count; W8A8 per tensor.

        ## Beside bare ONNX Runtime

        Bare is the float network plus the fake-quantized one, sessions made before the clock starts. The measurement finds its ranges itself, makes its
        sessions, and looks at every channel before and after the activation.

        {SpeedTable.Of(large: true)}
        ## Growth, with the split

        {GrowthTable.Measure()}
        ## Peak of resident memory

        {PeakMemory.Header}
        {PeakMemory.RowOfProcess("measure", "512MiB")}{PeakMemory.RowOfProcess("correct", "512MiB")}
        """;

    private static string Processor()
    {
        const string info = "/proc/cpuinfo";
        var line = File.Exists(info) ? File.ReadLines(info).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line is null ? "" : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() + " ";
    }
}
