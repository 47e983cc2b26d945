using QuantNotebooks.Equalization;

namespace QuantNotebooks.Notebook.Text;

/// <summary>What came of a comparison of outputs, in a sentence or two.</summary>
internal static class CertificateText
{
    /// <summary>The sentences.</summary>
    /// <param name="certificate">The comparison.</param>
    public static string Compared(EqualizationCertificate certificate) => certificate switch
    {
        { Images: null, StoppedBefore: not null } => "Stopped early: outputs were not compared.",
        { StoppedBefore: { } wanted } => $"Stopped early, after {NumberText.Count(certificate.Images.Count)} of {NumberText.Count(wanted, "image")}: {Compared(certificate with { StoppedBefore = null })}",
        { Images: null } => "Outputs were not compared: no images were given.",
        { BitExact: true } => $"The outputs are the same bit for bit on {certificate.Images}.",
        _ => $"The outputs differ by at most {NumberText.Significant(certificate.MaxAbsoluteDifference!.Value, 2)}, "
            + $"{NumberText.Significant(certificate.MaxRelativeDifference!.Value, 2)} of the largest, on {certificate.Images}.{Rounding(certificate)}",
    };

    private static string Rounding(EqualizationCertificate certificate) => certificate.OwnRounding is { } own
        ? $" Float rounding alone, each weight moved within its last bit, makes that {NumberText.Significant(own, 2)} for this network."
        : "";
}
