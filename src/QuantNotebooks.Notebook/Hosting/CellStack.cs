using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace QuantNotebooks.Notebook.Hosting;

/// <summary>How functions of cells look at the stack before they go on. Not for use by hand.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class CellStack
{
    // Each function that an exception leaves asynchronously copies the trace so far: of a million of them nobody would see the end.
    private const int MostForAsync = 1 << 20;

    [ThreadStatic]
    private static nint _top;

    /// <exception cref="InsufficientExecutionStackException">The stack is nearly full.</exception>
    public static void Check() => RuntimeHelpers.EnsureSufficientExecutionStack();

    /// <summary>Always true, where there is room to go on.</summary>
    /// <exception cref="InsufficientExecutionStackException">The stack is nearly full.</exception>
    public static bool HasRoom()
    {
        Check();
        return true;
    }

    /// <exception cref="InsufficientExecutionStackException">Asynchronous functions have called each other, without a pause between, too deep.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static unsafe void CheckAsync()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        byte here;
        var place = (nint)(&here);
        if (place > _top) _top = place; // the stack grows downwards
        if (_top - place > MostForAsync) throw new InsufficientExecutionStackException();
    }
}
