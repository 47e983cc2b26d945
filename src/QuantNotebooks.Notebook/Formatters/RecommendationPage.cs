using QuantNotebooks.Notebook.Frames;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Recommendation;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>What a recommendation says about itself.</summary>
internal static class RecommendationPage
{
    public static ResultPage Of(RecommendationReport report)
    {
        var notes = new List<string>
        {
            "Gains are of the noise that the layer alone makes at the output. Predicted: on the images that were measured. Measured: on held-out images after the kept "
                + "steps; empty where nothing was done or the remedy is a correction, which acts on what all layers before do together.",
            $"Before: {NumberText.Significant(report.Before.SqnrDecibels ?? double.NaN, 3)} dB"
                + (report.Before.Accuracy is { } accuracy ? $", accuracy {NumberText.Percent(accuracy)}" : "") + $". The scheme that comes out: {report.Scheme}.",
            $"{report.OriginalScheme}; measured on {report.Images}; tried on {report.HeldOut}.",
        };
        if (report.Before.StoppedBefore is { } wanted)
            notes.Add($"Stopped early: before is of the first {NumberText.Count(report.Before.Images.Count)} of {NumberText.Count(wanted, "held-out image")}.");
        notes.AddRange(report.Untried.Select(line => $"{WhyUntried(report)}: {line}."));
        var steps = report.Steps.IsEmpty ? null : report.ToStepFrame().ToHtml();
        return new ResultPage(report.Finding, report.ToFrame(), [], notes, steps);
    }

    /// <summary>Why there is something that was not tried.</summary>
    public static string WhyUntried(RecommendationReport report) => report.Stopped ? "Stopped early" : "No time";
}
