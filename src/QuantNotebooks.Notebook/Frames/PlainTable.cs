using System.Text;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>A table for a terminal: aligned by display width, every line as wide as the others.</summary>
internal static class PlainTable
{
    private const string Gap = "  ";

    public static string Render(Table table)
    {
        var titles = table.Columns.Select(column => DisplayWidth.Printable(column.Title)).ToArray();
        var lines = table.Rows.Select(row => row?.Select(cell => DisplayWidth.Printable(cell.Text)).ToArray()).ToArray();
        var widths = titles.Select(DisplayWidth.Of).ToArray();
        foreach (var line in lines)
            for (var column = 0; line is not null && column < widths.Length; column++)
                widths[column] = Math.Max(widths[column], DisplayWidth.Of(line[column]));
        // A narrow table is widened to the line that says what was left out.
        if (table.HiddenRows > 0) widths[^1] += Math.Max(0, DisplayWidth.Of(table.HiddenRowsText) - TotalWidth(widths));

        var text = new StringBuilder();
        AppendLine(text, table, widths, titles);
        text.AppendJoin(Gap, widths.Select(width => new string('─', width))).Append('\n');
        foreach (var line in lines)
            if (line is null) AppendPadded(text, table.HiddenRowsText, TotalWidth(widths), false).Append('\n');
            else AppendLine(text, table, widths, line);
        if (table.Rows.IsEmpty) text.Append("no rows\n");
        if (table.HiddenColumns > 0) text.Append(Text.NumberText.Count(table.HiddenColumns, "column")).Append(" not shown\n");
        return text.ToString();
    }

    private static int TotalWidth(int[] widths) => widths.Sum() + Gap.Length * (widths.Length - 1);

    private static void AppendLine(StringBuilder text, Table table, int[] widths, string[] cells)
    {
        for (var column = 0; column < cells.Length; column++)
        {
            if (column > 0) text.Append(Gap);
            AppendPadded(text, cells[column], widths[column], table.Columns[column].IsNumeric);
        }
        text.Append('\n');
    }

    private static StringBuilder AppendPadded(StringBuilder text, string cell, int width, bool right)
    {
        var padding = Math.Max(0, width - DisplayWidth.Of(cell));
        return right ? text.Append(' ', padding).Append(cell) : text.Append(cell).Append(' ', padding);
    }
}
