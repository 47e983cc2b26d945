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
/// C# that runs piece by piece: each piece sees the variables, types, usings and references of those before it, may await at top level, and has the
/// value of its last expression if that has no semicolon. Knows nothing of any notebook host, nor of magics.
/// </summary>
/// <remarks>
/// Not thread safe: one piece at a time, as a notebook session sees to. Relative paths begin at the process's current directory.
/// A piece that throws, or stops when it is interrupted, keeps what it had declared; one that is left behind loses its own declarations.
/// </remarks>
internal sealed class ScriptEngine
{
    private readonly CellThreads threads = new();
    private readonly ConcurrentDictionary<int, string> sources = new();
    private readonly ScriptOptions firstOptions;
    private readonly string aliases;
    private readonly Action<Compilation>? declared;
    private readonly List<MetadataReference> newReferences = [];
    private readonly CellWarnings warnings = new();
    private ScriptState<object>? state;

    /// <summary>Prepares an engine.</summary>
    /// <param name="options">What code finds without asking for it.</param>
    /// <param name="declared">Told of each piece that has run, for whoever wants to know what there is.</param>
    public ScriptEngine(ScriptEngineOptions options, Action<Compilation>? declared = null)
    {
        this.declared = declared;
        aliases = string.Concat(options.Aliases.Select(alias => $"using {alias};"));
        var folder = Path.GetFullPath(options.BaseDirectory ?? ".");
        // Not optimized: the runtime has no line numbers for optimized code that was loaded from memory, and reconstructed ones are wrong for
        // bounds checks. It costs a factor of three in tight loops within methods, nothing at top level, nothing in the libraries.
        firstOptions = ScriptOptions.Default
            .WithReferences(ScriptReferences.Of(options.Assemblies))
            .WithImports(options.AllImports)
            .WithMetadataResolver(ScriptMetadataResolver.Default.WithBaseDirectory(folder))
            .WithSourceResolver(ScriptSourceResolver.Default.WithBaseDirectory(folder))
            .WithLanguageVersion(options.Preview ? LanguageVersion.Preview : LanguageVersion.Latest)
            .WithOptimizationLevel(OptimizationLevel.Debug)
            .WithAllowUnsafe(true)
            .WithEmitDebugInformation(true)
            .WithFileEncoding(Encoding.UTF8);
        CellConsole.Install();
    }

    /// <summary>The variables, the latest of each name.</summary>
    public IReadOnlyList<(string Name, Type Type, object? Value)> Variables => state is null ? [] :
        [.. state.Variables.GroupBy(variable => variable.Name).Select(group => group.Last()).Select(last => (last.Name, last.Type, (object?)last.Value))];

    /// <summary>The value of a variable; null where there is none, or it is null.</summary>
    public object? FindVariable(string name) => state?.GetVariable(name)?.Value;

    /// <summary>The names of all variables.</summary>
    public IReadOnlyList<string> VariableNames => state is null ? [] : [.. state.Variables.Select(variable => variable.Name).Distinct()];

    /// <summary>Forgets everything.</summary>
    public void Reset()
    {
        state = null;
        newReferences.Clear();
    }

    /// <summary>Lets all code from now on use these assemblies.</summary>
    public void AddReferences(IEnumerable<MetadataReference> references) => newReferences.AddRange(references);

    /// <summary>Compiles and runs a piece that leaves no trace, so that the first real one is fast. Optional.</summary>
    public async Task<CellResult> WarmUpAsync()
    {
        await EnsureStartedAsync(CancellationToken.None).ConfigureAwait(false);
        var before = state;
        var result = await RunAsync(0, "0", ConsoleNotebookOutput.Instance, CancellationToken.None).ConfigureAwait(false);
        state = before;
        return result;
    }

    /// <summary>Compiles and runs nothing, if nothing was run yet. Optional.</summary>
    public async Task EnsureStartedAsync(CancellationToken cancellationToken)
    {
        if (state is not null) return;
        var script = CSharpScript.Create<object>(aliases, firstOptions);
        ScriptReferences.Share(script.GetCompilation());
        state = await script.RunAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        declared?.Invoke(state.Script.GetCompilation());
    }

    /// <summary>Remembers a cell, so that stack traces can show its lines.</summary>
    public void AddSource(int number, string cell) => sources[number] = cell;

    /// <summary>Runs a piece of a cell.</summary>
    /// <param name="number">The cell's number.</param>
    /// <param name="code">C# script.</param>
    /// <param name="output">Where the cell's text and displays go, from any thread, while it runs and after. Its value does not go there.</param>
    /// <param name="cancellationToken">
    /// Interrupts the cell: code sees it as <see cref="RunningCell.CancellationToken"/> and by its checks (<see cref="CheckedCode"/>), and is left behind if that does
    /// not stop it.
    /// </param>
    public Task<CellResult> RunAsync(int number, string code, INotebookOutput output, CancellationToken cancellationToken) =>
        threads.RunAsync(() => CompileAndRun(number, code, output, cancellationToken));

    /// <summary>Runs code that is compiled already as the code of cells runs: interruptible, its output shown.</summary>
    /// <param name="number">The cell's number.</param>
    /// <param name="code">The code.</param>
    /// <param name="output">As above.</param>
    /// <param name="cancellationToken">As above.</param>
    /// <param name="grace">How long it may take to stop by itself when it is interrupted; null for what a user's code may take.</param>
    /// <returns>Why it failed, or null.</returns>
    public Task<CellResult?> InvokeAsync(int number, Action code, INotebookOutput output, CancellationToken cancellationToken, InterruptGrace? grace = null) => threads.RunAsync(() => Interruptibly(number, output, () =>
    {
        code();
        return Task.FromResult<CellResult?>(null);
    }, cancellationToken, grace));

    /// <summary>
    /// Gives a variable of the value's type this value, or makes one that replaces others of the name. Each one made keeps its value for as long as the session lasts,
    /// for functions of earlier cells may read it.
    /// </summary>
    public async Task SetVariableAsync(string name, object value, CancellationToken cancellationToken)
    {
        if (state?.GetVariable(name) is { IsReadOnly: false } variable && variable.Type == value.GetType())
        {
            variable.Value = value;
            return;
        }
        var type = "global::" + value.GetType().FullName!.Replace('+', '.');
        var code = $"{type} {name} = ({type})global::{typeof(HandedOver).FullName}.{nameof(HandedOver.Take)}(\"{HandedOver.Put(value)}\");";
        await EnsureStartedAsync(cancellationToken).ConfigureAwait(false);
        state = await state!.ContinueWithAsync<object>(code, NextOptions("variable"), cancellationToken).ConfigureAwait(false);
        declared?.Invoke(state.Script.GetCompilation());
    }

    private CellResult CompileAndRun(int number, string code, INotebookOutput output, CancellationToken cancellationToken)
    {
        try
        {
            EnsureStartedAsync(cancellationToken).GetAwaiter().GetResult();
            var script = state!.Script.ContinueWith<object>(code, NextOptions(ExceptionText.FileNameOf(number)));
            // Not by the script's own Compile, which loads it too: for good, and each form of it.
            var diagnostics = script.GetCompilation().GetDiagnostics(cancellationToken);
            var silent = CellSyntax.WithoutSemicolon(code, diagnostics, ExceptionText.FileNameOf(number));
            if (silent is not null)
            {
                code = silent;
                script = state.Script.ContinueWith<object>(code, NextOptions(ExceptionText.FileNameOf(number)));
                diagnostics = script.GetCompilation().GetDiagnostics(cancellationToken);
            }
            if (diagnostics.Any(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)) return DidNotCompile(number, diagnostics);
            var compilation = script.GetCompilation();
            // What the cell loads with #load are trees of their own, and come first.
            var tree = compilation.SyntaxTrees.Single(tree => tree.FilePath == ExceptionText.FileNameOf(number));
            if (compilation.SyntaxTrees.SelectMany(tree => CellSyntax.Refused(compilation, tree, cancellationToken)).ToList() is { Count: > 0 } refused) return new CellDidNotCompile(number, refused);
            warnings.Write(diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Warning).Select(Convert), output);
            var hasValue = silent is null && CellSyntax.EndsInValue(compilation, tree, cancellationToken);
            script = Guarded(script, tree, number, cancellationToken);
            // What nobody can name need not be found by later cells, nor stay loaded.
            var isPassing = newReferences.Count == 0 && !CellSyntax.DeclaresAnything(script.GetCompilation());
            // Emits and loads here, where no interrupt can hurt the compiler.
            var passing = isPassing ? PassingCode.Load(script.GetCompilation(), state, cancellationToken) : null;
            if (passing is null) script.CreateDelegate(cancellationToken);
            return isPassing
                ? Execute(number, passing ?? (() => ValueOf(script, state)), hasValue, output, cancellationToken)
                : Execute(number, script, hasValue, output, cancellationToken);
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

    // What the compiler says is of the code as it was written; should it not like the checks, the code runs without them.
    private Script<object> Guarded(Script<object> script, SyntaxTree tree, int number, CancellationToken cancellationToken)
    {
        var compilation = script.GetCompilation();
        var guarded = CheckedCode.Of(tree, compilation);
        var loaded = compilation.SyntaxTrees.Where(other => other != tree).DistinctBy(other => other.FilePath).ToDictionary(other => other.FilePath, other => CheckedCode.Of(other, compilation));
        if (guarded == script.Code && loaded.Count == 0) return script;
        var options = NextOptions(ExceptionText.FileNameOf(number));
        var other = state!.Script.ContinueWith<object>(guarded, loaded.Count == 0 ? options : options.WithSourceResolver(new CheckedSources(options.SourceResolver, loaded)));
        return other.GetCompilation().GetDiagnostics(cancellationToken).Any(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error) ? script : other;
    }

    private CellResult Execute(int number, Script<object> script, bool hasValue, INotebookOutput output, CancellationToken cancellationToken)
    {
        var previous = state!;
        MetadataReference[] given = [.. newReferences];
        ScriptState<object>? next = null;
        var result = Interruptibly(number, output, async () =>
        {
            next = await script.RunFromAsync(previous, catchException: static _ => true);
            return next.Exception is null ? Succeeded(number, hasValue, next.ReturnValue) : Failed(number, next.Exception, cancellationToken);
        }, cancellationToken);
        // What is left behind may end while other cells run, which go on from the state before it.
        if (next is null || result is CellInterrupted { StillRunning: true }) return result!;
        state = next;
        newReferences.RemoveAll(given.Contains);
        declared?.Invoke(script.GetCompilation());
        return result!;
    }

    // A piece that leaves nothing behind.
    private CellResult Execute(int number, Func<Task<object>> piece, bool hasValue, INotebookOutput output, CancellationToken cancellationToken) =>
        Interruptibly(number, output, async () =>
        {
            object value;
            try
            {
                value = await piece();
            }
            catch (Exception exception)
            {
                return Failed(number, exception, cancellationToken);
            }
            return Succeeded(number, hasValue, value);
        }, cancellationToken)!;

    private static async Task<object> ValueOf(Script<object> script, ScriptState before) => (await script.RunFromAsync(before)).ReturnValue;

    // What a last display(x) gives is there to be updated, and shown already. Formatting runs the user's code too: lazy sequences, properties, ToString.
    private static CellSucceeded Succeeded(int number, bool hasValue, object? value) =>
        new(number, hasValue, value, hasValue && value is not DisplayedValue ? MimeBundle.Of(value) : null);

    private CellResult Failed(int number, Exception exception, CancellationToken cancellationToken) =>
        IsInterrupt(exception) && cancellationToken.IsCancellationRequested ? new CellInterrupted(number, StillRunning: false) : Threw(number, exception);

    // Parallel loops and waits for tasks wrap what came of each.
    private static bool IsInterrupt(Exception exception) => exception is AggregateException several
        ? several.Flatten().InnerExceptions.All(IsInterrupt)
        : exception is OperationCanceledException or ThreadInterruptedException;

    // What escapes the code, such as an exception while a value is formatted, or the interrupt, becomes the result.
    private CellResult? Interruptibly(int number, INotebookOutput output, Func<Task<CellResult?>> code, CancellationToken cancellationToken, InterruptGrace? grace = null)
    {
        var run = new InterruptibleRun(threads, grace ?? InterruptGrace.OfCode);
        using var cell = RunningCell.Enter(number, output, run.CancellationToken);
        try
        {
            return run.Run(code, cancellationToken);
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

    // References and imports are inherited from the script before; giving them again would compile them again.
    private ScriptOptions NextOptions(string file) => firstOptions
        .WithReferences(newReferences)
        .WithImports(Array.Empty<string>())
        .WithFilePath(file);

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
