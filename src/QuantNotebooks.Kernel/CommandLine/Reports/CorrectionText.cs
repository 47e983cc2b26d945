using QuantNotebooks.Correction;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Export;
using QuantNotebooks.Networks;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Kernel.CommandLine.Reports;

/// <summary>What bias correction did, as plain text.</summary>
internal static class CorrectionText
{
    private const int LinesShown = 8;

    public static void Write(CorrectionResult result, TextWriter writer)
    {
        var name = result.Network.Parent?.Name ?? result.Network.Name;
        var heldOut = result.HeldOut is { } images ? $", held out {Digits.Count(images.Count)}" : "";
        writer.WriteLine($"{name}, {result.Scheme}, {result.Method} correction on {Digits.Count(result.Images.Count)} images of '{result.Images.Name}'{heldOut}");
        writer.WriteLine();
        List<TextColumn> columns = [new("layer", false), new("largest correction"), new("shift before"), new("after")];
        if (result.HeldOut is not null) columns.AddRange([new("held out before"), new("after")]);
        var table = new TextTable([.. columns]);
        foreach (var layer in result.Corrections)
        {
            List<string> cells =
            [
                layer.Name, Digits.Signed(layer.Correction.IsEmpty ? null : layer.Correction.MaxBy(Math.Abs)), Rms(layer.Before), Rms(layer.After),
            ];
            if (result.HeldOut is not null) cells.AddRange([Rms(layer.HeldOutBefore), Rms(layer.HeldOutAfter)]);
            table.Add([.. cells]);
        }
        table.Write(writer);
        if (result.StoppedAfter is { } done) writer.WriteLine($"  Stopped early: {Digits.Count(done)} of {Digits.Count(result.Corrections.Length)} layers are done; the others are as they were.");
        foreach (var layer in result.Corrections.Where(layer => layer.Skipped is not null && !layer.Before.Channels.IsEmpty)) writer.WriteLine($"  {layer.Name} was left alone: {layer.Skipped}");
        foreach (var layer in result.Corrections.Where(layer => !layer.BelowBiasStep.IsEmpty))
            writer.WriteLine($"  {layer.Name} keeps a shift in {Digits.Count(layer.BelowBiasStep.Length)} of {Digits.Count(layer.Layer.Channels)} channels, which vary so little that it is less than half a step of their integer bias.");
        if (result.Predictions is { } predictions)
            writer.WriteLine($"  batch normalization's statistics predict the shift of own weights with a correlation of {Digits.Short(predictions.Correlation)} over {Digits.Count(predictions.Channels.Count())} channels.");
        writer.WriteLine();
        if (result.Outcome is { } outcome) Write(outcome, writer);
        writer.WriteLine("shift: root mean square over the channels of mean quantized - mean full precision, in standard deviations (sigma) of the channel,");
        writer.Write(result.Point == LayerPoint.AfterActivation ? "after " : "before ");
        writer.WriteLine(result.IsLayerByLayer
            ? "the activation and with all earlier layers corrected; held out: on images that the correction did not see, the whole network without and"
            : "the activation, in the whole network without and with correction; held out: the same on images that the correction did not see, without and");
        writer.WriteLine("with correction. correction: what is added to the bias of the channel where it is largest, in units of the activation.");
        writer.WriteLine(Meaning(result));
    }

    /// <summary>What the network answers before and after; of a network that reads lines, some of them, those that changed most first.</summary>
    private static void Write(CorrectionOutcome outcome, TextWriter writer)
    {
        var (before, after) = (outcome.Before, outcome.After);
        var what = after.Metric.Text();
        writer.WriteLine(after.QuantizedAccuracy is null
            ? $"agreement with full precision on {Digits.Count(after.Images.Count)} images of '{after.Images.Name}': {Digits.Percent(before.Agreement)} % before, {Digits.Percent(after.Agreement)} % after"
            : $"{what} of {Digits.Count(after.Images.Count)} of '{after.Images.Name}': {Digits.Percent(before.QuantizedAccuracy)} % before, {Digits.Percent(after.QuantizedAccuracy)} % after, {Digits.Percent(after.FloatAccuracy)} % in full precision");
        foreach (var (was, now) in before.Readings.Zip(after.Readings).OrderByDescending(pair => pair.First.Quantized != pair.Second.Quantized).Take(LinesShown))
            writer.WriteLine($"  {after.Images.NameOf(now.Image)}  {(now.Expected is { } text ? $"is '{text}'" : $"float '{now.Float}'")}  before '{was.Quantized}'  after '{now.Quantized}'");
        writer.WriteLine();
    }

    private static string Meaning(CorrectionResult result)
    {
        const string Next = "Its biases now belong to this scheme; next quantnb evaluate on the file that --out writes.";
        var (before, after) = result.HeldOut is null
            ? (Mean(result, layer => layer.Before), Mean(result, layer => layer.After))
            : (Mean(result, layer => layer.HeldOutBefore), Mean(result, layer => layer.HeldOutAfter));
        var where = result.HeldOut is null ? "on the calibration images" : "on held-out images";
        return $"On average over the layers the shift goes from {Digits.Short(before)} to {Digits.Short(after)} sigma {where}. {Next}";
    }

    private static double Mean(CorrectionResult result, Func<LayerCorrection, ShiftStatistics?> pick) =>
        result.Corrections.Select(layer => (pick(layer)?.RmsShiftInSigmas ?? double.NaN)).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();

    private static string Rms(ShiftStatistics? statistics) => Digits.Short(statistics?.RmsShiftInSigmas ?? double.NaN);
}
