using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>How sure the shifts are, in sentences.</summary>
internal static class ShiftNotes
{
    public static IEnumerable<string> Of(MeanShiftReport report)
    {
        var significance = ShiftSignificance.Of(report);
        if (significance.Tested > 0)
            yield return $"{NumberText.Count(significance.Significant)} of {NumberText.Count(significance.Tested, "channel")} have a shift that is no chance of these "
                + $"images; at most {NumberText.Percent(significance.FalseDiscoveryRate, 0)} of them are false (Benjamini and Hochberg)."
                + ShiftSummary.ImagesToPin(report, significance);
        if (HeldOutAgreement.Of(report) is not { } agreement) yield break;
        var images = $"{NumberText.Count(report.HeldOut!.Images.Count, "held-out image")}";
        yield return agreement.Worst is { } worst
            ? $"Warning: on {images} the shifts of {NumberText.Count(agreement.Disagreeing, "channel")} are not those measured, most in {worst.Measured.Name}: "
                + $"MSSR {NumberText.Significant(worst.Measured.Before.Mssr, 3)} measured, {NumberText.Significant(worst.HeldOut.Before.Mssr, 3)} held out."
            : $"{images} agree with the measured ones in every channel.";
    }
}
