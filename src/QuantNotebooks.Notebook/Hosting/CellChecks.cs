using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace QuantNotebooks.Notebook.Hosting;

/// <summary>
/// How code of cells looks, before it goes on, whether there is room on the stack and whether the user has interrupted it. Not for use by hand.
/// </summary>
/// <remarks>
/// The runtime can abort code that does not ask, but where that meets a function that is about to return the process ends with it (.NET 10 on Linux).
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class CellChecks
{
    // Each function that an exception leaves asynchronously copies the trace so far: of a million of them nobody would see the end.
    private const int MostForAsync = 1 << 20;

    // The interrupts that some code may not have seen yet. Loops read this each time they go round: the running cell is looked up only then.
    private static volatile int _interrupts;

    [ThreadStatic]
    private static nint _top;

    /// <summary>When a function begins.</summary>
    /// <exception cref="InsufficientExecutionStackException">The stack is nearly full.</exception>
    /// <exception cref="OperationCanceledException">The cell was interrupted.</exception>
    public static void Function()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (_interrupts != 0) ThrowIfInterrupted();
    }

    /// <summary>When a function begins that cleans up, and must do so after an interrupt too.</summary>
    /// <exception cref="InsufficientExecutionStackException">The stack is nearly full.</exception>
    public static void Cleanup() => RuntimeHelpers.EnsureSufficientExecutionStack();

    /// <summary>When an asynchronous function begins.</summary>
    /// <exception cref="InsufficientExecutionStackException">Asynchronous functions have called each other, without a pause between, too deep.</exception>
    /// <exception cref="OperationCanceledException">The cell was interrupted.</exception>
    public static void AsyncFunction()
    {
        AsyncCleanup();
        if (_interrupts != 0) ThrowIfInterrupted();
    }

    /// <summary>When an asynchronous function begins that cleans up.</summary>
    /// <exception cref="InsufficientExecutionStackException">Asynchronous functions have called each other, without a pause between, too deep.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static unsafe void AsyncCleanup()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        byte here;
        var place = (nint)(&here);
        if (place > _top) _top = place; // the stack grows downwards
        if (_top - place > MostForAsync) throw new InsufficientExecutionStackException();
    }

    /// <summary>When a loop goes round, or a function begins that calls none.</summary>
    /// <exception cref="OperationCanceledException">The cell was interrupted.</exception>
    public static void Loop()
    {
        if (_interrupts != 0) ThrowIfInterrupted();
    }

    /// <summary>Where only an expression can stand: always true, where the code may go on.</summary>
    /// <exception cref="InsufficientExecutionStackException">The stack is nearly full.</exception>
    /// <exception cref="OperationCanceledException">The cell was interrupted.</exception>
    public static bool MayGoOn()
    {
        Function();
        return true;
    }

    /// <summary>For hosts: that the token of a running cell was cancelled. Until the result is disposed of, the checks look at it.</summary>
    public static IDisposable BeginInterrupt() => new Interrupt();

    private static void ThrowIfInterrupted() => RunningCell.CancellationToken.ThrowIfCancellationRequested();

    private sealed class Interrupt : IDisposable
    {
        private bool _isDisposed;

        public Interrupt() => Interlocked.Increment(ref _interrupts);

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _isDisposed, true)) Interlocked.Decrement(ref _interrupts);
        }
    }
}
