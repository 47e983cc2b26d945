using QuantNotebooks.Equalization;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Kernel.CommandLine.Reports;

/// <summary>What an absorption of high biases and a removal of dead channels did, as plain text.</summary>
internal static class NetworkChangeText
{
    public static void Write(HighBiasResult result, TextWriter writer)
    {
        writer.WriteLine($"{(result.IsUnchanged ? result.Network : result.Network.Parent!).Name}, high biases absorbed down to {Digits.Short(result.Sigmas)} sigmas below the mean");
        writer.WriteLine();
        var table = new TextTable(new("layer", false), new("channels"), new("largest"), new("taken up by", false), new("left alone because", false));
        foreach (var layer in result.Layers)
            table.Add(
                layer.Layer, Digits.Count(layer.Absorbed.Count(value => value > 0)), layer.Absorbed.IsEmpty ? "" : Digits.Short(layer.Absorbed.Max()),
                string.Join(", ", layer.Readers), layer.Skipped ?? "");
        table.Write(writer);
        writer.WriteLine();
        writer.WriteLine(result.IsUnchanged ? "Nothing could be absorbed: the network is unchanged." : CertificateText.Compared(result.Certificate));
    }

    public static void Write(DeadChannelResult result, TextWriter writer)
    {
        if (result.Channels.IsEmpty)
        {
            writer.WriteLine($"{result.Network.Name} has no dead channels: the network is unchanged.");
            return;
        }
        writer.WriteLine($"{result.Network.Parent!.Name}, without the weights of its dead channels");
        writer.WriteLine();
        var table = new TextTable(new("layer", false), new("channel"), new("constant"), new("taken up by", false), new("still made because", false));
        foreach (var channel in result.Channels)
            table.Add(channel.Layer, Digits.Count(channel.Channel), Digits.Short(channel.Constant), string.Join(", ", channel.Readers), channel.Kept ?? "");
        table.Write(writer);
        writer.WriteLine();
        writer.WriteLine(CertificateText.Compared(result.Certificate));
    }
}
