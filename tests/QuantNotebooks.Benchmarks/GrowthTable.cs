using System.Text;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Benchmarks;

/// <summary>How the cost of a measurement with the split grows with images, and with layers that are alike.</summary>
internal static class GrowthTable
{
    private const int Rounds = 3;

    public static string Measure()
    {
        var table = new StringBuilder();
        table.AppendLine("| network | layers | images | s | times the first |");
        table.AppendLine("|---|---:|---:|---:|---:|");
        var fashion = Data.Network("mobilenet-v2-fashion");
        var images = Data.Images("fashion-mnist", "test");
        Add(table, [.. ((int[])[512, 1024, 2048]).Select(count => (fashion, images.Take(count)))]);
        var random = MobileNetV2.Images(32);
        Add(table, [.. ((int[])[5, 10, 20]).Select(blocks => (MobileNetV2.Stack(blocks), random))]);
        return table.ToString();
    }

    private static void Add(StringBuilder table, (Network Network, ImageSet Images)[] cases)
    {
        var medians = Stopwatches.Medians(
            Rounds, [.. cases.Select(one => (Action)(() => one.Network.MeasureMeanShift(one.Images, QuantizationScheme.Int8PerTensor, new() { Split = true })))]);
        for (var index = 0; index < cases.Length; index++)
            table.AppendLine($"| {cases[index].Network.Name} | {cases[index].Network.Layers.Length} | {cases[index].Images.Count} | {medians[index].Processor:F2} | {medians[index].Processor / medians[0].Processor:F2} |");
    }
}
