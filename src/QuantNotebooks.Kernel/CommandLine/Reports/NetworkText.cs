using QuantNotebooks.Export;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Kernel.CommandLine.Reports;

/// <summary>What a network is, as plain text.</summary>
internal static class NetworkText
{
    private const int ChannelsShown = 8;

    /// <summary>From here on the smallest channels of a layer keep fewer than 3 of 8 bits with one scale a tensor.</summary>
    private const double UnequalRanges = 32;

    public static void Write(Network network, TextWriter writer)
    {
        writer.WriteLine($"{network.Name}: {network.Layers.Length} layers, {Digits.Count(network.Layers.Sum(layer => layer.ParameterCount))} parameters ({network.Path})");
        if (network.Ranges is { } ranges)
            writer.WriteLine($"It carries activation ranges calibrated on {Digits.Count(ranges.ImageCount)} images: no calibration images are needed to quantize it.");
        if (network.WasFloat16) writer.WriteLine("The file holds float16 tensors; they were turned into float32, in which everything here is computed.");
        foreach (var entry in network.History.Skip(1)) writer.WriteLine($"Made by: {entry.Operation}, {entry.Settings}");
        if (network.History.Any(entry => entry.Operation.StartsWith("correct-bias", StringComparison.Ordinal)))
            writer.WriteLine("Its biases compensate the quantization: in full precision it no longer computes what the original does.");
        writer.WriteLine();
        WriteLayers(network, writer);
        WriteDeadChannels(network, writer);
        WriteBetweenLayers(network, writer);
        WriteNotAnalysed(network, writer);
        writer.WriteLine();
        writer.WriteLine("range ratio: the largest channel's max |w| / the median channel's. One scale a tensor leaves the median channel that many times fewer steps.");
        writer.WriteLine(Meaning(network));
    }

    private static void WriteLayers(Network network, TextWriter writer)
    {
        var table = new TextTable(
            new("layer", false), new("operator", false), new("weights", false), new("activation", false), new("parameters"), new("range ratio"), new("dead channels"));
        foreach (var layer in network.Layers)
            table.Add(
                layer.Name, layer.Operator.ToString(), string.Join('x', layer.WeightShape), layer.Activation.ToString(),
                Digits.Count(layer.ParameterCount), Digits.Short(layer.WeightRangeRatio()),
                layer.DeadChannels.IsEmpty ? "" : Digits.Count(layer.DeadChannels.Length));
        table.Write(writer);
    }

    private static void WriteDeadChannels(Network network, TextWriter writer)
    {
        var layers = network.Layers.Where(layer => !layer.DeadChannels.IsEmpty).ToList();
        if (layers.Count == 0) return;
        writer.WriteLine();
        writer.WriteLine(network.KeepsDeadChannels
            ? "Dead channels (their output never changes), kept as they are in the file:"
            : "Dead channels (their output never changes), dropped: zero weights, the constant as bias:");
        foreach (var layer in layers)
            foreach (var group in layer.DeadChannels.GroupBy(dead => dead.Reason))
                writer.WriteLine($"  {layer.Name}: {Channels([.. group.Select(dead => dead.Channel)])} ({group.Key})");
    }

    private static string Channels(IReadOnlyCollection<int> channels) =>
        (channels.Count == 1 ? "channel " : "channels ") + string.Join(", ", channels.Take(ChannelsShown)) + (channels.Count > ChannelsShown ? $" and {channels.Count - ChannelsShown} more" : "");

    private static void WriteBetweenLayers(Network network, TextWriter writer)
    {
        if (network.OtherNodes.IsEmpty) return;
        writer.WriteLine();
        writer.WriteLine("Between the layers:");
        foreach (var line in NodeText.Understood(network)) writer.WriteLine("  " + line);
    }

    private static void WriteNotAnalysed(Network network, TextWriter writer)
    {
        writer.WriteLine();
        if (network.NotAnalysed.IsEmpty)
        {
            writer.WriteLine("Not analysed: nothing, all of the network is understood.");
            return;
        }
        writer.WriteLine("Not analysed (these nodes run as they are):");
        foreach (var line in NodeText.NotAnalysed(network)) writer.WriteLine("  " + line);
    }

    private static string Meaning(Network network)
    {
        const string Next = "Measure with quantnb shift MODEL --images SET.";
        if (network.Layers.IsEmpty) return "There is no layer to quantize.";
        var worst = network.Layers.MaxBy(layer => layer.WeightRangeRatio())!;
        var ratio = worst.WeightRangeRatio();
        return ratio >= UnequalRanges
            ? $"One channel of {worst.Name} has {Digits.Short(ratio)} times the range of the median channel, which leaves that one few of 8 bits: expect noise there. {Next}"
            : $"No channel has more than {Digits.Short(ratio)} times the range of its layer's median channel, which an 8-bit scale spans. {Next}";
    }
}
