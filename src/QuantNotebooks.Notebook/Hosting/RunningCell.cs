namespace QuantNotebooks.Notebook.Hosting;

/// <summary>
/// The notebook cell that is running, as seen by the code it runs: where its output goes and whether the user has interrupted it.
/// The values follow the cell's code into tasks and threads that it starts. In a program that is not a notebook there is none:
/// the token never cancels and display writes plain text to the console.
/// </summary>
public static class RunningCell
{
    private static readonly AsyncLocal<Context?> Flowing = new();

    // For code on threads that no execution context reaches, such as native callbacks.
    private static volatile Context? latest;

    /// <summary>Cancelled when the user interrupts the cell. The library's long-running functions observe it where they are given no other (<see cref="AmbientCancellation"/>).</summary>
    public static CancellationToken CancellationToken => Current?.CancellationToken ?? default;

    /// <summary>Where output of the running cell goes, or null where no notebook runs.</summary>
    public static INotebookOutput? Output => Current?.Output;

    /// <summary>The cell's execution count, or null where no notebook runs.</summary>
    public static int? Number => Current?.Number;

    private static Context? Current => Flowing.Value ?? (latest is { HasEnded: false } context ? context : null);

    /// <summary>For hosts: makes a cell the running one for the calling code and all it starts, until the result is disposed.</summary>
    public static IDisposable Enter(int number, INotebookOutput output, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(output);
        var context = new Context(number, output, cancellationToken);
        var scope = new Scope(context, Flowing.Value, latest, AmbientCancellation.Enter(cancellationToken));
        Flowing.Value = latest = context;
        return scope;
    }

    private sealed record Context(int Number, INotebookOutput Output, CancellationToken CancellationToken)
    {
        // Of two sessions in one process, the cell that began first may end last.
        public bool HasEnded { get; set; }
    }

    private sealed class Scope(Context context, Context? flowingBefore, Context? latestBefore, IDisposable cancellation) : IDisposable
    {
        public void Dispose()
        {
            context.HasEnded = true;
            cancellation.Dispose();
            Flowing.Value = flowingBefore;
            if (latest == context) latest = latestBefore;
        }
    }
}
