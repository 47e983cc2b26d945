using QuantNotebooks.Kernel.Assistance;
using QuantNotebooks.Kernel.Magics;
using QuantNotebooks.Kernel.Packages;
using QuantNotebooks.Kernel.Scripting;
using QuantNotebooks.Notebook.Commands;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Session;

/// <summary>A session of cells: C# and magics, one cell after the other. The same for every host. Thread safe: cells run in the order of the calls.</summary>
internal sealed class NotebookSession : IDisposable
{
    private readonly SemaphoreSlim oneCell = new(1, 1);
    // Not that of the cells: preparing completion takes seconds, and no cell must wait for it.
    private readonly SemaphoreSlim oneQuestion = new(1, 1);
    private readonly SessionDeclarations declarations = new();
    private readonly SessionPackages packages = new();
    private readonly Lazy<Task<ScriptEngine>> engine;
    private readonly Lazy<CodeAssistant> code;
    private int lastNumber;

    /// <summary>Begins a session.</summary>
    /// <param name="options">What cells find without asking for it.</param>
    public NotebookSession(ScriptEngineOptions options) : this(() => options)
    {
    }

    /// <summary>Begins a session whose libraries are looked for when it first needs them, so that a kernel can answer before.</summary>
    /// <param name="options">Says what cells find without asking for it; called once.</param>
    public NotebookSession(Func<ScriptEngineOptions> options)
    {
        var once = new Lazy<ScriptEngineOptions>(options);
        engine = new(() => Task.Run(async () =>
        {
            ScriptReferences.Begin();
            var made = new ScriptEngine(once.Value, declarations.Add);
            await made.EnsureStartedAsync(CancellationToken.None).ConfigureAwait(false);
            return made;
        }));
        code = new(() => new CodeAssistant(declarations, once.Value.AllImports, ScriptReferences.Of(once.Value.Assemblies)));
    }

    /// <summary>The number of the last cell that counted, or 0.</summary>
    public int ExecutionCount => Volatile.Read(ref lastNumber);

    /// <summary>Makes everything ready for the first cell, which else does that. Further calls wait for the first.</summary>
    public Task StartAsync() => engine.Value;

    /// <summary>
    /// Runs a cell that leaves no trace, so that the first real one is fast, and then completes a word, so that the first Tab is. Optional. Cells may
    /// come at any time: they wait for the first half at most.
    /// </summary>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task WarmUpAsync(CancellationToken cancellationToken = default)
    {
        var formatting = Task.Run(() => MimeBundle.Of(0));
        await ExclusivelyAsync(oneCell, engine => engine.WarmUpAsync()).ConfigureAwait(false);
        await formatting.ConfigureAwait(false);
        const string word = "Math.M";
        await CompleteAsync(word, word.Length, cancellationToken).ConfigureAwait(false);
        await ExplainAsync(word, word.Length, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs a cell that counts.</summary>
    /// <param name="cell">C# script and magics.</param>
    /// <param name="output">Where the cell's text and displays go, from any thread, while it runs and after. Its value does not go there.</param>
    /// <param name="cancellationToken">
    /// Interrupts the cell: code sees it as <see cref="RunningCell.CancellationToken"/>, and is left behind if that does not stop it.
    /// </param>
    public Task<CellResult> RunAsync(string cell, INotebookOutput output, CancellationToken cancellationToken = default) =>
        RunAsync(cell, output, counts: true, cancellationToken);

    /// <summary>Runs a cell.</summary>
    /// <param name="cell">As above.</param>
    /// <param name="output">As above.</param>
    /// <param name="counts">Whether the cell keeps its number, or leaves it to the cell after it.</param>
    /// <param name="cancellationToken">As above.</param>
    public Task<CellResult> RunAsync(string cell, INotebookOutput output, bool counts, CancellationToken cancellationToken) => ExclusivelyAsync(oneCell, engine =>
    {
        var number = lastNumber + 1;
        if (counts) lastNumber = number;
        engine.AddSource(number, cell);
        return RunPartsAsync(engine, number, cell, output, cancellationToken);
    });

    /// <summary>Runs code that is no cell but was made by one, such as the handler of an event, as cells run: one at a time, interruptible.</summary>
    /// <returns>Why it failed, or null.</returns>
    public Task<CellError?> InvokeAsync(Action code, INotebookOutput output, CancellationToken cancellationToken = default) => ExclusivelyAsync(oneCell, async engine =>
        (await engine.InvokeAsync(lastNumber, code, output, cancellationToken).ConfigureAwait(false))?.Error);

    /// <summary>What could be written at a position of a cell, in UTF-16 units.</summary>
    public Task<CompletionList> CompleteAsync(string cell, int position, CancellationToken cancellationToken = default) =>
        ExclusivelyAsync(oneQuestion, engine => Assistant(engine).CompleteAsync(cell, position, cancellationToken));

    /// <summary>What stands at a position of a cell, explained; null where there is nothing to say.</summary>
    public Task<string?> ExplainAsync(string cell, int position, CancellationToken cancellationToken = default) =>
        ExclusivelyAsync(oneQuestion, engine => Assistant(engine).ExplainAsync(cell, position, cancellationToken));

    public void Dispose()
    {
        oneCell.Dispose();
        oneQuestion.Dispose();
        packages.Dispose();
        if (code.IsValueCreated) code.Value.Dispose();
    }

    private CellAssistant Assistant(ScriptEngine engine) => new(code.Value, () => engine.VariableNames);

    private async Task<T> ExclusivelyAsync<T>(SemaphoreSlim one, Func<ScriptEngine, Task<T>> work)
    {
        await one.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            return await work(await engine.Value.ConfigureAwait(false)).ConfigureAwait(false);
        }
        finally
        {
            one.Release();
        }
    }

    private async Task<CellResult> RunPartsAsync(ScriptEngine engine, int number, string cell, INotebookOutput output, CancellationToken cancellationToken)
    {
        IReadOnlyList<CellPart> parts;
        try
        {
            parts = CellParts.Of(cell);
        }
        catch (MagicUsageException mistake)
        {
            return new MagicFailed(number, mistake.Line, mistake.SourceLine, mistake.Message);
        }
        CellResult result = new CellSucceeded(number, HasValue: false, null, null);
        var atEnd = new List<Action>();
        foreach (var part in parts)
        {
            // The value of C# before a magic; that at the cell's end is the cell's.
            if (result is CellSucceeded { Display: { } value }) output.Display(value, displayId: null);
            result = part is CodePart code
                ? await RunCodeAsync(engine, number, cell, code, output, cancellationToken).ConfigureAwait(false)
                : await RunMagicAsync(engine, number, (MagicPart)part, atEnd, output, cancellationToken).ConfigureAwait(false);
            if (result.Error is not null) break;
        }
        foreach (var action in atEnd) await engine.InvokeAsync(number, action, output, CancellationToken.None).ConfigureAwait(false);
        // Cells are run in any order, and interrupted: the colour of one is not the next one's.
        ConsoleColours.Clear();
        return result;
    }

    private async Task<CellResult> RunCodeAsync(
        ScriptEngine engine, int number, string cell, CodePart part, INotebookOutput output, CancellationToken cancellationToken)
    {
        var directives = PackageDirectives.Of(part.Code);
        try
        {
            await packages.LoadAsync(directives, engine, output, cancellationToken).ConfigureAwait(false);
        }
        catch (PackageException failure)
        {
            return new MagicFailed(number, directives.Line, cell.Split('\n')[directives.Line - 1], failure.Message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return new CellInterrupted(number, StillRunning: false);
        }
        return await engine.RunAsync(number, directives.Code, output, cancellationToken).ConfigureAwait(false);
    }

    private void Reset(ScriptEngine engine)
    {
        engine.Reset();
        declarations.Clear();
        packages.Clear();
    }

    private async Task<CellResult> RunMagicAsync(
        ScriptEngine engine, int number, MagicPart magic, List<Action> atEnd, INotebookOutput output, CancellationToken cancellationToken)
    {
        var run = new MagicRun(engine, packages, () => Reset(engine));
        var failure = await engine.InvokeAsync(number, () => magic.Run(run), output, cancellationToken, new InterruptGrace(() => run.Patience())).ConfigureAwait(false);
        if (run.AtEndOfCell is { } action) atEnd.Add(action);
        if (failure is CellThrew { Exception: OperationCanceledException } && cancellationToken.IsCancellationRequested)
            return new CellInterrupted(number, StillRunning: false);
        if (failure is CellThrew { Exception: CommandUsageException or QuantNotebooksException or IOException or UnauthorizedAccessException } threw)
            return new MagicFailed(number, magic.Line, magic.Source, threw.Exception.Message);
        if (failure is not null) return failure;
        if (run.Assignment is var (name, result)) await engine.SetVariableAsync(name, result, CancellationToken.None).ConfigureAwait(false);
        // It has shown what it had done until then.
        if (cancellationToken.IsCancellationRequested) return new CellInterrupted(number, StillRunning: false) { Kept = run.Assignment?.Name };
        return new CellSucceeded(number, HasValue: false, null, null);
    }
}
