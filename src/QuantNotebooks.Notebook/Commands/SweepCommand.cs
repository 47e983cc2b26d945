using QuantNotebooks.Experiments;
using QuantNotebooks.Export;
using QuantNotebooks.Notebook.Frames;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Notebook.Commands;

/// <summary><c>sweep PLAN.json [--processes N] [--shard K/N] [--parquet FILE]</c>: networks x methods x schemes x seeds.</summary>
internal static class SweepCommand
{
    private static readonly CommandSubject Plan = new("PLAN", "A plan of experiments (.json): images, networks, methods, schemes, seeds.");

    private static readonly CommandOption<string> Results = CommonOptions.Text(
        "--results", "DIR", "Where results are kept, a file each; what is there already is not measured again. The plan's name with '.results' where it is not said.");

    private static readonly CommandOption<int> Processes =
        CommonOptions.Number("--processes", "Run in N processes at the same time, each with its share of the processors.", "1");

    private static readonly CommandOption<Shard> Part = new(Shard.TryParse)
    {
        Name = "--shard", ValueName = "K/N", Help = "Run only the K-th of N parts of the experiments; without it, all results that are there make one table.",
        Rule = "two numbers such as 3/16, the first at most the second",
    };

    private static readonly CommandOption<string> Parquet = CommonOptions.Text("--parquet", "FILE", "Write the table as a Parquet file too.");

    public static CommandDefinition Definition { get; } = CommandDefinition.Create(
        "sweep", "Run every method on every network at every number of bits, and keep each result.", Plan,
        "notebooks/sweep.json --processes 2 --parquet sweep.parquet",
        [Results, Processes, Part, Parquet],
        Run, (ExperimentReport report) => report.ToJson(), isPart: report => report.Results.Length > 0, failure: Failure);

    private static ExperimentReport Run(CommandInputs inputs)
    {
        var (arguments, path) = (inputs.Arguments, inputs.Arguments.Subjects[0]);
        var table = arguments.Get(Parquet);
        if (table is not null) ReportFile.RequireWritable(table);
        var plan = ExperimentPlan.Load(path, AllSteps.Known);
        var options = new ExperimentOptions
        {
            Part = arguments.IsGiven(Part) ? arguments.Get(Part) : null,
            Processes = arguments.IsGiven(Processes) ? arguments.Get(Processes) : 1,
            Worker = inputs.Host.Worker,
        };
        var report = plan.Run(arguments.Get(Results) ?? Path.ChangeExtension(path, ".results"), options, inputs.Progress("sweep"), inputs.Host.Cancellation);
        foreach (var failure in report.Failures) inputs.Host.Note($"failed: {failure.Experiment}: {failure.Reason}");
        if (report.Left > 0) inputs.Host.Note(FormattableString.Invariant($"stopped: {report.Left} of {report.Wanted} experiments are left; the same command goes on with them."));
        if (table is null) return report;
        report.ToFrame().SaveParquet(table);
        inputs.Host.Note($"written: {table}");
        return report;
    }

    private static string? Failure(ExperimentReport report) => report.Failures is [var first, ..]
        ? FormattableString.Invariant($"{report.Failures.Length} of {report.Wanted} experiments failed, the first: {first.Experiment}: {first.Reason}")
        : null;
}
