using System.Globalization;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Kernel.CommandLine.Reports;

/// <summary>Numbers as tables show them; "-" for what is not a number or was not measured.</summary>
internal static class Digits
{
    /// <summary>Three significant digits.</summary>
    public static string Short(double? value) => Format(value, "G3");

    /// <summary>A signed number with three significant digits.</summary>
    public static string Signed(double? value) => value > 0 ? "+" + Short(value) : Short(value);

    /// <summary>A share, 0 to 1, in percent.</summary>
    public static string Percent(double? share) => Fixed(share * 100, 1);

    /// <summary>An accuracy, 0 to 1, in percent with the digits that thousands of images give.</summary>
    public static string Accuracy(double? share) => Fixed(share * 100, 2);

    /// <summary>Decibels; an output without noise has infinitely many.</summary>
    public static string Decibels(double? value) => value is double.PositiveInfinity ? "inf" : Format(value, "F1");

    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Fixed(double? value, int decimals) => value is { } number && double.IsFinite(number) ? NumberText.Fixed(number, decimals) : "-";

    public static string Format(double? value, string format) =>
        value is { } number && double.IsFinite(number) ? number.ToString(format, CultureInfo.InvariantCulture) : "-";
}
