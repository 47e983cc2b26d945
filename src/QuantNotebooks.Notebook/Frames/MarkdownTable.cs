using System.Text;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>A table in GitHub's Markdown: numbers at the right, everything that Markdown or HTML would read as markup escaped.</summary>
internal static class MarkdownTable
{
    public static string Render(Table table)
    {
        // Row numbers only count: a text without them is easier to read.
        int[] shown = [.. Enumerable.Range(0, table.Columns.Length).Where(column => !table.Columns[column].IsRowNumber)];
        var text = new StringBuilder();
        AppendRow(text, shown.Select(column => Escaped(table.Columns[column].Title)));
        AppendRow(text, shown.Select(column => table.Columns[column].IsNumeric ? "---:" : "---"));
        foreach (var row in table.Rows) AppendRow(text, shown.Select(column => Escaped(row[column].Text)));
        return text.ToString();
    }

    private static void AppendRow(StringBuilder text, IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

    private static string Escaped(string cell)
    {
        var text = new StringBuilder();
        for (var index = 0; index < cell.Length; index++)
        {
            var character = cell[index];
            // An underscore inside a word is no markup, and names are full of them.
            var inWord = character == '_' && index > 0 && index + 1 < cell.Length && char.IsLetterOrDigit(cell[index - 1]) && char.IsLetterOrDigit(cell[index + 1]);
            if (character is '\r' or '\n') text.Append(' ');
            else if (character == '<') text.Append("&lt;");
            else if (character == '&') text.Append("&amp;");
            else if (!inWord && character is '\\' or '|' or '*' or '_' or '`' or '[' or ']' or '~') text.Append('\\').Append(character);
            else text.Append(character);
        }
        return text.ToString();
    }
}
