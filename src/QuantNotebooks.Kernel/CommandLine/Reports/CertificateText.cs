using QuantNotebooks.Equalization;

namespace QuantNotebooks.Kernel.CommandLine.Reports;

/// <summary>What came of a comparison of outputs, in a sentence or two.</summary>
internal static class CertificateText
{
    public static string Compared(EqualizationCertificate certificate) => certificate switch
    {
        { Images: null, StoppedBefore: not null } => "Stopped early: outputs were not compared.",
        { StoppedBefore: { } wanted } => $"Stopped early, after {Digits.Count(certificate.Images.Count)} of {Digits.Count(wanted)} images: {Compared(certificate with { StoppedBefore = null })}",
        { Images: null } => "Outputs were not compared: give --images to have them compared.",
        { BitExact: true } => $"The outputs on {Digits.Count(certificate.Images.Count)} images are the same bit for bit.",
        _ => $"The outputs on {Digits.Count(certificate.Images.Count)} images differ by at most {Digits.Short(certificate.MaxAbsoluteDifference)}, {Digits.Short(certificate.MaxRelativeDifference)} of the largest.{Rounding(certificate)}",
    };

    private static string Rounding(EqualizationCertificate certificate) => certificate.OwnRounding is { } own
        ? $" Float rounding alone, each weight moved within its last bit, makes that {Digits.Short(own)} for this network."
        : "";
}
