using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Notebook.Reports;

/// <summary>A report in a few lines, for a terminal.</summary>
public static class ReportSummary
{
    /// <summary>The finding, and the layers that matter most with what to do about them.</summary>
    public static IEnumerable<string> Lines(NetworkReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (report.Stopped) yield return "Stopped early: this is what was measured until then.";
        yield return report.Recommendation.Finding + ".";
        if (ShiftSummary.WorstBy(report.Shift.Layers, layer => layer.Before.Mssr) is { } worst)
            yield return $"The mean shift is largest in {LayerText.Described(worst.Layer)}: MSSR {NumberText.Significant(worst.Before.Mssr, 3)}, {NumberText.Percent(worst.Before.MeanShiftShare)} of its noise energy.";
        foreach (var advice in report.Recommendation.Layers.Where(advice => advice.Remedy != Recommendation.Remedy.Keep).OrderByDescending(advice => advice.NoiseShare).Take(5))
            yield return $"{advice.Layer.Name}: {Recommendation.Remedies.Text(advice.Remedy)}, {advice.Reason}.";
    }
}
