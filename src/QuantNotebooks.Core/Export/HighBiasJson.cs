using QuantNotebooks.Equalization;

namespace QuantNotebooks.Export;

/// <summary>A high-bias absorption as a JSON document; <see cref="JsonExport"/> says how numbers are written.</summary>
public static class HighBiasJson
{
    /// <summary>What was taken from every layer's bias and who took it up, or why the layer was left alone, and the certificate.</summary>
    public static string ToJson(this HighBiasResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return ReportJson.Write(result.IsUnchanged ? result.Network : result.Network.Parent!, scheme: null, result.Certificate.Images, writer =>
        {
            writer.WriteNumber("sigmas", result.Sigmas);
            writer.WriteDerived("absorbed", result.Network);
            writer.WriteArray("layers", result.Layers, layer =>
            {
                writer.WriteString("name", layer.Layer);
                writer.WriteNumbers("absorbed", layer.Absorbed);
                writer.WriteNames("readers", layer.Readers);
                writer.WriteString("skipped", layer.Skipped);
            });
            writer.WriteCertificate(result.Certificate);
        });
    }
}
