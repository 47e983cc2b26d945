using QuantNotebooks.Equalization;

namespace QuantNotebooks.Export;

/// <summary>A removal of dead channels as a JSON document; <see cref="JsonExport"/> says how numbers are written.</summary>
public static class DeadChannelJson
{
    /// <summary>Every dead channel with its constant and the layers that took it up, or why something of it is left, and the certificate.</summary>
    public static string ToJson(this DeadChannelResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return ReportJson.Write(result.Channels.IsEmpty ? result.Network : result.Network.Parent!, scheme: null, result.Certificate.Images, writer =>
        {
            writer.WriteDerived("withoutDead", result.Network);
            writer.WriteArray("channels", result.Channels, channel =>
            {
                writer.WriteString("layer", channel.Layer);
                writer.WriteNumber("channel", channel.Channel);
                writer.WriteFinite("constant", channel.Constant);
                writer.WriteNames("readers", channel.Readers);
                writer.WriteString("kept", channel.Kept);
            });
            writer.WriteCertificate(result.Certificate);
        });
    }
}
