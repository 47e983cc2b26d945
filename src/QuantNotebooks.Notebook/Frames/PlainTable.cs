using System.Text;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>
/// A table for a terminal, at most 120 columns wide: aligned by display width, headings broken into lines, long texts shortened, and where that is not enough
/// columns left out and named.
/// </summary>
internal static class PlainTable
{
    private const string Gap = "  ";
    private const int Widest = 120;
    private const int ShortestText = 24;

    public static string Render(Table given)
    {
        var table = PointAlignment.Of(given, ' ', ' ');
        var columns = table.Columns.Select((column, index) => new PlainColumn(column, [.. table.Rows.Select(row => DisplayWidth.Printable(row[index].Text))])).ToList();
        var left = columns.Where(column => column.Column.IsSecondary).ToList();
        columns.RemoveAll(left.Contains);
        Fit(columns, left);
        var hidden = Table.GapText(table.MissingRows);
        // A narrow table is widened to the line that says what was left out.
        if (table.MissingRows > 0) columns[^1].Width += Math.Max(0, DisplayWidth.Of(hidden) - TotalWidth(columns));

        var text = new StringBuilder();
        var heads = columns.Select(column => column.Heading()).ToArray();
        var height = heads.Max(head => head.Length);
        for (var line = 0; line < height; line++)
            AppendLine(text, columns, index => line - (height - heads[index].Length) is >= 0 and var at ? heads[index][at] : "");
        text.AppendJoin(Gap, columns.Select(column => new string('─', column.Width))).Append('\n');
        for (var row = 0; row < table.Rows.Length; row++)
        {
            if (table.MissingRows > 0 && row == Table.FirstKept) AppendPadded(text, hidden, TotalWidth(columns), false).Append('\n');
            AppendLine(text, columns, index => columns[index].Cells[row]);
        }
        if (table.Rows.IsEmpty) text.Append("no rows\n");
        if (table.MissingColumns > 0) text.Append(NumberText.Count(table.MissingColumns, "column")).Append(" not shown\n");
        if (table.Footnote is { } footnote) text.Append(DisplayWidth.Printable(footnote)).Append('\n');
        if (left.Count > 0)
            text.Append(NumberText.Count(left.Count, "more column")).Append(": ")
                .AppendJoin(", ", left.OrderBy(column => table.Columns.IndexOf(column.Column)).Select(column => DisplayWidth.Printable(column.Column.Title))).Append('\n');
        return text.ToString();
    }

    // Long texts give way first, then the last columns.
    private static void Fit(List<PlainColumn> columns, List<PlainColumn> left)
    {
        while (TotalWidth(columns) > Widest)
        {
            var longest = columns.Where(column => !column.Column.IsNumeric).MaxBy(column => column.Width);
            if (longest is not null && longest.Width > ShortestText)
            {
                longest.Shorten(Math.Max(ShortestText, longest.Width - (TotalWidth(columns) - Widest)));
                continue;
            }
            if (columns.Count <= 2) return;
            left.Add(columns[^1]);
            columns.RemoveAt(columns.Count - 1);
        }
    }

    private static int TotalWidth(List<PlainColumn> columns) => columns.Sum(column => column.Width) + Gap.Length * (columns.Count - 1);

    private static void AppendLine(StringBuilder text, List<PlainColumn> columns, Func<int, string> cell)
    {
        for (var index = 0; index < columns.Count; index++)
        {
            if (index > 0) text.Append(Gap);
            AppendPadded(text, cell(index), columns[index].Width, columns[index].Column.IsNumeric);
        }
        text.Append('\n');
    }

    private static StringBuilder AppendPadded(StringBuilder text, string cell, int width, bool right)
    {
        var padding = Math.Max(0, width - DisplayWidth.Of(cell));
        return right ? text.Append(' ', padding).Append(cell) : text.Append(cell).Append(' ', padding);
    }

    /// <summary>A column while its width is sought.</summary>
    private sealed class PlainColumn
    {
        private readonly string[] _words;

        public PlainColumn(TableColumn column, string[] cells)
        {
            (Column, Cells) = (column, cells);
            _words = DisplayWidth.Printable(column.Title).Split(' ');
            Width = WidthOf(cells);
        }

        public TableColumn Column { get; }

        public string[] Cells { get; private set; }

        public int Width { get; set; }

        /// <summary>The heading in lines that are no wider than the column.</summary>
        public string[] Heading()
        {
            var lines = new List<string>();
            foreach (var word in _words)
                if (lines.Count > 0 && DisplayWidth.Of(lines[^1]) + 1 + DisplayWidth.Of(word) <= Width) lines[^1] += " " + word;
                else lines.Add(word);
            return [.. lines];
        }

        public void Shorten(int width)
        {
            Cells = [.. Cells.Select(cell => DisplayWidth.Of(cell) <= width ? cell : DisplayWidth.Shortened(cell, width))];
            Width = WidthOf(Cells);
        }

        private int WidthOf(string[] cells) => Math.Max(_words.Max(DisplayWidth.Of), cells.Select(DisplayWidth.Of).DefaultIfEmpty(0).Max());
    }
}
