namespace QuantNotebooks.Tests;

/// <summary>What long runs measure, for whoever writes it down: a line each, in the file of the environment variable QUANTNB_FIGURES.</summary>
internal static class Figures
{
    private static readonly Lock Gate = new();

    public static void Add(FormattableString line)
    {
        if (Environment.GetEnvironmentVariable("QUANTNB_FIGURES") is not { Length: > 0 } file) return;
        lock (Gate) File.AppendAllText(file, FormattableString.Invariant(line) + "\n");
    }
}
