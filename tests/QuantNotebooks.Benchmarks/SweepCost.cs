using System.Diagnostics;
using System.Globalization;
using QuantNotebooks.Experiments;
using QuantNotebooks.Quantization;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Benchmarks;

/// <summary>Eight experiments that share a network beside one of them, each run in a process of its own, start included.</summary>
internal static class SweepCost
{
    private static readonly string[] Methods = ["naive", "iterative"];

    /// <summary>Runs a plan in this process: one experiment, or eight.</summary>
    public static void Run(string network, int experiments)
    {
        var folder = Directory.CreateTempSubdirectory("quantnb-sweep-").FullName;
        try
        {
            var images = new ExperimentImages(Repository.PathOf("data", "fashion-mnist", "test"), Repository.PathOf("data", "fashion-mnist", "calibration")) { TestCount = 2000, CalibrationCount = 256 };
            var methods = experiments == 1 ? Methods[1..] : Methods;
            var plan = new ExperimentPlan(
                [new ExperimentNetwork(network, Repository.PathOf("data", "models", network + ".onnx"), images)], [.. methods.Select(method => ExperimentMethod.Parse(method, ExperimentStep.Known))],
                [.. Enumerable.Range(0, Math.Max(1, experiments / methods.Length)).Select(index => QuantizationScheme.Int8PerTensor.WithBits(8 - index))], [0]);
            var report = plan.Run(folder);
            if (report.Results.Length != experiments) throw new InvalidOperationException($"{report.Results.Length} of {experiments} experiments are done.");
            // Whoever waits for this process is told what it took: the system does not tell of a process that has ended.
            using var process = System.Diagnostics.Process.GetCurrentProcess();
            Console.Write(process.TotalProcessorTime.TotalSeconds.ToString(CultureInfo.InvariantCulture));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public static string Measure()
    {
        var lines = new List<string>
        {
            "| network | one experiment s | eight s | ratio (goal 4) | on the clock |",
            "|---|---:|---:|---:|---:|",
        };
        foreach (var network in (string[])["mobilenet-v1-fashion", "mobilenet-v2-fashion", "resnet14-fashion"])
        {
            var (one, eight) = (Process(network, 1), Process(network, 8));
            var ratio = eight.Processor / one.Processor;
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"| {network} | {one.Processor:F2} | {eight.Processor:F2} | {ratio:F2}{(ratio > 4 ? " **missed**" : "")} | {eight.Wall / one.Wall:F2} |"));
        }
        return string.Join('\n', lines) + "\n";
    }

    /// <summary>The median of three runs.</summary>
    private static Seconds Process(string network, int experiments)
    {
        var runs = Enumerable.Range(0, 3).Select(_ => Once(network, experiments)).ToArray();
        return new Seconds(runs.Select(run => run.Wall).Order().ElementAt(1), runs.Select(run => run.Processor).Order().ElementAt(1));
    }

    private static Seconds Once(string network, int experiments)
    {
        var watch = Stopwatch.StartNew();
        var processor = OwnProcess.Run("sweep", network, experiments.ToString(CultureInfo.InvariantCulture));
        return new Seconds(watch.Elapsed.TotalSeconds, double.Parse(processor, CultureInfo.InvariantCulture));
    }
}
