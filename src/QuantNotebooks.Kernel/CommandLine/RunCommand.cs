using System.CommandLine;
using System.CommandLine.Parsing;
using QuantNotebooks.Kernel.Notebooks;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Kernel.Session;

namespace QuantNotebooks.Kernel.CommandLine;

/// <summary><c>quantnb run NOTEBOOK... [--out DIR] [--allow-errors] [--timeout SECONDS] [--parameter NAME=VALUE]</c>: executes notebooks without Jupyter.</summary>
internal static class RunCommand
{
    public const string Name = "run";

    public const string Example = "notebooks/study.ipynb --out artifacts";

    private const int MostSeconds = 1_000_000;

    public static Command Create()
    {
        var notebooks = new Argument<string[]>("NOTEBOOK")
        {
            Description = "Notebook files (.ipynb). Paths in their cells begin at the folder of the notebook, as in Jupyter.",
            Arity = ArgumentArity.OneOrMore,
        };
        var folder = new Option<string>("--out")
        {
            Description = "Folder for the executed notebooks, as NAME.ipynb and NAME.html; made if need be.",
            HelpName = "DIR",
            DefaultValueFactory = _ => "artifacts",
        };
        var allowErrors = new Option<bool>("--allow-errors") { Description = "Go on after a cell that fails." };
        var parameters = new Option<string[]>("--parameter")
        {
            Description = "Set a variable, after the cell tagged 'parameters' or before all cells; may be given again.", HelpName = "NAME=VALUE", DefaultValueFactory = _ => [],
        };
        parameters.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !NotebookParameters.TryParse(token.Value, out _)))
                result.AddError($"--parameter must be NAME=VALUE with the name of a C# variable, not '{token.Value}'.");
        });
        var timeout = new Option<double?>("--timeout") { Description = "Seconds after which a cell is stopped and has failed.", HelpName = "SECONDS" };
        timeout.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double?>() is not (null or (> 0 and <= MostSeconds))) result.AddError($"--timeout must be a number of seconds above 0 and at most {MostSeconds}.");
        });
        notebooks.Validators.Add(RejectEqualNames);
        var command = new Command(Name, "Execute notebooks; write them with their outputs, and as self-contained HTML pages.") { notebooks, folder, allowErrors, timeout, parameters };
        command.SetAction((parsed, cancellationToken) => RunAllAsync(
            parsed.GetValue(notebooks)!, parsed.GetValue(folder)!, new RunOptions(parsed.GetValue(allowErrors), parsed.GetValue(timeout), parsed.GetValue(parameters)!),
            parsed.InvocationConfiguration, cancellationToken));
        return command;
    }

    // The second would overwrite what the first has written.
    private static void RejectEqualNames(ArgumentResult result)
    {
        var twice = result.Tokens.GroupBy(token => Path.GetFileNameWithoutExtension(token.Value)).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null) result.AddError($"Two notebooks are called '{twice.Key}', and would be written to the same file.");
    }

    private static async Task<int> RunAllAsync(
        string[] paths, string folder, RunOptions options, InvocationConfiguration console, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var exitCode = ExitCode.Done;
        foreach (var path in paths)
        {
            if (paths.Length > 1) await console.Error.WriteLineAsync(path).ConfigureAwait(false);
            var run = await RunOneAsync(path, folder, options, console, cancellationToken).ConfigureAwait(false);
            foreach (var failure in run.Failures)
                await console.Error.WriteLineAsync($"{path}: code cell {failure.Position} failed: {Summary(failure.Error)}").ConfigureAwait(false);
            if (run.Interrupted)
            {
                await console.Error.WriteLineAsync($"{path}: interrupted; {run.Executed} of {run.Total} code cells were begun").ConfigureAwait(false);
                return ExitCode.Interrupted;
            }
            if (run.Failures.Count > 0) exitCode = ExitCode.Failed;
        }
        return exitCode;
    }

    private static async Task<NotebookRun> RunOneAsync(
        string path, string folder, RunOptions options, InvocationConfiguration console, CancellationToken cancellationToken)
    {
        var document = NotebookDocument.Read(path);
        if (document.Language is { } language && !IsCSharp(language)) throw new NotebookFileException(path, $"its language is {language}, not C#");
        NotebookParameters.Inject(document, [.. options.Parameters.Select(text => NotebookParameters.TryParse(text, out var parameter) ? parameter : default)]);
        var home = Path.GetDirectoryName(Path.GetFullPath(path))!;
        NotebookRun run;
        using (WorkingFolder.Enter(home))
        {
            run = await new NotebookRunner(console.Error, options.Timeout)
                .RunAsync(document, NotebookEnvironment.Options(home), options.AllowErrors, cancellationToken).ConfigureAwait(false);
        }
        var target = Path.Combine(folder, Path.GetFileNameWithoutExtension(path));
        document.Write(target + ".ipynb");
        AtomicFile.WriteAllText(target + ".html", HtmlExport.ToHtml(document, path));
        await console.Output.WriteLineAsync(target + ".ipynb").ConfigureAwait(false);
        await console.Output.WriteLineAsync(target + ".html").ConfigureAwait(false);
        return run;
    }

    private static bool IsCSharp(string language) => language.ToUpperInvariant() is "C#" or "CSHARP" or "POLYGLOT-NOTEBOOK";

    private static string Summary(CellError error) => error.Name + ": " + error.Message.ReplaceLineEndings(" ");

    private sealed record RunOptions(bool AllowErrors, double? Seconds, string[] Parameters)
    {
        public TimeSpan? Timeout => Seconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
    }
}
