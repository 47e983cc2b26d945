using QuantNotebooks.Correction;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>What a correction achieved, in a sentence: by the layer whose shift was largest, on held-out images where there are some.</summary>
internal static class CorrectionFinding
{
    public static string Of(CorrectionResult correction)
    {
        var heldOut = correction.Corrections.Any(layer => layer is { HeldOutBefore: not null, HeldOutAfter: not null });
        var before = Worst(correction, layer => heldOut ? layer.HeldOutBefore : layer.Before);
        var after = Worst(correction, layer => heldOut ? layer.HeldOutAfter : layer.After);
        if (before.Layer is null || after.Layer is null) return $"{correction.Network.Name}: no channel varies, so no shift can be compared with a sigma";
        return $"{(after.Value < before.Value ? "Correction takes" : "Correction does not lower")} the largest layer shift "
            + $"{(heldOut ? "on held-out images" : "on the calibration images")} from {NumberText.Significant(before.Value, 3)} σ ({before.Layer.Name}) "
            + $"to {NumberText.Significant(after.Value, 3)} σ ({after.Layer.Name})";
    }

    /// <summary>What became of the answers.</summary>
    public static string Of(CorrectionOutcome outcome)
    {
        var (before, after) = (outcome.Before, outcome.After);
        var images = NumberText.Count(after.Images.Count, after.Metric == AccuracyMetric.Lines ? "line" : "image");
        if (before.QuantizedAccuracy is not { } was || after.QuantizedAccuracy is not { } now)
            return before.Agreement is { } agreed && after.Agreement is { } agrees
                ? $"of {images} it answers {NumberText.Percent(agrees)} as full precision does, before {NumberText.Percent(agreed)}"
                : $"on {images} the output's SQNR goes from {NumberText.Significant(before.SqnrDecibels ?? double.NaN, 3)} to {NumberText.Significant(after.SqnrDecibels ?? double.NaN, 3)} dB";
        var what = after.Metric == AccuracyMetric.Lines ? "reads" : "answers";
        return $"of {images} it {what} {NumberText.Percent(now)} right, before {NumberText.Percent(was)}, in full precision {NumberText.Percent(after.FloatAccuracy ?? double.NaN)}";
    }

    private static (LayerCorrection? Layer, double Value) Worst(CorrectionResult correction, Func<LayerCorrection, ShiftStatistics?> statistics)
    {
        (LayerCorrection? Layer, double Value) worst = (null, double.NaN);
        foreach (var layer in correction.Corrections)
        {
            if (statistics(layer) is not { } figures) continue;
            var value = figures.RmsShiftInSigmas;
            if (!double.IsNaN(value) && !(value <= worst.Value)) worst = (layer, value);
        }
        return worst;
    }
}
