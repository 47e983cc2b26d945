using System.Globalization;

namespace QuantNotebooks.Quantization;

/// <summary>Bits of a grid as people write them: 2 to 16, or "float" for none, which is null.</summary>
internal static class BitWidth
{
    private const string Float = "float";

    /// <summary>The number itself, when it is one that a grid can have.</summary>
    /// <exception cref="QuantNotebooksException">The number is outside 2 to 16.</exception>
    public static int? Checked(int? bits, string what) => bits is null or (>= 2 and <= 16)
        ? bits
        : throw new QuantNotebooksException(FormattableString.Invariant($"{what} must be 2 to 16, not {bits}."));

    /// <summary>Reads "2" to "16" or "float".</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out int? bits)
    {
        bits = null;
        if (text.Equals(Float, StringComparison.OrdinalIgnoreCase)) return true;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 2 or > 16) return false;
        bits = number;
        return true;
    }

    /// <summary>For example "W8A8" or "W4Afloat".</summary>
    public static string Pair(int? weights, int? activations) => $"W{Name(weights)}A{Name(activations)}";

    private static string Name(int? bits) => bits?.ToString(CultureInfo.InvariantCulture) ?? Float;
}
