using QuantNotebooks.Experiments;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Notebook.Frames;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>What many experiments say about themselves.</summary>
internal static class ExperimentPage
{
    public static ResultPage Of(ExperimentReport report)
    {
        List<string> notes = [.. ExperimentFinding.Best(report), .. report.Failures.Select(failure => $"Failed: {failure.Experiment}: {failure.Reason}")];
        if (report.Results.IsEmpty) return new ResultPage(ExperimentFinding.Counts(report), null, [], notes);
        notes.Add("Right: share of the test images, with Wilson's 95 % interval. CPU s: of all processors together; what experiments of a network share is counted with the first that needs it.");
        return new ResultPage(ExperimentFinding.Counts(report), report.ToFrame(), [.. report.Results.GroupBy(row => row.Network).Where(HasSeveralBits).Select(network => BitsChart.Of(network.Key, [.. network]))], notes);
    }

    private static bool HasSeveralBits(IEnumerable<ExperimentResult> network) =>
        network.Where(row => row is { Accuracy: not null, Scheme.WeightBits: not null }).Select(row => row.Scheme.WeightBits).Distinct().Count() > 1;
}
