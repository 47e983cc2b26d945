using System.Globalization;
using System.Text;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace QuantNotebooks.Benchmarks;

/// <summary>The kernels' bytes a second beside the machine's, by BenchmarkDotNet.</summary>
internal static class KernelTable
{
    /// <summary>What a kernel should reach of the memory bandwidth of its kind.</summary>
    private const double Goal = 0.6;

    public static string Measure()
    {
        // In this process: the kernels are compiled as they are for users, and nothing is built while others measure.
        var job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(3).WithIterationCount(15).WithLaunchCount(1);
        var summary = BenchmarkRunner.Run<KernelBenchmarks>(ManualConfig.CreateEmpty()
            .AddJob(job).AddColumnProvider(DefaultColumnProviders.Instance).AddLogger(NullLogger.Instance).WithOptions(ConfigOptions.DisableLogFile)
            .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "quant-notebooks-benchmarks")));
        var failed = summary.Reports.FirstOrDefault(report => report.ResultStatistics is null);
        if (failed is not null || summary.Reports.Length == 0) throw new InvalidOperationException($"The benchmark {failed?.BenchmarkCase.Descriptor.WorkloadMethod.Name} gave no result.");
        var seconds = summary.Reports.ToDictionary(report => report.BenchmarkCase.Descriptor.WorkloadMethod.Name, report => report.ResultStatistics!.Median / 1e9);
        var kernels = new KernelBenchmarks();
        kernels.Setup();
        var rates = KernelBenchmarks.Kernels.ToDictionary(kernel => kernel.Key, kernel => kernel.Value.Bytes(kernels) / seconds[kernel.Key] / 1e9);
        var busy = KernelBenchmarks.Kernels.ToDictionary(kernel => kernel.Key, kernel => kernel.Value.Bytes(kernels) / Processor(() => kernel.Value.Work(kernels)) / 1e9);
        var table = new StringBuilder();
        table.AppendLine("| kernel | ms | GB/s | GB per processor second | beside | % of it (goal 60) | % of the triad |");
        table.AppendLine("|---|---:|---:|---:|---|---:|---:|");
        foreach (var (name, (kernel, yardstick, _, _)) in KernelBenchmarks.Kernels)
        {
            // Of processor time, which a thread that has to wait for its turn does not spend.
            var share = yardstick.Length == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{100 * busy[name] / busy[yardstick]:F0}{(busy[name] < Goal * busy[yardstick] ? " **missed**" : "")}");
            table.AppendLine(string.Create(CultureInfo.InvariantCulture,
                $"| {kernel} | {1000 * seconds[name]:F2} | {rates[name]:F1} | {busy[name]:F1} | {(yardstick.Length == 0 ? "" : KernelBenchmarks.Kernels[yardstick].Kernel.Replace("memory: ", "", StringComparison.Ordinal))} | {share} | {100 * busy[name] / busy[nameof(KernelBenchmarks.Triad)]:F0} |"));
        }
        return table.ToString();
    }

    /// <summary>Processor seconds of one run: the median of several batches of so many runs that the system's clock of processor time, which ticks in hundredths, is fine enough.</summary>
    private static double Processor(Action work)
    {
        const double enough = 0.4;
        var runs = 1;
        for (; Batch() < enough; runs *= 2)
        {
        }
        return Enumerable.Range(0, 3).Select(_ => Batch()).Order().ElementAt(1) / runs;

        double Batch() => Stopwatches.Run(() =>
        {
            for (var run = 0; run < runs; run++) work();
        }).Processor;
    }
}
