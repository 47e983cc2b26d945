using System.Globalization;
using System.Text;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>How many columns of a terminal a text takes: none for combining marks, two for East Asian wide characters and emoji.</summary>
internal static class DisplayWidth
{
    public static int Of(string text)
    {
        var width = 0;
        foreach (var rune in text.EnumerateRunes()) width += Of(rune);
        return width;
    }

    /// <summary>The text on one line: control characters, which move the cursor or colour the terminal, become a middle dot.</summary>
    public static string Printable(string text)
    {
        StringBuilder? changed = null;
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsControl(text[i]) && text[i] is not ('\u2028' or '\u2029')) continue;
            changed ??= new StringBuilder(text);
            changed[i] = '·';
        }
        return changed?.ToString() ?? text;
    }

    /// <summary>The beginning of a sentence, or both ends of a name, in so many columns.</summary>
    public static string Shortened(string text, int width)
    {
        if (!text.Contains(' ', StringComparison.Ordinal) && Of(text) == text.Length) return LayerText.Shortened(text, width);
        var kept = new StringBuilder();
        var taken = 1;
        foreach (var rune in text.EnumerateRunes())
        {
            if ((taken += Of(rune)) > width) break;
            kept.Append(rune);
        }
        return kept.Append('…').ToString();
    }

    private static int Of(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format => 0,
        _ => IsWide(rune.Value) ? 2 : 1,
    };

    private static bool IsWide(int value) => value is >= 0x1100 and <= 0x115F or >= 0x2E80 and <= 0x303E or >= 0x3041 and <= 0xA4CF or >= 0xAC00 and <= 0xD7A3
        or >= 0xF900 and <= 0xFAFF or >= 0xFE30 and <= 0xFE6F or >= 0xFF00 and <= 0xFF60 or >= 0xFFE0 and <= 0xFFE6 or >= 0x1F300 and <= 0x1F64F
        or >= 0x1F900 and <= 0x1F9FF or >= 0x20000 and <= 0x3FFFD;
}
