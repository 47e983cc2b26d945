using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Microsoft.ML.OnnxRuntime;
using QuantNotebooks.Benchmarks.Cost;

namespace QuantNotebooks.Benchmarks;

/// <summary>All figures that the project holds itself to, in one Markdown text.</summary>
internal static class ResultsTable
{
    /// <summary>Section after section, so that what is measured is kept whatever comes after it.</summary>
    public static IEnumerable<string> Measure()
    {
        yield return $"""
            {Head("table")}
            ## Kernels

            One thread, arrays of {Bandwidth.Values / 1e6:F0} million values, four times what the largest cache holds where memory has the room; bytes as STREAM counts them: what the kernel reads and writes. Each stands beside what memory gives for the same kind of use.

            {KernelTable.Measure()}
            Those that memory does not bound, on inputs that take one of their costs away:

            {KernelInputs.Measure()}

            """;
        yield return Jobs() + Environment.NewLine;
        yield return $"""
            ## Where the time of a measurement goes

            Parts of the jobs above as multiples of the same bare run. Start: sessions, on two images. Layer by layer: both networks run and their outputs put on the grid, and nobody looks at
            them. The last column is the bare float network alone, made to hand out what every layer gives before its activation.

            {ProfileTable.Measure()}

            """;
        yield return $"""
            ## Many experiments

            Eight experiments of one network (as it is and corrected, at 8 to 5 bits, 2,000 test images) beside one (corrected, 8 bits), each in a process of its own, its start included.

            {SweepCost.Measure()}

            """;
        yield return $"""
            ## Growth, with the split

            {GrowthTable.Measure()}

            """;
        yield return $"""
            ## Peak of resident memory

            {PeakMemory.Header}
            {PeakMemory.RowOfProcess("measure", "512MiB")}{PeakMemory.RowOfProcess("correct", "512MiB")}

            """;
        yield return $"""
            ## Large networks

            A measurement of random networks, predicted from shapes by a model of cost that was fitted to smaller ones, and measured, each in a process of its own. The blocks are the linear
            layers of a transformer, read from disk one after the other.

            {LargeNetworks.Measure()}
            """;
    }

    /// <summary>The jobs alone: about five minutes on two quiet cores.</summary>
    public static string MeasureJobs() => $"{Head("jobs")}\n{Jobs()}";

    private static string Head(string command) => $"""
        # Speed and memory

        Written by `dotnet run -c Release --project tests/QuantNotebooks.Benchmarks {command} FILE` on {DateTime.UtcNow:yyyy-MM-dd}: {Environment.ProcessorCount} cores of
        {Processor()}{(Avx512F.IsSupported ? "with" : "without")} AVX-512, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}, ONNX Runtime {OrtEnv.Instance().GetVersionString()},
        {ToolVersion.Text}. Seconds are of all processors together, medians of runs in turn, after one that does not count, so other work on the machine changes ratios little;
        of kernels both stand there. The load of the machine in the last minute was {Load()} when this began. W8A8 per tensor.
        """;

    private static string Jobs() => $"""
        ## Jobs beside bare ONNX Runtime

        Processor seconds as multiples of bare ONNX Runtime on the same images: the float network and the fake-quantized one (QuantizeLinear and DequantizeLinear around every tensor on
        a grid, run in floating point). A job finds its ranges itself, and gives its whole report. Making sessions counts on both sides.

        {JobTable.Measure()}
        """;

    private static string Load() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "not known";

    private static string Processor()
    {
        const string info = "/proc/cpuinfo";
        var line = File.Exists(info) ? File.ReadLines(info).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line is null ? "" : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() + " ";
    }
}
