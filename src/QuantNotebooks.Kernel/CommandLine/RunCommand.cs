using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using QuantNotebooks.Export;
using QuantNotebooks.Kernel.Notebooks;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Kernel.Session;
using QuantNotebooks.Notebook.Commands;

namespace QuantNotebooks.Kernel.CommandLine;

/// <summary><c>quantnb run NOTEBOOK... [--out DIR] [--allow-errors] [--timeout SECONDS] [--parameter NAME=VALUE] [--check]</c>: executes notebooks without Jupyter.</summary>
internal static class RunCommand
{
    public const string Name = "run";

    public const string Example = "notebooks/study.ipynb --out artifacts";

    private const int MostSeconds = 1_000_000;

    public static Command Create()
    {
        var notebooks = new Argument<string[]>("NOTEBOOK")
        {
            Description = "Notebook files (.ipynb, or .dib of Polyglot Notebooks). Paths in their cells begin at the folder of the notebook, as in Jupyter.",
            Arity = ArgumentArity.OneOrMore,
        };
        var folder = new Option<string>("--out")
        {
            Description = "Folder for the executed notebooks, as NAME.ipynb and NAME.html; made if need be.",
            HelpName = "DIR",
            DefaultValueFactory = _ => "artifacts",
        };
        var allowErrors = new Option<bool>("--allow-errors") { Description = "Go on after a cell that fails; the exit code is 0 all the same." };
        var parameters = new Option<string[]>("--parameter")
        {
            Description = "Set a variable, after the cell tagged 'parameters' or before all cells; may be given again.", HelpName = "NAME=VALUE", DefaultValueFactory = _ => [],
        };
        parameters.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !NotebookParameters.TryParse(token.Value, out _)))
                result.AddError($"--parameter must be NAME=VALUE with the name of a C# variable, not '{token.Value}'.");
        });
        var timeout = new Option<double?>("--timeout")
        {
            Description = "Seconds after which a cell is stopped and has failed.", HelpName = "SECONDS",
            CustomParser = result =>
            {
                if (result.Tokens is [var token] && double.TryParse(token.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= MostSeconds)
                    return seconds;
                result.AddError($"--timeout must be a number of seconds above 0 and at most {MostSeconds}.");
                return null;
            },
        };
        var check = new Option<bool>("--check")
        {
            Description = "Compare the outputs with the stored ones by kind (streams, MIME types, errors) and write no file; exit code 1 where they differ.",
        };
        var inPlace = new Option<bool>("--inplace")
        {
            Description = "Store the outputs in the notebook itself if no cell fails, without plotly.js (3.6 MB): its charts are pictures until it is run again.",
        };
        var preview = new Option<bool>("--preview") { Description = "Let cells use features of the next version of C#." };
        notebooks.Validators.Add(result =>
        {
            if (!result.GetValue(check) && !result.GetValue(inPlace)) RejectEqualNames(result);
        });
        var command = new Command(Name, "Execute notebooks; write them with their outputs, and as self-contained HTML pages.") { notebooks, folder, allowErrors, timeout, parameters, check, inPlace, preview };
        command.Validators.Add(result =>
        {
            if (result.GetValue(check) && result.GetResult(folder) is { Implicit: false }) result.AddError("--check writes no file; leave out --out.");
            if (result.GetValue(inPlace) && result.GetResult(folder) is { Implicit: false }) result.AddError("--inplace writes to the notebook itself; leave out --out.");
            if (result.GetValue(inPlace) && result.GetValue(check)) result.AddError("--check writes no file; leave out --inplace.");
            if (result.GetValue(inPlace) && result.GetValue(notebooks)!.FirstOrDefault(DibNotebook.IsName) is { } dib)
                result.AddError($"--inplace stores outputs, and '{dib}' can't hold any; convert it first (quantnb convert).");
        });
        command.SetAction((parsed, cancellationToken) => RunAllAsync(
            parsed.GetValue(notebooks)!,
            new RunOptions(parsed.GetValue(check) || parsed.GetValue(inPlace) ? null : parsed.GetValue(folder)!, parsed.GetValue(inPlace), parsed.GetValue(allowErrors), parsed.GetValue(timeout), parsed.GetValue(parameters)!, parsed.GetValue(preview)),
            parsed.InvocationConfiguration, cancellationToken));
        return command;
    }

    // The second would overwrite what the first has written.
    private static void RejectEqualNames(ArgumentResult result)
    {
        var twice = result.Tokens.GroupBy(token => Path.GetFileNameWithoutExtension(token.Value)).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null) result.AddError($"Two notebooks are called '{twice.Key}', and would be written to the same file.");
    }

    private static async Task<int> RunAllAsync(string[] paths, RunOptions options, InvocationConfiguration console, CancellationToken cancellationToken)
    {
        // A notebook that can't be read is told before others have run for hours.
        var documents = paths.Select(path => Open(path, options)).ToList();
        if (options.Folder is { } folder) OutputFolder.Make(folder);
        var exitCode = ExitCode.Done;
        foreach (var (path, document) in paths.Zip(documents))
        {
            if (paths.Length > 1) await console.Error.WriteLineAsync(path).ConfigureAwait(false);
            var check = options.Checks ? NotebookCheck.Before(document, path) : null;
            var run = await ExecuteAsync(document, path, options, console, cancellationToken).ConfigureAwait(false);
            if (options.Folder is not null) await WriteAsync(document, path, paths, options.Folder, console).ConfigureAwait(false);
            if (options.InPlace) await StoreAsync(document, path, run, options, console).ConfigureAwait(false);
            foreach (var failure in run.Failures)
                await console.Error.WriteLineAsync($"{path}: code cell {failure.Position} failed: {Summary(failure.Error)}").ConfigureAwait(false);
            if (run.Interrupted)
            {
                await console.Error.WriteLineAsync($"{path}: interrupted; {run.Executed} of {run.Total} code cells were begun").ConfigureAwait(false);
                return ExitCode.Interrupted;
            }
            var passed = check is null ? run.Failures.Count == 0 || options.AllowErrors : await CompareAsync(check, path, console).ConfigureAwait(false);
            if (!passed) exitCode = ExitCode.Failed;
        }
        return exitCode;
    }

    private static NotebookDocument Open(string path, RunOptions options)
    {
        var document = DibNotebook.IsName(path) ? DibNotebook.Read(path) : NotebookDocument.Read(path);
        if (document.Language is { } language && !IsCSharp(language)) throw new NotebookFileException(path, $"its language is {language}, not C#");
        if (NotebookParameters.Inject(document, [.. options.Parameters.Select(text => NotebookParameters.TryParse(text, out var parameter) ? parameter : default)]) is { } mistake)
            throw new CommandUsageException($"{path}: {mistake}");
        return document;
    }

    private static async Task<NotebookRun> ExecuteAsync(
        NotebookDocument document, string path, RunOptions options, InvocationConfiguration console, CancellationToken cancellationToken)
    {
        var home = Path.GetDirectoryName(Path.GetFullPath(path))!;
        using var working = WorkingFolder.Enter(home);
        using var watch = new UnexpectedExit(() => { });
        // A check goes on after an error, for that may be what is stored.
        return await new NotebookRunner(console.Error, options.Timeout)
            .RunAsync(document, NotebookEnvironment.Options(home, options.Preview), options.AllowErrors || options.Checks, cancellationToken).ConfigureAwait(false);
    }

    private static async Task WriteAsync(NotebookDocument document, string path, string[] all, string folder, InvocationConfiguration console)
    {
        var target = Path.Combine(folder, Path.GetFileNameWithoutExtension(path));
        document.Write(target + ".ipynb");
        ReportFile.Write(target + ".html", HtmlExport.ToHtml(document, path, all));
        await console.Output.WriteLineAsync(target + ".ipynb").ConfigureAwait(false);
        await console.Output.WriteLineAsync(target + ".html").ConfigureAwait(false);
    }

    // What is stored stays where the run did not come to its end.
    private static async Task StoreAsync(NotebookDocument document, string path, NotebookRun run, RunOptions options, InvocationConfiguration console)
    {
        if (run.Interrupted || run.Failures.Count > 0 && !options.AllowErrors) return;
        foreach (var cell in document.Cells.Where(cell => cell.Kind == CellKind.Code))
            for (var output = cell.Outputs.Count - 1; output >= 0; output--)
                if (NotebookOutputs.IsPlotly(cell.Outputs[output]!)) cell.Outputs.RemoveAt(output);
        document.Write(path);
        await console.Output.WriteLineAsync(path).ConfigureAwait(false);
    }

    private static async Task<bool> CompareAsync(NotebookCheck check, string path, InvocationConfiguration console)
    {
        var differences = check.Differences();
        foreach (var cell in differences)
            await console.Output.WriteLineAsync($"{path}: code cell {cell.Position} differs: stored {cell.Stored}; now {cell.Now}").ConfigureAwait(false);
        if (differences.Count == 0) await console.Output.WriteLineAsync($"{path}: outputs are of the stored kinds").ConfigureAwait(false);
        return differences.Count == 0;
    }

    private static bool IsCSharp(string language) => language.ToUpperInvariant() is "C#" or "CSHARP" or "POLYGLOT-NOTEBOOK";

    // Our own errors are sentences that need no type before them.
    private static string Summary(CellError error)
    {
        var message = error.Message.ReplaceLineEndings(" ");
        return error.Name == typeof(QuantNotebooksException).FullName ? message : error.Name + ": " + message;
    }

    private sealed record RunOptions(string? Folder, bool InPlace, bool AllowErrors, double? Seconds, string[] Parameters, bool Preview)
    {
        /// <summary>Where nothing is written, the outputs are compared with the stored ones.</summary>
        public bool Checks => Folder is null && !InPlace;

        public TimeSpan? Timeout => Seconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
    }
}
