using QuantNotebooks.Equalization;
using QuantNotebooks.Export;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Sensitivity;

namespace QuantNotebooks.Kernel.CommandLine.Reports;

/// <summary>What an equalization did, as plain text.</summary>
internal static class EqualizationText
{
    private const int EdgesShown = 40;

    public static void Write(EqualizationResult result, TextWriter writer)
    {
        var name = (result.IsUnchanged ? result.Network : result.Network.Parent!).Name;
        var images = result.Images is { } set ? $", {Digits.Count(set.Count)} images of '{set.Name}'" : "";
        writer.WriteLine($"{name}, {result.Method.Text()} equalization, {Bound(result)}{(result.Options.PowerOfTwo ? ", powers of two" : "")}{images}");
        writer.WriteLine();
        if (result.IsUnchanged)
        {
            writer.WriteLine("There is nothing to equalize: no channel between two layers may be scaled. The network is unchanged.");
            WriteRefused(result, writer);
            return;
        }
        WriteGroups(result, writer);
        WriteRefused(result, writer);
        writer.WriteLine();
        writer.WriteLine("factors: smallest to largest of the channels. ratio: the largest channel's max |w| / the median channel's, of the weights that make (made) and read");
        writer.WriteLine("(read) the channels, before > after. bits: median over channels of log2 of how many times more steps the channel's weights span.");
        writer.WriteLine(CertificateText.Compared(result.Certificate) + (result.Certificate.OwnRounding is null ? "" : " With --power-of-two they stay the same bit for bit."));
        writer.WriteLine(Structure(result.Structure));
        writer.WriteLine(Meaning(result));
    }

    public static void Write(EqualizationEffect effect, TextWriter writer)
    {
        Write(effect.Equalization, writer);
        writer.WriteLine();
        writer.WriteLine($"Each layer quantized alone, {effect.Scheme}, at the output:");
        writer.WriteLine();
        var table = new TextTable(new("layer", false), new("noise"), new("of weights"), new("of values"), new("factors at bound"));
        foreach (var layer in effect.Layers) table.Add(layer.Name, Roots(layer.Noise), Roots(layer.WeightNoise), Roots(layer.ValueNoise), Digits.Count(layer.HeldFactors));
        table.Write(writer);
        writer.WriteLine();
        writer.WriteLine("noise: rQNSR of the network's output, before > after; of the layer's weights alone, and of the values that it reads and makes alone.");
        writer.WriteLine(effect.Finding + ".");
    }

    private static string Bound(EqualizationResult result) => result.Method switch
    {
        EqualizationMethod.Canonical => "factors without a bound",
        EqualizationMethod.CrossLayerTwoStep => $"factors up to {Digits.Short(result.Options.MaxFactor)} in each of the two",
        _ => $"factors up to {Digits.Short(result.Options.MaxFactor)}",
    };

    private static string Roots(BeforeAfter noise) => $"{Digits.Short(Math.Sqrt(noise.Before))} > {Digits.Short(Math.Sqrt(noise.After))}";

    private static void WriteGroups(EqualizationResult result, TextWriter writer)
    {
        List<TextColumn> columns = [new("made by", false), new("read by", false), new("channels"), new("factors"), new("made ratio"), new("read ratio"), new("bits")];
        if (result.Images is not null) columns.Add(new("activation bits"));
        var table = new TextTable([.. columns]);
        foreach (var group in result.Groups)
        {
            List<string> cells =
            [
                Names(group.Producers), Names(group.Consumers), Digits.Count(group.Factors.Length), $"{Digits.Short(group.Factors.Min())} to {Digits.Short(group.Factors.Max())}",
                Change(group.Weights), Change(group.ConsumerWeights), Digits.Signed(Median(group.WeightBitsGained)),
            ];
            if (result.Images is not null) cells.Add(Digits.Signed(Median(group.ActivationBitsGained)));
            table.Add([.. cells]);
        }
        table.Write(writer);
    }

    private static void WriteRefused(EqualizationResult result, TextWriter writer)
    {
        if (result.Refused.IsEmpty) return;
        writer.WriteLine();
        writer.WriteLine("Not scaled:");
        foreach (var edge in result.Refused.Take(EdgesShown)) writer.WriteLine($"  {edge.From} > {edge.To}: {edge.Reason}");
        if (result.Refused.Length > EdgesShown) writer.WriteLine($"  and {result.Refused.Length - EdgesShown} more (all of them are in --json)");
    }

    private static string Structure(StructureCertificate? structure) => structure switch
    {
        null => "Stopped early: that it is the same function by structure was not proved.",
        { Holds: true } => $"By structure the same function for all images: {Digits.Count(structure.Nodes)} nodes checked, each tensor is the original's times a factor, and 1 at the outputs.",
        _ => $"The structure is not that of the same function: {string.Join("; ", structure.Faults.Take(3))}.",
    };

    private static string Meaning(EqualizationResult result)
    {
        var worst = result.Groups.MaxBy(group => group.Weights.RatioBefore)!;
        return $"The most unequal channels, made by {Names(worst.Producers)}, go from a ratio of {Digits.Short(worst.Weights.RatioBefore)} to {Digits.Short(worst.Weights.RatioAfter)}: next quantnb correct or evaluate on the file that --out writes.";
    }

    private static string Change(ChannelRanges ranges) => $"{Digits.Short(ranges.RatioBefore)} > {Digits.Short(ranges.RatioAfter)}";

    private static string Names(IReadOnlyList<string> names) => names.Count <= 2 ? string.Join(", ", names) : $"{names[0]}, {names[1]} and {names.Count - 2} more";

    private static double? Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Where(double.IsFinite).Order()];
        return sorted.Length == 0 ? null : sorted[sorted.Length / 2];
    }
}
