using System.Globalization;

namespace QuantNotebooks.Kernel.Scripting;

/// <summary>
/// The colours that a cell sets by <see cref="Console.ForegroundColor"/> and <see cref="Console.BackgroundColor"/>. .NET itself writes them to terminals only, past
/// Console.Out. They are the process's, as the console is. Where .NET does not remember them, as on Windows without a console window, there are none.
/// </summary>
internal static class ConsoleColours
{
    private const string Reset = "\u001b[0m";

    // ConsoleColor counts in the order blue, green, red; terminals in the order red, green, blue.
    private static readonly int[] Terminal = [30, 34, 32, 36, 31, 35, 33, 37, 90, 94, 92, 96, 91, 95, 93, 97];

    // What .NET has where no colour is set.
    private static readonly (ConsoleColor Foreground, ConsoleColor Background) None = Current;

    private static (ConsoleColor Foreground, ConsoleColor Background) Current => (Console.ForegroundColor, Console.BackgroundColor);

    /// <summary>Text as terminals want it in the colours that are set; each piece for itself, so that pieces may be mixed and cut.</summary>
    public static string Apply(string text)
    {
        var colours = Current;
        if (colours == None) return text;
        // The end of a line is left out: behind it another text may stand.
        var end = text.AsSpan().TrimEnd("\r\n").Length;
        return end == 0 ? text : $"{Start(colours)}{text.AsSpan(0, end)}{Reset}{text.AsSpan(end)}";
    }

    /// <summary>Sets no colour, as a cell begins with.</summary>
    public static void Clear()
    {
        if (Current != None) Console.ResetColor();
    }

    private static string Start((ConsoleColor Foreground, ConsoleColor Background) colours)
    {
        var codes = new List<int>();
        if (colours.Foreground != None.Foreground) codes.Add(Terminal[(int)colours.Foreground]);
        if (colours.Background != None.Background) codes.Add(Terminal[(int)colours.Background] + 10);
        return $"\u001b[{string.Join(';', codes.Select(code => code.ToString(CultureInfo.InvariantCulture)))}m";
    }
}
