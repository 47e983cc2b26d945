using System.Globalization;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>Values of cells as text: rounded to be read, and exact to be copied. Invariant culture.</summary>
internal static class CellText
{
    private const int LongestCell = 80;

    // Whole numbers from here on have commas.
    private const int LeastGrouped = 1_000;

    // Sentences break into lines; a name does not.
    private const int LongestSentence = 400;

    /// <summary>Whether values of this type are numbers that stand at the right edge.</summary>
    public static bool IsNumeric(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return !type.IsEnum && Type.GetTypeCode(type) is >= TypeCode.SByte and <= TypeCode.Decimal || type == typeof(Half);
    }

    /// <summary>The text that people read.</summary>
    /// <param name="value">Any value; null is the empty text.</param>
    /// <param name="number">How the column writes numbers that are not whole.</param>
    public static string Shown(object? value, Func<double, string> number) => value switch
    {
        null => "",
        double real => number(real),
        float real => number(real),
        Half real => number((double)real),
        decimal real => number((double)real),
        int or long or uint or ulong when Convert.ToDecimal(value, CultureInfo.InvariantCulture) is var whole && Math.Abs(whole) >= LeastGrouped => whole.ToString("N0", CultureInfo.InvariantCulture),
        NameList names => LayerText.Shortened(names.ToString(), LongestCell),
        string text when text.Contains(' ', StringComparison.Ordinal) => LayerText.Shortened(text, LongestSentence),
        _ => LayerText.Shortened(Exact(value), LongestCell),
    };

    /// <summary>The whole value: numbers so that they read back as the same number, times as ISO 8601.</summary>
    public static string Exact(object? value) => value switch
    {
        null => "",
        string text => text,
        bool flag => flag ? "true" : "false",
        NameList names => names.Full,
        double real => real.ToString("R", CultureInfo.InvariantCulture),
        float real => real.ToString("R", CultureInfo.InvariantCulture),
        DateTime or DateTimeOffset or DateOnly or TimeOnly => ((IFormattable)value).ToString("O", CultureInfo.InvariantCulture),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    /// <summary>The cell of a value.</summary>
    public static TableCell Cell(object? value, Func<double, string> number)
    {
        var (shown, exact) = (Shown(value, number), Exact(value));
        return new TableCell(shown, shown == exact ? null : exact);
    }

    /// <summary>
    /// How a column writes its numbers. Percent and decibels have one decimal. Numbers of like size share the decimals that give the largest four digits, so that points
    /// stand below one another; a column that spans more than two and a half decades gives each number its own four digits, unless all are rounded to at most
    /// three decimals already: then they share these.
    /// </summary>
    /// <param name="values">The column's numbers.</param>
    /// <param name="heading">Its heading, which ends in "%" where it holds percent, and has the word "dB" where it holds decibels.</param>
    public static Func<double, string> FormatOf(IEnumerable<double> values, string heading)
    {
        if (heading.EndsWith('%') || heading.Split(' ').Contains("dB")) return value => double.IsFinite(value) ? NumberText.Fixed(value, 1) : NumberText.Significant(value);
        var (low, high) = (double.PositiveInfinity, 0.0);
        double[] all = [.. values.Where(double.IsFinite)];
        foreach (var value in all)
        {
            var size = Math.Abs(value);
            if (size > 0) (low, high) = (Math.Min(low, size), Math.Max(high, size));
        }
        if (high == 0 || high >= 1e7 || low < 1e-6) return value => NumberText.Significant(value);
        if (Math.Log10(high / low) > 2.5)
        {
            // Who rounded them to a few decimals wants to see those.
            var few = Enumerable.Range(0, 4).FirstOrDefault(decimals => all.All(value => Math.Round(value, decimals) == value), -1);
            return few < 0 ? value => NumberText.Significant(value) : value => double.IsFinite(value) ? value.ToString("F" + few, CultureInfo.InvariantCulture) : NumberText.Significant(value);
        }
        var most = Math.Clamp(3 - (int)Math.Floor(Math.Log10(high)), 0, 15);
        // Decimals that are zero in all rows say nothing.
        while (most > 0 && all.All(value => Math.Round(value, most) == Math.Round(value, most - 1))) most--;
        var decimals = "F" + most.ToString(CultureInfo.InvariantCulture);
        return value => value != 0 && double.IsFinite(value) ? value.ToString(decimals, CultureInfo.InvariantCulture) : NumberText.Significant(value);
    }
}
