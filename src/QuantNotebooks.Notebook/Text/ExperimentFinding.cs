using QuantNotebooks.Experiments;

namespace QuantNotebooks.Notebook.Text;

/// <summary>What many experiments come to, in a sentence or a few.</summary>
internal static class ExperimentFinding
{
    /// <summary>How many there are, and how many of them were measured now.</summary>
    public static string Counts(ExperimentReport report)
    {
        var text = $"{NumberText.Count(report.Results.Length)} of {NumberText.Count(report.Wanted, "experiment")} done, {NumberText.Count(report.Measured)} of them now";
        if (report.Failures.Length > 0) text += $", {NumberText.Count(report.Failures.Length)} failed";
        return report.Left > 0 ? $"{text}, {NumberText.Count(report.Left)} left" : text;
    }

    /// <summary>For each network: what does best at the fewest bits of its weights.</summary>
    public static IEnumerable<string> Best(ExperimentReport report) =>
        from network in report.Results.Where(row => row.Accuracy is not null).GroupBy(row => row.Network)
        let fewest = network.Min(row => row.Scheme.WeightBits ?? int.MaxValue)
        where fewest < int.MaxValue
        let best = network.Where(row => row.Scheme.WeightBits == fewest).MaxBy(row => row.Accuracy)
        select $"{network.Key}: {best.Method} does best at {NumberText.Count(fewest, "bit")}, {NumberText.Percent(best.Accuracy!.Value)} of {NumberText.Count(best.Images, "image")} right"
            + (best.FloatAccuracy is { } full ? $", full precision {NumberText.Percent(full)}." : ".");
}
