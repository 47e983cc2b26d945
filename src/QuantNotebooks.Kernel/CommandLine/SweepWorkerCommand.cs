using System.CommandLine;
using QuantNotebooks.Experiments;
using QuantNotebooks.Kernel.Jupyter;

namespace QuantNotebooks.Kernel.CommandLine;

/// <summary><c>quantnb sweep-worker PLAN DIR</c>: what <c>quantnb sweep --processes N</c> starts. Not for people, so help does not show it.</summary>
internal static class SweepWorkerCommand
{
    private const string Name = "sweep-worker";

    /// <summary>This program as a worker.</summary>
    public static ExperimentWorkerProgram Program
    {
        get
        {
            var words = KernelSpec.Program(typeof(SweepWorkerCommand).Assembly.Location);
            return new ExperimentWorkerProgram(words[0], [.. words.Skip(1), Name]);
        }
    }

    public static Command Create()
    {
        var plan = new Argument<string>("PLAN");
        var results = new Argument<string>("DIR");
        var command = new Command(Name, "Run experiments for quantnb sweep.") { plan, results };
        command.Hidden = true;
        command.SetAction((parsed, cancellation) => Task.Run(
            () =>
            {
                ExperimentWorker.Serve(ExperimentPlan.Load(parsed.GetValue(plan)!, AllSteps.Known), parsed.GetValue(results)!, Console.In, parsed.InvocationConfiguration.Output, cancellation);
                return ExitCode.Done;
            },
            CancellationToken.None));
        return command;
    }
}
