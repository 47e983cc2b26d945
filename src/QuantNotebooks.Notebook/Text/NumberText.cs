using System.Globalization;

namespace QuantNotebooks.Notebook.Text;

/// <summary>Numbers as people read them in tables and sentences: few digits, invariant culture.</summary>
internal static class NumberText
{
    // Within a decimal's digits with room for all decimals that anybody asks for.
    private const double LargestDecimal = 1e12;

    /// <summary>The nearest number with so many significant digits; null for what is not finite, so that JSON shows a gap.</summary>
    public static double? Rounded(double value, int digits = 4) => double.IsFinite(value)
        ? double.Parse(value.ToString("E" + (digits - 1).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)
        : null;

    /// <summary>So many significant digits, without an exponent from 0.0001 to 10,000,000: "0.0123", "1.2e-7"; a dash for NaN.</summary>
    public static string Significant(double value, int digits = 4)
    {
        if (double.IsNaN(value)) return "–";
        if (double.IsInfinity(value)) return value > 0 ? "∞" : "-∞";
        var rounded = Rounded(value, digits)!.Value;
        var size = Math.Abs(rounded);
        if (rounded == 0) return "0";
        if (size is >= 1e-4 and < 1e7)
        {
            var decimals = Math.Clamp(digits - 1 - (int)Math.Floor(Math.Log10(size)), 0, 12);
            var text = rounded.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
            return decimals == 0 ? text : text.TrimEnd('0').TrimEnd('.');
        }
        return rounded.ToString("0." + new string('#', digits - 1) + "e+0", CultureInfo.InvariantCulture).Replace("e+", "e", StringComparison.Ordinal);
    }

    /// <summary>A share from 0 to 1 in percent with one decimal: "37.2 %"; a dash for NaN.</summary>
    public static string Percent(double share, int decimals = 1) => double.IsNaN(share)
        ? "–"
        : Fixed(100 * share, decimals) + " %";

    /// <summary>So many decimals, the half away from zero: 54.15 is "54.2", also where it is a product that came out a hair below. Finite numbers only.</summary>
    public static string Fixed(double value, int decimals)
    {
        var format = "F" + decimals.ToString(CultureInfo.InvariantCulture);
        return Math.Abs(value) < LargestDecimal
            ? decimal.Round((decimal)value, decimals, MidpointRounding.AwayFromZero).ToString(format, CultureInfo.InvariantCulture)
            : value.ToString(format, CultureInfo.InvariantCulture);
    }

    /// <summary>Whole numbers with commas: "12,345".</summary>
    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>"1 channel", "3 channels".</summary>
    public static string Count(long value, string singular) => $"{Count(value)} {singular}{(value == 1 ? "" : "s")}";
}
