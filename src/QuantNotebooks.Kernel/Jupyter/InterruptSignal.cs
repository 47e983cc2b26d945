using System.Runtime.InteropServices;

namespace QuantNotebooks.Kernel.Jupyter;

/// <summary>The signal by which Jupyter interrupts a kernel, SIGINT. Not on Windows.</summary>
internal static unsafe partial class InterruptSignal
{
    // The same on Linux and macOS.
    private const int Number = 2;
    private const nint Default = 0;
    private const nint Ignored = 1;

    /// <summary>More than any system's struct sigaction, which begins with the handler.</summary>
    private const int ActionSize = 512;

    /// <summary>
    /// Lets the signal come where whoever started the process ignores it, as a script's background jobs do: that is inherited, and .NET then keeps the signal from its own handlers.
    /// To be called before these are there: the console's comes with its first use, or with the first process that is started.
    /// </summary>
    public static void Allow()
    {
        if (OperatingSystem.IsWindows()) return;
        var action = stackalloc byte[ActionSize];
        if (Query(Number, null, action) == 0 && *(nint*)action == Ignored) _ = Set(Number, Default);
    }

    [LibraryImport("libc", EntryPoint = "sigaction")]
    private static partial int Query(int signal, void* action, void* current);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint Set(int signal, nint handler);
}
