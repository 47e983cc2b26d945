using System.Collections.Immutable;
using QuantNotebooks.Shift;
using static System.FormattableString;

namespace QuantNotebooks.Correction;

/// <summary>Says when a correction stands on too few images, or was stopped.</summary>
internal static class CorrectionWarnings
{
    /// <summary>The standard error, in sigmas of the channel, that a correction should not exceed.</summary>
    private const double Wanted = 0.05;

    /// <summary>Fewer images set aside than this say too little about which epoch is best: one more that agrees moves the agreement by 3 points.</summary>
    private const int WantedAside = 32;

    private const string HeldOutLeftOut = "interrupted: the images held out were not measured.";

    /// <param name="done">How many layers it was done with when it was stopped; null where all layers are done.</param>
    /// <param name="layers">How many there are.</param>
    /// <param name="carriesRanges">Whether the network carries the ranges of all its tensors all the same.</param>
    /// <param name="leftOut">Whether images held out were to be measured and were not.</param>
    public static IEnumerable<string> OfStop(int? done, int layers, bool carriesRanges, bool leftOut)
    {
        if (done is not null)
            yield return Invariant($"interrupted: {done} of {layers} layers are done, the others are as they were")
                + (carriesRanges ? "." : "; the ranges of later tensors were not found, so the network carries none: give the calibration images again where it is quantized.");
        if (leftOut) yield return HeldOutLeftOut;
    }

    /// <param name="leftOut">Whether the shift before and after was to be measured and was not.</param>
    /// <param name="heldOutLeftOut">The same of images held out.</param>
    public static IEnumerable<string> OfStop(bool leftOut, bool heldOutLeftOut)
    {
        if (leftOut) yield return "interrupted: the shift before and after was not measured.";
        if (heldOutLeftOut) yield return HeldOutLeftOut;
    }

    /// <param name="run">A training that set an eighth of its images aside.</param>
    public static ImmutableArray<string> Of(TrainingRun run) => run.HeldOutImages >= WantedAside
        ? []
        : [Invariant($"{run.Images + run.HeldOutImages} images are few to train with: the {run.HeldOutImages} set aside hardly tell which epoch is best; take {8 * WantedAside} or more, better 1,000.")];

    /// <param name="measured">The shifts that were corrected, a layer.</param>
    /// <param name="images">The number of images that they were measured on.</param>
    public static ImmutableArray<string> Of(IEnumerable<ShiftStatistics> measured, int images)
    {
        if (images < 2) return ["A single image says nothing about how sure its shifts are: take 64 or more."];
        var errors = measured.SelectMany(layer => layer.Channels).Where(channel => !channel.IsConstant)
            .Select(channel => channel.StandardError / channel.Sigma).Where(double.IsFinite).Order().ToArray();
        if (errors.Length == 0) return [];
        var error = errors[(int)Math.Ceiling(0.9 * errors.Length) - 1];
        if (error <= Wanted) return [];
        // The standard error falls with the root of the number of images.
        var needed = Math.Ceiling(images * (error / Wanted) * (error / Wanted));
        return [Invariant($"{images} images are few: they pin the shifts of nine channels in ten only to a standard error of {error:G2} sigma; about {needed:N0} would bring that to {Wanted}.")];
    }
}
