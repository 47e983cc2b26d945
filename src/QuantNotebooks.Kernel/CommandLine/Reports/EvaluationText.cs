using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;

namespace QuantNotebooks.Kernel.CommandLine.Reports;

/// <summary>Accuracy as plain text: of one network, or of several side by side.</summary>
internal static class EvaluationText
{
    /// <summary>A loss of accuracy below this is not worth repairing: half a point.</summary>
    private const double SmallLoss = 0.005;

    public static void Write(EvaluationResult result, TextWriter writer)
    {
        writer.WriteLine($"{result.Network.Name}, {result.Scheme?.ToString() ?? "full precision"}, {ImagesOf(result)}");
        writer.WriteLine();
        var quantizes = result.Scheme is not null;
        var table = quantizes
            ? new TextTable(new("", false), new("full precision"), new("quantized"), new("unit", false))
            : new TextTable(new("", false), new("full precision"), new("unit", false));
        if (HasAccuracy(result)) Add(result.Metric.Text(), Digits.Accuracy(result.FloatAccuracy), Digits.Accuracy(result.QuantizedAccuracy), "%");
        if (result.FloatAccuracy is not null) Add("  95 % interval", Range(result.FloatInterval), Range(result.Interval), "%");
        if (result.FloatTop5 is not null) Add("top-5", Digits.Accuracy(result.FloatTop5), Digits.Accuracy(result.QuantizedTop5), "%");
        if (result.FloatCharacters is not null) Add("characters right", Digits.Accuracy(result.FloatCharacters), Digits.Accuracy(result.QuantizedCharacters), "%");
        if (quantizes)
        {
            if (result.Agreement is not null) Add("agreement", "", Digits.Accuracy(result.Agreement), "%");
            Add("SQNR of the output", "", Digits.Decibels(result.SqnrDecibels), "dB");
            Add("mean cosine", "", Digits.Format(result.MeanCosine, "F4"), "");
        }
        if (!table.IsEmpty)
        {
            table.Write(writer);
            writer.WriteLine();
        }
        foreach (var line in Readings(result)) writer.WriteLine(line);
        if (Definitions(result, quantizes) is { Length: > 0 } definitions) writer.WriteLine(definitions);
        writer.WriteLine(Meaning(result) + Skipped(result));

        void Add(string name, string full, string quantized, string unit)
        {
            if (quantizes) table.Add(name, full, quantized, unit);
            else table.Add(name, full, unit);
        }
    }

    public static void Write(Comparison comparison, TextWriter writer)
    {
        var first = comparison.Rows[0].Result;
        writer.WriteLine(ImagesOf(first));
        writer.WriteLine();
        var metric = first.Metric.Text();
        var hasAccuracy = comparison.Rows.Any(row => HasAccuracy(row.Result));
        List<TextColumn> columns = [new("network", false), new("scheme", false)];
        if (hasAccuracy) columns.AddRange([new("float %"), new($"{metric} %"), new("95 % interval")]);
        var hasAgreement = comparison.Rows.Any(row => row.Result.Agreement is not null);
        if (hasAgreement) columns.Add(new("agreement %"));
        var table = new TextTable([.. columns, new("SQNR dB")]);
        foreach (var (name, result) in comparison.Rows)
        {
            List<string> cells = [name, result.Scheme?.ToString() ?? "float"];
            if (hasAccuracy) cells.AddRange([Digits.Accuracy(result.FloatAccuracy), Digits.Accuracy(result.Accuracy), Range(result.Interval)]);
            if (hasAgreement) cells.Add(Digits.Accuracy(result.Agreement));
            table.Add([.. cells, Digits.Decibels(result.SqnrDecibels)]);
        }
        table.Write(writer);
        writer.WriteLine();
        writer.WriteLine($"{(hasAccuracy ? $"float: {metric} in full precision. " : "")}{Definitions(first, comparison.Rows.Any(row => row.Result.Scheme is not null))}");
        var best = comparison.Rows.MaxBy(row => row.Result.Accuracy ?? row.Result.Agreement ?? row.Result.SqnrDecibels)!;
        writer.WriteLine($"{best.Name} ({best.Result.Scheme?.ToString() ?? "float"}) does best; see where another loses with quantnb shift." + Skipped(first));
    }

    private static string ImagesOf(EvaluationResult result) => $"{Digits.Count(result.Images.Count)} images of '{result.Images.Name}'"
        + (result.StoppedBefore is { } wanted ? $", the first of {Digits.Count(wanted)}: stopped early" : "")
        + (result.Images.Skipped.Count == 0 ? "" : $" ({Digits.Count(result.Images.Skipped.Count)} broken skipped)");

    private static string Range(WilsonInterval? interval) => interval is var (low, high) ? $"{Digits.Percent(low)} to {Digits.Percent(high)}" : "";

    private static string Definitions(EvaluationResult result, bool quantizes)
    {
        var right = result.Metric == AccuracyMetric.Lines
            ? "lines read right: share of lines without a wrong character; characters right: 1 - edit distance / characters."
            : "top-1: share of images put in the right class.";
        List<string> definitions = [];
        if (HasAccuracy(result)) definitions.AddRange([right, "95 % interval: Wilson's, of the share that more such images would give."]);
        if (quantizes && result.Agreement is not null) definitions.Add("agreement: share of images to which both give the same answer.");
        if (quantizes) definitions.Add("SQNR: -10 log10(noise energy / signal energy) of the network's output.");
        return string.Join(' ', definitions);
    }

    private static bool HasAccuracy(EvaluationResult result) => (result.FloatAccuracy ?? result.QuantizedAccuracy) is not null;

    /// <summary>A few lines as they are and as they are read, wrong ones first and some right ones.</summary>
    private static IEnumerable<string> Readings(EvaluationResult result)
    {
        const int shown = 8, leastOfEach = 3;
        var wrong = result.Readings.Where(reading => !IsRight(reading)).ToArray();
        var right = result.Readings.Where(IsRight).ToArray();
        var wrongShown = Math.Min(wrong.Length, shown - Math.Min(right.Length, leastOfEach));
        foreach (var reading in wrong.Take(wrongShown)) yield return Line(wrong: true, reading);
        foreach (var reading in right.Take(shown - wrongShown)) yield return Line(wrong: false, reading);
        if (result.Readings.Length > 0) yield return "";

        static bool IsRight(Reading reading) => (reading.Quantized ?? reading.Float) == (reading.Expected ?? reading.Float);

        string Line(bool wrong, Reading reading)
        {
            var (expected, quantized) = (reading.Expected is { } text ? $"  is '{text}'" : "", reading.Quantized is { } read ? $"  quantized '{read}'" : "");
            return $"  {(wrong ? "wrong" : "right")}  {result.Images.NameOf(reading.Image)}{expected}  float '{reading.Float}'{quantized}";
        }
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

    /// <summary>Which images were left out.</summary>
    private static string Skipped(EvaluationResult result)
    {
        const int named = 5;
        if (result.Images.Skipped.Count == 0) return "";
        var more = result.Images.Skipped.Count > named ? ", ..." : "";
        return $" Skipped because they can't be decoded: {string.Join(", ", result.Images.Skipped.Take(named).Select(skipped => skipped.Name))}{more}.";
    }
}
