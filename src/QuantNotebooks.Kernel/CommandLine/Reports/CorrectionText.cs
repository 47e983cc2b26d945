using QuantNotebooks.Correction;
using QuantNotebooks.Export;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Kernel.CommandLine.Reports;

/// <summary>What bias correction did, as plain text.</summary>
internal static class CorrectionText
{
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
        foreach (var layer in result.Corrections.Where(layer => layer.Skipped is not null)) writer.WriteLine($"  {layer.Name} was left alone: {layer.Skipped}");
        foreach (var layer in result.Corrections.Where(layer => !layer.BelowBiasStep.IsEmpty))
            writer.WriteLine($"  {layer.Name} keeps a shift in {Digits.Count(layer.BelowBiasStep.Length)} of {Digits.Count(layer.Layer.Channels)} channels, which vary so little that it is less than half a step of their integer bias.");
        writer.WriteLine();
        writer.WriteLine("shift: root mean square over the channels of mean quantized - mean full precision, in standard deviations (sigma) of the channel, before");
        writer.WriteLine(result.Method == "iterative"
            ? "the activation and with all earlier layers corrected; held out: on images that the correction did not see, the whole network without and"
            : "the activation, in the whole network without and with correction; held out: the same on images that the correction did not see, without and");
        writer.WriteLine("with correction. correction: what is added to the bias of the channel where it is largest, in units of the activation.");
        writer.WriteLine(Meaning(result));
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
