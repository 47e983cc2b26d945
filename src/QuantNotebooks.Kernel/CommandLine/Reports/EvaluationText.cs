using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;

namespace QuantNotebooks.Kernel.CommandLine.Reports;

/// <summary>Accuracy as plain text: of one network, or of several side by side.</summary>
internal static class EvaluationText
{
    /// <summary>A loss of accuracy below this is not worth repairing: half a point.</summary>
    private const double SmallLoss = 0.005;

    private const string Definitions =
        "agreement: share of images that both put in the same class. SQNR: -10 log10(noise energy / signal energy) of the network's output.";

    public static void Write(EvaluationResult result, TextWriter writer)
    {
        writer.WriteLine($"{result.Network.Name}, {result.Scheme?.ToString() ?? "full precision"}, {Digits.Count(result.Images.Count)} images of '{result.Images.Name}'");
        writer.WriteLine();
        var table = new TextTable(new("", false), new("value"), new("unit", false));
        var metric = result.Metric == AccuracyMetric.Lines ? "lines read right" : "top-1";
        table.Add($"{metric}, full precision", Digits.Accuracy(result.FloatAccuracy), "%");
        if (result.Scheme is not null)
        {
            table.Add($"{metric}, quantized", Digits.Accuracy(result.QuantizedAccuracy), "%");
            if (result.QuantizedTop5 is { } five) table.Add("top-5, quantized", Digits.Accuracy(five), "%");
            if (result.QuantizedCharacters is { } characters) table.Add("characters right, quantized", Digits.Accuracy(characters), "%");
            table.Add("agreement", Digits.Accuracy(result.Agreement), "%");
            table.Add("SQNR of the output", Digits.Decibels(result.SqnrDecibels), "dB");
        }
        table.Write(writer);
        writer.WriteLine();
        foreach (var line in Readings(result)) writer.WriteLine(line);
        writer.WriteLine((result.Metric == AccuracyMetric.Lines ? "lines read right: share of lines without a wrong character." : "top-1: share of images put in the right class.") + (result.Scheme is null ? "" : " " + Definitions));
        writer.WriteLine(Meaning(result) + Uncertainty(result));
    }

    public static void Write(Comparison comparison, TextWriter writer)
    {
        var first = comparison.Rows[0].Result;
        writer.WriteLine($"{Digits.Count(first.Images.Count)} images of '{first.Images.Name}'");
        writer.WriteLine();
        var table = new TextTable(
            new("network", false), new("scheme", false), new("float top-1 %"), new("top-1 %"), new("agreement %"), new("SQNR dB"));
        foreach (var (name, result) in comparison.Rows)
            table.Add(
                name, result.Scheme?.ToString() ?? "float", Digits.Accuracy(result.FloatAccuracy), Digits.Accuracy(result.Accuracy),
                Digits.Accuracy(result.Agreement), Digits.Decibels(result.SqnrDecibels));
        table.Write(writer);
        writer.WriteLine();
        writer.WriteLine("top-1: share of images put in the right class, quantized by the scheme; float: in full precision. " + Definitions);
        var best = comparison.Rows.MaxBy(row => row.Result.Accuracy ?? row.Result.Agreement ?? row.Result.SqnrDecibels)!;
        writer.WriteLine($"{best.Name} does best; see where another loses with quantnb shift." + Uncertainty(best.Result));
    }

    /// <summary>A few lines as they are and as they are read, wrong ones first.</summary>
    private static IEnumerable<string> Readings(EvaluationResult result)
    {
        const int Shown = 6;
        var shown = result.Readings.OrderBy(reading => (reading.Quantized ?? reading.Float) == (reading.Expected ?? reading.Float)).Take(Shown).ToArray();
        foreach (var reading in shown)
            yield return $"  {reading.Image,4}  {(reading.Expected is null ? "" : $"'{reading.Expected}'  ")}float '{reading.Float}'{(reading.Quantized is null ? "" : $"  quantized '{reading.Quantized}'")}";
        if (shown.Length > 0) yield return "";
    }

    private static string Meaning(EvaluationResult result)
    {
        if (result.Scheme is null) return result.FloatAccuracy is null ? NoLabels(result) : "This is what quantization has to keep; next the same without --float.";
        if (result.FloatAccuracy - result.QuantizedAccuracy is not { } loss) return NoLabels(result);
        if (loss < SmallLoss) return $"{result.Scheme} costs {Digits.Accuracy(Math.Max(0, loss))} points: nothing to repair; try fewer bits.";
        return $"{result.Scheme} costs {Digits.Accuracy(loss)} points: see in which layers with quantnb shift, and repair with quantnb correct.";
    }

    private static string NoLabels(EvaluationResult result) => result.Network.Task?.Task is ClassificationTask
        ? "The images have no labels, so there is no accuracy; agreement and SQNR compare with full precision."
        : "The network's sidecar names no classification, so there is no accuracy; SQNR compares with full precision.";

    /// <summary>The Wilson interval of the accuracy.</summary>
    private static string Uncertainty(EvaluationResult result) => result.Interval is var (low, high)
        ? $" With {Digits.Count(result.Images.Count)} images the true share lies between {Digits.Percent(low)} and {Digits.Percent(high)} % (95 % confidence, Wilson)."
        : "";
}
