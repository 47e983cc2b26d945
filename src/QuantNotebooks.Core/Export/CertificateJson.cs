using System.Text.Json;
using QuantNotebooks.Equalization;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Export;

/// <summary>What reports on derived networks have in common.</summary>
internal static class CertificateJson
{
    /// <summary>A derived network's name and hash.</summary>
    public static void WriteDerived(this Utf8JsonWriter writer, string name, Network network)
    {
        writer.WriteStartObject(name);
        writer.WriteString("name", network.Name);
        writer.WriteString("networkSha256", network.Sha256);
        writer.WriteEndObject();
    }

    /// <summary>The differences are null without images; of a comparison that was stopped stand here the images that it is of, and how many were wanted.</summary>
    public static void WriteCertificate(this Utf8JsonWriter writer, EqualizationCertificate certificate)
    {
        writer.WriteStartObject("certificate");
        writer.WriteFinite("maxAbsoluteDifference", certificate.MaxAbsoluteDifference);
        writer.WriteFinite("maxRelativeDifference", certificate.MaxRelativeDifference);
        if (certificate.OwnRounding is { } own) writer.WriteFinite("ownRounding", own);
        if (certificate.BitExact is { } exact) writer.WriteBoolean("bitExact", exact);
        else writer.WriteNull("bitExact");
        if (certificate.StoppedBefore is { } wanted)
        {
            writer.WriteNumber("count", certificate.Images?.Count ?? 0);
            writer.WriteNumber("stoppedBefore", wanted);
        }
        writer.WriteEndObject();
    }

    public static void WriteNames(this Utf8JsonWriter writer, string name, IEnumerable<string> names)
    {
        writer.WriteStartArray(name);
        foreach (var item in names) writer.WriteStringValue(item);
        writer.WriteEndArray();
    }
}
