using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Scripting;
using Microsoft.CodeAnalysis.Scripting;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>
/// A session of C# cells: each sees the variables, types, usings and references of those before it, may await at top level, and has the value
/// of its last expression if that has no semicolon. Knows nothing of any notebook host.
/// </summary>
/// <remarks>
/// Thread safe: cells run one after the other in the order of the calls. Relative paths in cells begin at the process's current directory.
/// A cell that throws, or stops by itself when it is interrupted, keeps what it had declared; one that must be aborted loses its own declarations.
/// </remarks>
internal sealed class ScriptEngine : IDisposable
{
    private readonly SemaphoreSlim oneCell = new(1, 1);
    private readonly CellThreads threads = new();
    private readonly ConcurrentDictionary<int, string> sources = new();
    private readonly ScriptOptions firstOptions;
    private ScriptState<object>? state;
    private int lastNumber;

    public ScriptEngine(ScriptEngineOptions options)
    {
        var folder = Path.GetFullPath(options.BaseDirectory ?? ".");
        // Not optimized: the runtime has no line numbers for optimized code that was loaded from memory, and reconstructed ones are wrong for
        // bounds checks. It costs a factor of three in tight loops within methods, nothing at top level, nothing in the libraries.
        firstOptions = ScriptOptions.Default
            .WithReferences(ScriptReferences.Of(options.Assemblies))
            .WithImports(options.AllImports)
            .WithMetadataResolver(ScriptMetadataResolver.Default.WithBaseDirectory(folder))
            .WithSourceResolver(ScriptSourceResolver.Default.WithBaseDirectory(folder))
            .WithLanguageVersion(LanguageVersion.Latest)
            .WithOptimizationLevel(OptimizationLevel.Debug)
            .WithAllowUnsafe(true)
            .WithEmitDebugInformation(true)
            .WithFileEncoding(Encoding.UTF8);
        CellConsole.Install();
    }

    /// <summary>The number of the last cell that ran, or 0.</summary>
    public int ExecutionCount => Volatile.Read(ref lastNumber);

    /// <summary>The variables of the session, the latest of each name.</summary>
    public IReadOnlyList<(string Name, Type Type, object? Value)> Variables => state is null ? [] :
        [.. state.Variables.GroupBy(variable => variable.Name).Select(group => group.Last()).Select(last => (last.Name, last.Type, (object?)last.Value))];

    /// <summary>Compiles and runs an empty cell, so that the first real one is fast. It does not count as a cell. Optional.</summary>
    public async Task WarmUpAsync(CancellationToken cancellationToken = default)
    {
        await oneCell.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await EnsureStartedAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            oneCell.Release();
        }
    }

    /// <summary>Runs a cell.</summary>
    /// <param name="code">C# script.</param>
    /// <param name="output">Where the cell's text and displays go, from any thread, while it runs and after. Its value does not go there.</param>
    /// <param name="cancellationToken">
    /// Interrupts the cell: code sees it as <see cref="RunningCell.CancellationToken"/>, and is aborted if that does not stop it.
    /// </param>
    public Task<CellResult> RunAsync(string code, INotebookOutput output, CancellationToken cancellationToken = default) =>
        RunAsync(code, output, counts: true, cancellationToken);

    /// <summary>Runs a cell.</summary>
    /// <param name="code">C# script.</param>
    /// <param name="output">As above.</param>
    /// <param name="counts">Whether the cell keeps its number, or leaves it to the cell after it.</param>
    /// <param name="cancellationToken">As above.</param>
    public async Task<CellResult> RunAsync(string code, INotebookOutput output, bool counts, CancellationToken cancellationToken)
    {
        await oneCell.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            var number = lastNumber + 1;
            if (counts) lastNumber = number;
            sources[number] = code;
            return await Task.Run(() => CompileAndRunAsync(number, code, output, cancellationToken), CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            oneCell.Release();
        }
    }

    /// <summary>Runs code that is no cell but was made by one, such as the handler of an event, as cells run: one at a time, interruptible.</summary>
    /// <returns>Why it failed, or null.</returns>
    public async Task<CellError?> InvokeAsync(Action code, INotebookOutput output, CancellationToken cancellationToken = default)
    {
        await oneCell.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            var result = await AbortablyAsync(lastNumber, output, () =>
            {
                code();
                return Task.FromResult<CellResult?>(null);
            }, cancellationToken).ConfigureAwait(false);
            return result?.Error;
        }
        finally
        {
            oneCell.Release();
        }
    }

    public void Dispose() => oneCell.Dispose();

    private async Task<CellResult> CompileAndRunAsync(int number, string code, INotebookOutput output, CancellationToken cancellationToken)
    {
        try
        {
            if (CellSyntax.Refused(code) is { Count: > 0 } refused) return new CellDidNotCompile(number, refused);
            await EnsureStartedAsync(cancellationToken).ConfigureAwait(false);
            var script = state!.Script.ContinueWith<object>(code, NextOptions(number));
            var errors = script.Compile(cancellationToken).Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).ToImmutableArray();
            if (errors.Length > 0) return DidNotCompile(number, errors);
            var compilation = script.GetCompilation();
            var hasValue = CellSyntax.EndsInValue(compilation, compilation.SyntaxTrees.First(), cancellationToken);
            script.CreateDelegate(cancellationToken); // emits and loads here, where no abort can hurt the compiler
            return await ExecuteAsync(number, script, hasValue, output, cancellationToken).ConfigureAwait(false);
        }
        catch (CompilationErrorException exception)
        {
            return DidNotCompile(number, exception.Diagnostics);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return new CellInterrupted(number, StillRunning: false);
        }
    }

    private async Task<CellResult> ExecuteAsync(
        int number, Script<object> script, bool hasValue, INotebookOutput output, CancellationToken cancellationToken)
    {
        var previous = state!;
        return (await AbortablyAsync(number, output, async () =>
        {
            var next = await script.RunFromAsync(previous, catchException: static _ => true);
            state = next;
            if (next.Exception is OperationCanceledException && cancellationToken.IsCancellationRequested) return new CellInterrupted(number, StillRunning: false);
            if (next.Exception is not null) return Threw(number, next.Exception);
            // Formatting runs the user's code too: lazy sequences, properties, ToString.
            return new CellSucceeded(number, hasValue, next.ReturnValue, hasValue ? MimeBundle.Of(next.ReturnValue) : null);
        }, cancellationToken).ConfigureAwait(false))!;
    }

    // What escapes the code, such as an exception while a value is formatted, or the interrupt, becomes the result.
    private async Task<CellResult?> AbortablyAsync(
        int number, INotebookOutput output, Func<Task<CellResult?>> code, CancellationToken cancellationToken)
    {
        var run = new AbortableRun(threads);
        using var cell = RunningCell.Enter(number, output, run.CancellationToken);
        try
        {
            return await run.RunAsync(code, cancellationToken).ConfigureAwait(false);
        }
        catch (RunInterruptedException interrupted)
        {
            return new CellInterrupted(number, interrupted.StillRunning);
        }
#pragma warning disable CA1031 // Whatever user code throws is for the user to see.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            // Formatters may call the user's code by reflection.
            return Threw(number, exception is TargetInvocationException { InnerException: { } inner } ? inner : exception);
        }
    }

    private CellThrew Threw(int number, Exception exception) =>
        new(number, exception, ExceptionText.Frames(exception, cell => sources.GetValueOrDefault(cell)));

    private async Task EnsureStartedAsync(CancellationToken cancellationToken)
    {
        if (state is null) state = await CSharpScript.Create<object>("", firstOptions).RunAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    // References and imports are inherited from the script before; giving them again would compile them again.
    private ScriptOptions NextOptions(int number) => firstOptions
        .WithReferences(Array.Empty<MetadataReference>())
        .WithImports(Array.Empty<string>())
        .WithFilePath(ExceptionText.FileNameOf(number));

    private static CellDidNotCompile DidNotCompile(int number, ImmutableArray<Diagnostic> diagnostics) =>
        new(number, [.. diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).Select(Convert)]);

    private static CellDiagnostic Convert(Diagnostic diagnostic)
    {
        var start = diagnostic.Location.GetLineSpan().StartLinePosition;
        var text = diagnostic.Location.SourceTree?.GetText();
        var sourceLine = text is not null && start.Line < text.Lines.Count ? text.Lines[start.Line].ToString() : "";
        return new CellDiagnostic(diagnostic.Id, start.Line + 1, start.Character + 1,
            diagnostic.GetMessage(System.Globalization.CultureInfo.InvariantCulture), sourceLine);
    }
}
