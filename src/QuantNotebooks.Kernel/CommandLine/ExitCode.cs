namespace QuantNotebooks.Kernel.CommandLine;

/// <summary>What quantnb tells the shell.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>The work failed; standard error says why.</summary>
    public const int Failed = 1;

    /// <summary>The command line makes no sense; standard error says what.</summary>
    public const int WrongUsage = 2;

    /// <summary>The user stopped it, as shells count an interrupt.</summary>
    public const int Interrupted = 130;
}
