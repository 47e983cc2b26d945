using System.CommandLine;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Notebook.Commands;

namespace QuantNotebooks.Kernel.CommandLine;

/// <summary>The command line of quantnb: its commands, and what becomes of mistakes.</summary>
internal static class QuantnbCommand
{
    /// <summary>How long a command may take to write what it has after Ctrl-C, before the process ends.</summary>
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromSeconds(15);

    /// <summary>All commands.</summary>
    public static RootCommand Create()
    {
        var root = new RootCommand("Quant Notebooks: why a neural network loses accuracy when it is quantized.");
        foreach (var definition in CommandSet.All) root.Subcommands.Add(AnalysisCommand.Create(definition));
        root.Subcommands.Add(RunCommand.Create());
        root.Subcommands.Add(ConvertCommand.Create());
        root.Subcommands.Add(JupyterCommand.Create());
        root.Subcommands.Add(SweepWorkerCommand.Create());
        HelpCommand.AddTo(root);
        return root;
    }

    /// <summary>Parses and runs a command line. Returns the exit code; never throws for a user's mistake.</summary>
    /// <param name="arguments">The command line without the program's name.</param>
    /// <param name="output">Gets results; null for the process's standard output.</param>
    /// <param name="error">Gets progress and errors; null for the process's standard error.</param>
    /// <param name="cancellationToken">Interrupts the command, as Ctrl-C does.</param>
    public static async Task<int> InvokeAsync(
        string[] arguments, TextWriter? output = null, TextWriter? error = null, CancellationToken cancellationToken = default)
    {
        // The real ones: while cells run, the console's writers belong to them.
        output ??= CellConsole.Out;
        error ??= CellConsole.Error;
        var parsed = Create().Parse(arguments);
        if (UsageErrors.Lines(parsed) is { Count: > 0 } mistakes)
        {
            foreach (var line in mistakes) await error.WriteLineAsync(line).ConfigureAwait(false);
            return ExitCode.WrongUsage;
        }
        var configuration = new InvocationConfiguration
        {
            Output = output, Error = error, EnableDefaultExceptionHandler = false,
            // An interrupt means another thing to a kernel.
            ProcessTerminationTimeout = parsed.CommandResult.Command.Name == JupyterCommand.KernelName ? null : TerminationTimeout,
        };
        try
        {
            return await parsed.InvokeAsync(configuration, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await error.WriteLineAsync("interrupted").ConfigureAwait(false);
            return ExitCode.Interrupted;
        }
        catch (CommandUsageException mistake)
        {
            await error.WriteLineAsync("quantnb: " + mistake.Message).ConfigureAwait(false);
            await error.WriteLineAsync($"Try 'quantnb {parsed.CommandResult.Command.Name} --help'.").ConfigureAwait(false);
            return ExitCode.WrongUsage;
        }
        catch (Exception exception) when (UserMistake.MessageOf(exception) is { } message)
        {
            await error.WriteLineAsync(message).ConfigureAwait(false);
            return ExitCode.Failed;
        }
#pragma warning disable CA1031 // The outermost place: what arrives here is a defect, and the user is told so.
        catch (Exception defect)
#pragma warning restore CA1031
        {
            await error.WriteLineAsync(UserMistake.Defect(defect)).ConfigureAwait(false);
            return ExitCode.Failed;
        }
    }
}
