using System.Globalization;

namespace QuantNotebooks.Sensitivity;

/// <summary>What a measurement of sensitivity says, in one sentence.</summary>
public static class SensitivityFinding
{
    /// <summary>Names the layers that make half of the noise and what they would leave; no full stop.</summary>
    /// <param name="report">The measurement.</param>
    public static string Of(SensitivityReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        const int named = 3;
        if (report.Layers.IsEmpty) return $"{report.Network.Name} has no layer to quantize";
        if (!(report.SumOfRatios > 0)) return "No layer quantized alone changes the output on these images";
        var (half, sum) = (new List<string>(), 0.0);
        foreach (var layer in report.Ranked)
        {
            if (sum >= report.SumOfRatios / 2) break;
            sum += layer.Output.Ratio;
            half.Add(layer.Name);
        }
        var names = string.Join(", ", half.Take(named)) + (half.Count > named ? string.Create(CultureInfo.InvariantCulture, $" and {half.Count - named} more") : "");
        var share = (100 * sum / report.SumOfRatios).ToString("F0", CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture,
            $"{half.Count} of {report.Layers.Length} layers ({names}) {(half.Count == 1 ? "makes" : "make")} {share} % of the noise; all together the output has {report.Together.SqnrDecibels:F1} dB, independent noises would leave {report.SumSqnrDecibels:F1} dB");
    }
}
