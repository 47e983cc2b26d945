using QuantNotebooks.Export;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Kernel.CommandLine.Reports;

/// <summary>The mean activation shift, layer by layer, as plain text.</summary>
internal static class ShiftText
{
    /// <summary>Noise below a tenth of the signal (20 dB) seldom changes a decision.</summary>
    private const double LittleNoise = 0.1;

    /// <summary>From this share of the noise energy on, removing the shift is worth the while.</summary>
    private const double WorthCorrecting = 0.2;

    public static void Write(MeanShiftReport report, TextWriter writer)
    {
        writer.WriteLine($"{report.Network.Name}, {report.Scheme}, {Digits.Count(report.Images.Count)} images of '{report.Images.Name}', before each activation");
        if (report.StoppedBefore is { } wanted) writer.WriteLine($"Stopped early: these are the first of {Digits.Count(wanted)} images.");
        writer.WriteLine();
        WriteTable(report, writer);
        writer.WriteLine();
        writer.WriteLine("rQNSR: root of noise energy / signal energy. MSSR: the part of it that is mean shift. share: mean shift's part of the noise energy.");
        writer.WriteLine("SQNR: -20 log10 rQNSR. shift: mean quantized - mean full precision, in standard deviations (sigma) of the channel.");
        if (IsSplit(report))
            writer.WriteLine("own weights, own input, inherited: the shift's parts in units of MSSR. They add up channel by channel, with their signs; here they may cancel.");
        WriteSignificance(report, writer);
        WriteHeldOut(report, writer);
        writer.WriteLine(Meaning(report));
    }

    private static void WriteTable(MeanShiftReport report, TextWriter writer)
    {
        List<TextColumn> columns =
            [new("layer", false), new("operator", false), new("rQNSR"), new("MSSR"), new("share %"), new("SQNR dB"), new("largest shift, sigma"), new("channel")];
        if (IsSplit(report)) columns.AddRange([new("own weights"), new("own input"), new("inherited")]);
        var table = new TextTable([.. columns]);
        foreach (var layer in report.Layers)
        {
            var largest = layer.Before.LargestShiftChannel;
            List<string> cells =
            [
                layer.Name, layer.Layer.Operator.ToString(), Digits.Short(layer.Before.RootQnsr), Digits.Short(layer.Before.Mssr),
                Digits.Percent(layer.Before.MeanShiftShare), Digits.Decibels(layer.Before.SqnrDecibels),
                Digits.Signed(largest is { } shifted ? layer.Before.Channels[shifted].ShiftInSigmas : null), largest is { } channel ? Digits.Count(channel) : "-",
            ];
            if (IsSplit(report))
                cells.AddRange([Digits.Short(layer.WeightsToSignal), Digits.Short(layer.InputRoundingToSignal), Digits.Short(layer.InheritedToSignal)]);
            table.Add([.. cells]);
        }
        table.Write(writer);
    }

    private static void WriteSignificance(MeanShiftReport report, TextWriter writer)
    {
        var significance = ShiftSignificance.Of(report);
        if (significance.Tested == 0)
        {
            writer.WriteLine("With one image nothing can be said of how sure a shift is.");
            return;
        }
        writer.WriteLine($"{Digits.Count(significance.Significant)} of {Digits.Count(significance.Tested)} channels have a shift that is no chance of these images (at most {Digits.Percent(significance.FalseDiscoveryRate)} % of them false).{ShiftSummary.ImagesToPin(report, significance)}");
    }

    private static void WriteHeldOut(MeanShiftReport report, TextWriter writer)
    {
        if (HeldOutAgreement.Of(report) is not { } agreement) return;
        writer.WriteLine();
        var table = new TextTable(new("layer", false), new("MSSR"), new("held out"), new("rQNSR"), new("held out"), new("channels that differ"));
        foreach (var layer in agreement.Layers)
            table.Add(
                layer.Measured.Name, Digits.Short(layer.Measured.Before.Mssr), Digits.Short(layer.HeldOut.Before.Mssr),
                Digits.Short(layer.Measured.Before.RootQnsr), Digits.Short(layer.HeldOut.Before.RootQnsr), Digits.Count(layer.Disagreeing));
        table.Write(writer);
        writer.WriteLine();
        writer.WriteLine(agreement.Worst is { } worst
            ? $"Warning: on the {Digits.Count(report.HeldOut!.Images.Count)} held-out images the shifts of {Digits.Count(agreement.Disagreeing)} channels are not those measured, most in {worst.Measured.Name}. Measure on more images, or on images like those."
            : $"The {Digits.Count(report.HeldOut!.Images.Count)} held-out images agree with the measured ones in every channel.");
    }

    private static bool IsSplit(MeanShiftReport report) => report.Layers.Any(layer => layer.Split is not null);

    private static string Meaning(MeanShiftReport report)
    {
        if (report.Layers.IsEmpty) return "There is no layer to quantize.";
        var measured = report.Layers.Where(layer => double.IsFinite(layer.Before.RootQnsr)).ToList();
        if (measured.Count == 0) return "No layer has a signal on these images.";
        var worst = measured.MaxBy(layer => layer.Before.RootQnsr)!;
        var where = $"The noise is largest in {worst.Name}: {Digits.Percent(worst.Before.RootQnsr)} % of the signal";
        if (worst.Before.RootQnsr < LittleNoise) return $"{where}, which is little: check the accuracy with quantnb evaluate, or try fewer bits.";
        var shifted = measured.Where(layer => layer.Before.RootQnsr >= LittleNoise).MaxBy(layer => layer.Before.MeanShiftShare)!;
        var share = $"{Digits.Percent(shifted.Before.MeanShiftShare)} % of the noise energy in {shifted.Name} is mean shift, which a bias removes";
        return shifted.Before.MeanShiftShare >= WorthCorrecting
            ? $"{where}. {share}: next quantnb correct."
            : $"{where}. At most {share}: next --per-channel or more bits.";
    }
}
