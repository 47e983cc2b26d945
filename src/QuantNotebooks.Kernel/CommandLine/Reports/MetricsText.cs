using QuantNotebooks.Shift;

namespace QuantNotebooks.Kernel.CommandLine.Reports;

/// <summary>The definition of every figure, and how other tools' figures follow from ours, as plain text.</summary>
internal static class MetricsText
{
    public static void Write(TextWriter writer)
    {
        writer.WriteLine("Figures: y full precision, q quantized, e = q - y, over images and positions; sum_c over a layer's channels.");
        foreach (var metric in NoiseConventions.Sheet)
        {
            writer.WriteLine();
            writer.WriteLine(metric.Name);
            writer.WriteLine($"  definition  {metric.Definition}");
            writer.WriteLine($"  used by     {metric.Source}");
            writer.WriteLine($"  from ours   {metric.FromOurs}");
        }
        writer.WriteLine();
        var table = new TextTable(new("rQNSR"), new("SQNR dB"), new("signal:noise"), new("noise:signal (PPQ, NMSE)"), new("cosine, about"));
        foreach (var ratio in new[] { 0.001, 0.01, 0.0316, 0.1, 0.316, 1 })
            table.Add(
                Digits.Short(ratio), Digits.Decibels(NoiseConventions.ToDecibels(ratio)), Digits.Short(NoiseConventions.ToLinear(ratio)),
                Digits.Short(NoiseConventions.ToNoiseToSignal(ratio)), Digits.Format(1 / Math.Sqrt(1 + ratio * ratio), "F6"));
        table.Write(writer);
    }
}
