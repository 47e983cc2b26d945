using QuantNotebooks.Experiments;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Kernel.CommandLine.Reports;

/// <summary>Results of many experiments, as plain text.</summary>
internal static class ExperimentText
{
    public static void Write(ExperimentReport report, TextWriter writer)
    {
        writer.WriteLine(ExperimentFinding.Counts(report));
        if (report.Results.IsEmpty) return;
        writer.WriteLine();
        var seeds = report.Results.Any(row => row.Seed != 0);
        TextColumn[] columns = [new("network", false), new("method", false), new("scheme", false), .. seeds ? [new TextColumn("seed")] : Array.Empty<TextColumn>(),
            new("float %"), new("right %"), new("95 % interval"), new("agreement %"), new("SQNR dB"), new("CPU s")];
        var table = new TextTable(columns);
        foreach (var row in report.Results)
            table.Add([
                row.Network, row.Method, row.Scheme.ToString(), .. seeds ? [Digits.Count(row.Seed)] : Array.Empty<string>(),
                Digits.Accuracy(row.FloatAccuracy), Digits.Accuracy(row.Accuracy), row.Interval is var (low, high) ? $"{Digits.Percent(low)} to {Digits.Percent(high)}" : "",
                Digits.Accuracy(row.Agreement), Digits.Decibels(row.SqnrDecibels), NumberText.Significant(row.ProcessorSeconds, 3)]);
        table.Write(writer);
        writer.WriteLine();
        writer.WriteLine("right: share of the test images, top-1 or lines without a wrong character, with Wilson's 95 % interval. agreement, SQNR: with the full-precision network.");
        writer.WriteLine("CPU s: of all processors together; what experiments of a network share is counted with the first that needs it.");
        foreach (var line in ExperimentFinding.Best(report)) writer.WriteLine(line);
    }
}
