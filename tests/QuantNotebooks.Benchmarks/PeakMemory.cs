using System.Diagnostics;
using QuantNotebooks.Correction;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Benchmarks;

/// <summary>The most resident memory of a process that does one kind of work under a budget.</summary>
internal static class PeakMemory
{
    public const string Header = "| work on the 224x224 network | images | budget | s | peak MiB | goal MiB |\n|---|---:|---:|---:|---:|---:|";

    private const int ImageCount = 256;

    /// <summary>Does the work in this process; the first and only one, for a peak does not go down.</summary>
    public static string Row(bool corrects, MemoryBudget budget)
    {
        var network = MobileNetV2.Create();
        var images = MobileNetV2.Images(ImageCount);
        var scheme = QuantizationScheme.Int8PerTensor;
        var seconds = Stopwatches.Run(() =>
        {
            if (corrects) network.CorrectBias(images, scheme, new() { Memory = budget });
            else network.MeasureMeanShift(images, scheme, new() { Split = true, Memory = budget });
        });
        using var process = Process.GetCurrentProcess();
        return $"| {(corrects ? "correct" : "measure with split")} | {ImageCount} | {budget} | {seconds.Processor:F1} | {process.PeakWorkingSet64 >> 20} | {(budget.Bytes >> 20) + 300} |{Environment.NewLine}";
    }

    /// <summary>Does it in a process of its own.</summary>
    public static string RowOfProcess(string work, string budget) => OwnProcess.Run("memory", work, budget);
}
