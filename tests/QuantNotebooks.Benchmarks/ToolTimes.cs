using System.Diagnostics;
using QuantNotebooks.Networks;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Benchmarks;

/// <summary>What a user of the command line waits for: from the start of <c>quantnb shift</c> to the first layer that its progress names.</summary>
internal static class ToolTimes
{
    private const int Starts = 7;

    /// <param name="tool">The command, as it is installed.</param>
    public static void Measure(string tool)
    {
        var network = Data.Network("mobilenet-v2-fashion");
        var starts = Enumerable.Range(0, Starts).Select(_ => FirstLayer(tool, network)).ToList();
        Console.WriteLine($"quantnb shift {network.Name}, 64 images: first layer after {starts.Min(start => start.Seconds):F2} s (goal 1), {starts.Min(start => start.Processor):F2} s of CPU; the best of {Starts}");
    }

    private static (double Seconds, double Processor) FirstLayer(string tool, Network network)
    {
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(new ProcessStartInfo(tool, ["shift", network.Path, "--images", Repository.PathOf("data", "fashion-mnist", "calibration"), "--count", "64"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            while (process.StandardError.ReadLine() is { } line)
                if (line.Contains(network.Layers[0].Name, StringComparison.Ordinal)) return (clock.Elapsed.TotalSeconds, process.TotalProcessorTime.TotalSeconds);
            throw new InvalidOperationException($"'{tool} shift' named no layer.");
        }
        finally
        {
            process.Kill();
            process.WaitForExit();
        }
    }
}
