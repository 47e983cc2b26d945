using QuantNotebooks.Equalization;
using QuantNotebooks.Notebook.Frames;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>What an absorption of high biases and a removal of dead channels say about themselves.</summary>
internal static class NetworkChangePages
{
    public static ResultPage Of(HighBiasResult result)
    {
        var channels = result.Layers.Sum(layer => layer.Absorbed.Count(value => value > 0));
        var layers = result.Layers.Count(layer => !layer.Absorbed.IsEmpty);
        var finding = result.IsUnchanged
            ? $"{result.Network.Name}: no high bias could be absorbed, the network is unchanged"
            : $"{result.Network.Parent!.Name}: {NumberText.Count(layers, "layer")} gave the high bias of {NumberText.Count(channels, "channel")} to the layers that read them";
        return new ResultPage(finding, result.Layers.IsEmpty ? null : result.ToFrame(), [],
        [
            FormattableString.Invariant($"Absorbed: max(0, mean - {result.Sigmas} sigma) by batch normalization. Values below it are clipped, so the network may differ a little where they occur."),
            CertificateText.Compared(result.Certificate),
        ]);
    }

    public static ResultPage Of(DeadChannelResult result)
    {
        var kept = result.Channels.Count(channel => channel.Kept is not null);
        var finding = result.Channels.IsEmpty
            ? $"{result.Network.Name} has no dead channels, the network is unchanged"
            : $"{result.Network.Parent!.Name}: the weights of {NumberText.Count(result.Channels.Length, "dead channel")} are gone"
                + (kept == 0 ? "" : $"; of {NumberText.Count(kept)} the constant is still made");
        return new ResultPage(finding, result.Channels.IsEmpty ? null : result.ToFrame(), [], [CertificateText.Compared(result.Certificate)]);
    }
}
