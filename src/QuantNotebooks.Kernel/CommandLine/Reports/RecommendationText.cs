using QuantNotebooks.Evaluation;
using QuantNotebooks.Recommendation;

namespace QuantNotebooks.Kernel.CommandLine.Reports;

/// <summary>What to do about each layer, and what it got, as plain text.</summary>
internal static class RecommendationText
{
    public static void Write(RecommendationReport report, TextWriter writer)
    {
        writer.WriteLine($"{report.Original.Name}, {report.OriginalScheme}, measured on {Digits.Count(report.Images.Count)} images of '{report.Images.Name}', tried on {Digits.Count(report.HeldOut.Count)} held-out ones");
        writer.WriteLine();
        var layers = new TextTable(new("layer", false), new("do", false), new("share of noise %"), new("predicted dB"), new("measured dB"), new("why", false));
        foreach (var layer in report.Layers)
            layers.Add(layer.Layer.Name, layer.Remedy.Text(), Digits.Percent(layer.NoiseShare), Gain(layer.PredictedGainDecibels), Gain(layer.MeasuredGainDecibels), layer.Reason);
        layers.Write(writer);
        writer.WriteLine();
        var steps = new TextTable(
            new("step", false), new("meant for"), new("predicted SQNR dB"), new("measured SQNR dB"), new("agreement %"), new("accuracy %"), new("kept", false));
        steps.Add(["as it is", "", "", .. Cells(report.Before), ""]);
        foreach (var step in report.Steps)
            steps.Add([step.Remedy.Text(), Digits.Count(step.Layers), Digits.Decibels(step.PredictedSqnrDecibels), .. Cells(step.Result), step.Kept ? "yes" : "no"]);
        steps.Write(writer);
        writer.WriteLine();
        writer.WriteLine("Gains are of the noise that the layer alone makes at the output, measured on held-out images after all kept steps. Steps stand on the kept ones before.");
        if (report.Before.StoppedBefore is { } wanted) writer.WriteLine($"Stopped early: 'as it is' is of the first {Digits.Count(report.Before.Images.Count)} of {Digits.Count(wanted)} held-out images.");
        foreach (var line in report.Untried) writer.WriteLine(report.Stopped ? $"Stopped early: {line}." : $"No time: {line}; give a longer --budget.");
        writer.WriteLine(report.Finding + ".");
    }

    private static string[] Cells(EvaluationResult result) =>
        [Digits.Decibels(result.SqnrDecibels), Digits.Percent(result.Agreement), Digits.Percent(result.Accuracy)];

    private static string Gain(double? decibels) => decibels is double.PositiveInfinity ? "all" : Digits.Format(decibels, "F1");
}
