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
        table.Add("top-1, full precision", Digits.Accuracy(result.FloatTop1), "%");
        if (result.Scheme is not null)
        {
            table.Add("top-1, quantized", Digits.Accuracy(result.QuantizedTop1), "%");
            table.Add("agreement", Digits.Accuracy(result.Agreement), "%");
            table.Add("SQNR of the output", Digits.Decibels(result.SqnrDecibels), "dB");
        }
        table.Write(writer);
        writer.WriteLine();
        writer.WriteLine("top-1: share of images put in the right class." + (result.Scheme is null ? "" : " " + Definitions));
        writer.WriteLine(Meaning(result) + Uncertainty(result.Images, result.Top1));
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
                name, result.Scheme?.ToString() ?? "float", Digits.Accuracy(result.FloatTop1), Digits.Accuracy(result.Top1),
                Digits.Accuracy(result.Agreement), Digits.Decibels(result.SqnrDecibels));
        table.Write(writer);
        writer.WriteLine();
        writer.WriteLine("top-1: share of images put in the right class, quantized by the scheme; float: in full precision. " + Definitions);
        var best = comparison.Rows.MaxBy(row => row.Result.Top1 ?? row.Result.Agreement ?? row.Result.SqnrDecibels)!;
        writer.WriteLine($"{best.Name} does best; see where another loses with quantnb shift." + Uncertainty(first.Images, best.Result.Top1));
    }

    private static string Meaning(EvaluationResult result)
    {
        if (result.Scheme is null) return result.FloatTop1 is null ? NoLabels(result) : "This is what quantization has to keep; next the same without --float.";
        if (result.FloatTop1 - result.QuantizedTop1 is not { } loss) return NoLabels(result);
        if (loss < SmallLoss) return $"{result.Scheme} costs {Digits.Accuracy(Math.Max(0, loss))} points: nothing to repair; try fewer bits.";
        return $"{result.Scheme} costs {Digits.Accuracy(loss)} points: see in which layers with quantnb shift, and repair with quantnb correct.";
    }

    private static string NoLabels(EvaluationResult result) => result.Network.Task?.Task is ClassificationTask
        ? "The images have no labels, so there is no accuracy; agreement and SQNR compare with full precision."
        : "The network's sidecar names no classification, so there is no accuracy; SQNR compares with full precision.";

    /// <summary>The standard error of a share of n images, sqrt(p (1 - p) / n).</summary>
    private static string Uncertainty(ImageSet images, double? share) => share is { } p
        ? $" With {Digits.Count(images.Count)} images a share of {Digits.Percent(p)} % is uncertain by {Digits.Percent(Math.Sqrt(p * (1 - p) / images.Count))} points (one standard error)."
        : "";
}
