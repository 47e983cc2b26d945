namespace QuantNotebooks.Kernel.Session;

/// <summary>What to call a cell in a line about it.</summary>
internal static class CellTitle
{
    private const int Length = 60;

    /// <summary>The first line that says something, at most 60 characters of it; empty where none does.</summary>
    public static string Of(string source)
    {
        var line = source.Split('\n').Select(text => text.Trim()).FirstOrDefault(text => text.Length > 0, "");
        return line.Length <= Length ? line : string.Concat(line.AsSpan(0, Length - 1), "…");
    }
}
