using QuantNotebooks.Equalization;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Frames;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>Results that are a sentence, and a table where there is one.</summary>
internal static class FramePages
{
    public static ResultPage Of(ShiftSignificance significance) => new(
        $"{NumberText.Count(significance.Significant)} of {NumberText.Count(significance.Tested, "channel")} have a shift that is no chance of these images", significance.ToFrame(), [],
        [$"At most {NumberText.Percent(significance.FalseDiscoveryRate, 0)} of them are false (Benjamini and Hochberg)."]);

    public static ResultPage Of(HeldOutAgreement agreement) => new(
        agreement.Disagreeing == 0 ? "Held-out images agree with the measured ones in every channel" : $"Held-out images disagree in {NumberText.Count(agreement.Disagreeing, "channel")}",
        agreement.ToFrame(), [], [$"At most {NumberText.Percent(agreement.FalseDiscoveryRate, 0)} of these channels are false (Benjamini and Hochberg)."]);

    public static ResultPage Of(SavedShift saved) => new(
        $"{NumberText.Count(saved.Parts.Sum(part => part.Count))} of {NumberText.Count(saved.TotalImages, "image")} measured with {saved.ModelPath}", saved.ToFrame(), [],
        [saved.IsComplete ? "Complete." : "Not complete: merge it with the measurements of the other images.", $"{saved.Scheme}; {saved.ImagesPath}."]);

    public static ResultPage Of(ShiftStatistics statistics)
    {
        var largest = ShiftSummary.Largest(statistics);
        var finding = $"{NumberText.Count(statistics.Channels.Length, "channel")}: MSSR {NumberText.Significant(statistics.Mssr, 3)}, rQNSR {NumberText.Significant(statistics.RootQnsr, 3)}";
        return new ResultPage(largest.Channel < 0 ? finding : FormattableString.Invariant($"{finding}; channel {largest.Channel} moves most, {NumberText.Significant(largest.Sigmas, 3)} σ"),
            statistics.ToFrame(), [], ["One row a channel; shift = quantized mean - mean."]);
    }

    // Compared were canonical forms, which bear names of their own; asked was about the networks that they are of.
    public static ResultPage Of(FactorizationComparison comparison) => new(
        $"{Compared(comparison.One)} and {Compared(comparison.Other)} {(comparison.SameUpToScale ? "are one function, but for the scale of channels" : "differ in more than scale")}",
        null, [],
        [
            "Both were brought to their canonical factorization and compared weight by weight.",
            comparison.Layer is null ? "No weight or bias differs."
                : double.IsInfinity(comparison.LargestDifference) ? $"Their layers don't correspond: {comparison.Layer}."
                : $"They differ most in {comparison.Layer}: by {NumberText.Significant(comparison.LargestDifference, 2)} of its largest weight; up to {NumberText.Significant(FactorizationComparison.Tolerance, 2)} counts as rounding.",
        ]);

    private static string Compared(Network canonical) => (canonical.Parent ?? canonical).Name;

    public static ResultPage Of(ActivationRanges ranges) => new(
        $"Calibrated ranges of {NumberText.Count(ranges.ByTensor.Count, "tensor")} from {NumberText.Count(ranges.ImageCount, "image")}", ranges.ToFrame(), [],
        ranges.Scheme is { } scheme ? [$"Scheme: {scheme}"] : []);
}
