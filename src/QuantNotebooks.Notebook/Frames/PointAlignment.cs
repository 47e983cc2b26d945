using System.Collections.Immutable;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>
/// Lets the points of a column stand below one another where its numbers have different numbers of decimals: blanks as wide as what is missing behind a number.
/// </summary>
internal static class PointAlignment
{
    /// <summary>The same table with blanks behind numbers, whose whole values stay what they were.</summary>
    /// <param name="table">A table whose numbers stand at the right edge.</param>
    /// <param name="digit">A blank as wide as a digit.</param>
    /// <param name="point">A blank as wide as the point.</param>
    public static Table Of(Table table, char digit, char point)
    {
        var decimals = table.Columns.Select((column, index) => column.IsNumeric ? table.Rows.Max(row => Decimals(row[index].Text)) ?? 0 : 0).ToArray();
        if (decimals.All(most => most == 0)) return table;
        return table with { Rows = [.. table.Rows.Select(row => row.Select((cell, index) => Padded(cell, decimals[index], digit, point)).ToImmutableArray())] };
    }

    private static TableCell Padded(TableCell cell, int most, char digit, char point)
    {
        if (Decimals(cell.Text) is not { } own || own == most) return cell;
        var blanks = new string(digit, most - own);
        return new TableCell(cell.Text + (own == 0 ? point + blanks : blanks), cell.Value);
    }

    // Null for what has no point to be aligned: no number, and numbers with an exponent.
    private static int? Decimals(string text)
    {
        if (text.Length == 0 || !text.All(character => char.IsAsciiDigit(character) || character is '.' or ',' or '-' or '+') || !text.Any(char.IsAsciiDigit)) return null;
        var at = text.IndexOf('.', StringComparison.Ordinal);
        return at < 0 ? 0 : text.Length - at - 1;
    }
}
