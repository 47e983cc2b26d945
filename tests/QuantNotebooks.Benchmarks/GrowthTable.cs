using System.Globalization;
using System.Text;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Benchmarks;

/// <summary>How the cost of a measurement with the split grows with images, and with layers that are alike.</summary>
internal static class GrowthTable
{
    public static string Measure()
    {
        var fashion = Data.Network("mobilenet-v2-fashion");
        var images = Data.Images("fashion-mnist", "test");
        var random = MobileNetV2.Images(8);
        return Table("images", [.. ((int[])[16, 64, 256, 1024, 4096]).Select(count => (fashion, images.Take(count), count))])
            + "\n" + Table("layers", [.. ((int[])[3, 7, 17, 33, 66]).Select(MobileNetV2.Stack).Select(network => (network, random, network.Layers.Length))]);
    }

    private static string Table(string what, (Network Network, ImageSet Images, int Size)[] cases)
    {
        var medians = Stopwatches.Medians(
            1, [.. cases.Select(one => (Action)(() => one.Network.MeasureMeanShift(one.Images, QuantizationScheme.Int8PerTensor, new() { Split = true })))]);
        var table = new StringBuilder();
        table.AppendLine($"| {what} | network | images | s | ms each | |");
        table.AppendLine("|---:|---|---:|---:|---:|---|");
        var most = medians.Zip(cases, (seconds, one) => seconds.Processor / one.Size).Max();
        for (var index = 0; index < cases.Length; index++)
        {
            var each = medians[index].Processor / cases[index].Size;
            table.AppendLine(string.Create(CultureInfo.InvariantCulture,
                $"| {cases[index].Size:N0} | {cases[index].Network.Name} | {cases[index].Images.Count:N0} | {medians[index].Processor:F2} | {1000 * each:F2} | {new string('█', (int)Math.Round(30 * each / most))} |"));
        }
        // The slope of log cost over log size between the last two: 1 is linear.
        var slope = Math.Log(medians[^1].Processor / medians[^2].Processor) / Math.Log((double)cases[^1].Size / cases[^2].Size);
        table.AppendLine();
        table.AppendLine(string.Create(CultureInfo.InvariantCulture, $"Bars: cost of each. Exponent of growth between the last two rows: {slope:F2}; 1 is linear."));
        return table.ToString();
    }
}
