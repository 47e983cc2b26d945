using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>
/// A table for a notebook. Colours come from the page, so it reads in light and dark. Headings sort, a button copies the whole table as CSV, a box shows the
/// secondary columns, and a wide table scrolls in its own box beside its first columns. Everything it needs is in it: many tables share a page, and nothing is
/// fetched. Without scripts, and without styles, it is a plain table.
/// </summary>
internal static class HtmlTable
{
    /// <summary>Tables of more cells don't hold all of them, for a notebook's outputs stay in its file: about 50 bytes a cell.</summary>
    public const int MostCells = 10_000;

    /// <summary>A text longer than this is a sentence: its column is kept wide enough to be read.</summary>
    private const int LongestName = 32;

    /// <summary>A word longer than this may break behind its punctuation.</summary>
    private const int LongestWord = 18;

    private const char FigureSpace = '\u2007';
    private const char PunctuationSpace = '\u2008';

    private static readonly Lazy<string> Style = new(() => EmbeddedText.Read("Frames.table.css"));
    private static readonly Lazy<string> Script = new(() => EmbeddedText.Read("Frames.table.js").TrimEnd().TrimEnd(';'));

    /// <summary>Renders a table.</summary>
    /// <param name="given">The table.</param>
    /// <param name="longest">A table of more rows shows the first and the last of them until somebody asks for all.</param>
    public static string Render(Table given, int longest)
    {
        var id = "quant-" + Guid.NewGuid().ToString("n");
        var (table, more) = Parted(given);
        var html = new StringBuilder("<div class=\"quant-frame\" data-quant-table=\"").Append(id).Append("\"><style>").Append(Style.Value).Append('\n');
        AppendColumnStyles(html, table, 0, id);
        AppendColumnStyles(html, more, table.Columns.Length, id);
        html.Append("</style><div class=\"quant-box\" tabindex=\"0\" role=\"group\" aria-label=\"").Append(WebUtility.HtmlEncode(SpokenName(table))).Append("\"><table").Append(table.MissingRows > 0 ? " data-missing" : "").Append('>');
        AppendContent(html, table, longest);
        html.Append("</table></div>");
        AppendTools(html, table);
        if (!table.Rows.IsEmpty) html.Append("<script>(").Append(Script.Value).Append(")(\"").Append(id).Append('"').Append(more.Columns.IsEmpty ? "" : ", " + Json(more)).Append(")</script>");
        return html.Append("</div>").ToString();
    }

    /// <summary>The columns that everybody sees, and the secondary ones: the script adds these at the end, for a host that drops scripts drops what would hide them too.</summary>
    private static (Table Table, Table More) Parted(Table table)
    {
        return (Only(false), Only(true));

        Table Only(bool secondary) => table with
        {
            Columns = [.. table.Columns.Where(column => column.IsSecondary == secondary)],
            Rows = [.. table.Rows.Select(row => row.Where((_, column) => table.Columns[column].IsSecondary == secondary).ToImmutableArray())],
        };
    }

    /// <summary>Headings and rows of the columns that the script adds, as HTML.</summary>
    private static string Json(Table given)
    {
        var table = PointAlignment.Of(given, FigureSpace, PunctuationSpace);
        return JsonSerializer.Serialize(new
        {
            heads = string.Concat(table.Columns.Select(column => Built(html => AppendHeading(html, column)))),
            rows = table.Rows.Select(row => string.Concat(row.Select((cell, column) => Built(html => AppendCell(html, table.Columns[column], cell))))),
            count = table.Columns.Length,
        });

        static string Built(Action<StringBuilder> append)
        {
            var html = new StringBuilder();
            append(html);
            return html.ToString();
        }
    }

    /// <summary>What a screen reader calls the table.</summary>
    private static string SpokenName(Table table)
    {
        string[] named = [.. table.Columns.Where(column => !column.IsRowNumber && column.Title.Length > 0).Select(column => column.Title)];
        return string.Create(CultureInfo.InvariantCulture, $"table of {table.Rows.Length + table.MissingRows} rows: {string.Join(", ", named.Take(3))}{(named.Length > 3 ? ", ..." : "")}");
    }

    /// <summary>The table alone, without buttons or styles of its own: for a page that has hundreds of short ones.</summary>
    /// <param name="table">The table.</param>
    public static string RenderPlain(Table table)
    {
        var html = new StringBuilder("<table class=\"quant-plain\">");
        AppendContent(html, table, int.MaxValue);
        return html.Append("</table>").ToString();
    }

    private static void AppendContent(StringBuilder html, Table given, int longest)
    {
        var table = PointAlignment.Of(given, FigureSpace, PunctuationSpace);
        html.Append("<thead><tr>");
        foreach (var column in table.Columns) AppendHeading(html, column);
        html.Append("</tr></thead><tbody>");
        AppendRows(html, table, longest);
        html.Append("</tbody>");
    }

    private static void AppendHeading(StringBuilder html, TableColumn column)
    {
        html.Append("<th scope=\"col\"").Append(column.IsNumeric ? " data-number" : "").Append(column.IsRowNumber ? " data-row" : "");
        // No host breaks the word at its hyphen then.
        var title = column.Title.Replace("top-1", "top\u20111", StringComparison.Ordinal);
        if ((column.Name ?? column.Title) is var name && name != title) html.Append(" data-name=\"").Append(WebUtility.HtmlEncode(name)).Append('"');
        if (column.About is { } about) html.Append(" title=\"").Append(WebUtility.HtmlEncode(about)).Append('"');
        html.Append('>').Append(Content(column, title)).Append("</th>");
    }

    private static void AppendRows(StringBuilder html, Table table, int longest)
    {
        var folded = table.MissingRows == 0 && table.Rows.Length > Math.Max(longest, Table.FirstKept + Table.LastKept) ? table.Rows.Length - Table.FirstKept - Table.LastKept : 0;
        for (var row = 0; row < table.Rows.Length; row++)
        {
            if (row == Table.FirstKept && folded + table.MissingRows > 0)
                html.Append("<tr class=\"quant-gap\"><td colspan=\"").Append(table.Columns.Length.ToString(CultureInfo.InvariantCulture)).Append("\">")
                    .Append(WebUtility.HtmlEncode(Table.GapText(folded + table.MissingRows))).Append("</td></tr>");
            html.Append(row >= Table.FirstKept && row < Table.FirstKept + folded ? "<tr hidden>" : "<tr>");
            for (var column = 0; column < table.Columns.Length; column++) AppendCell(html, table.Columns[column], table.Rows[row][column]);
            html.Append("</tr>");
        }
    }

    private static void AppendCell(StringBuilder html, TableColumn column, TableCell cell)
    {
        html.Append("<td");
        // Numbers keep their digits for sorting and copying; a text's other half is worth a look.
        if (cell.Exact is { } exact) html.Append(column.IsNumeric ? " data-v=\"" : " title=\"").Append(WebUtility.HtmlEncode(exact)).Append('"');
        html.Append('>').Append(Content(column, cell.Text)).Append("</td>");
    }

    private static void AppendTools(StringBuilder html, Table table)
    {
        html.Append("<div class=\"quant-tools\"><span>").Append(table.Rows.IsEmpty ? "no rows" : NumberText.Count(table.Rows.Length + table.MissingRows, "row")).Append("</span>");
        if (table.MissingColumns > 0) html.Append("<span>").Append(NumberText.Count(table.MissingColumns, "column")).Append(" not shown</span>");
        if (table.Footnote is { } footnote) html.Append("<span>").Append(WebUtility.HtmlEncode(footnote)).Append("</span>");
        html.Append("</div>");
    }

    // What differs from column to column is said once, not in each cell.
    private static void AppendColumnStyles(StringBuilder html, Table table, int before, string id)
    {
        for (var column = 0; column < table.Columns.Length; column++)
        {
            var cells = FormattableString.Invariant($":is(td,th):nth-child({before + column + 1})");
            var owner = $".quant-frame.quant-frame[data-quant-table=\"{id}\"]";
            if (table.Columns[column].IsNumeric) html.Append(owner).Append(" tr ").Append(cells).Append("{text-align:right}\n");
            else if (table.Rows.Any(row => row[column].Text.Length > LongestName && row[column].Text.Contains(' ', StringComparison.Ordinal)))
                html.Append(owner).Append(" td:nth-child(").Append((before + column + 1).ToString(CultureInfo.InvariantCulture)).Append("){min-width:15em}\n");
            if (table.Columns[column].IsSecondary) html.Append(owner).Append(":not(:has(input:checked)) ").Append(cells).Append("{display:none}\n");
        }
        if (table.Columns is [{ IsRowNumber: true }, { IsNumeric: false }, ..])
            html.Append($".quant-frame.quant-frame[data-quant-table=\"{id}\"] tr :is(td,th):nth-child(2)").Append("{position:sticky;left:2.8em;background:var(--quant-page)}\n");
    }

    // Jupyter aligns cells to the right, and keeps no style of an output that it doesn't trust: there text is on the left only in a block of its own.
    private static string Content(TableColumn column, string text) =>
        column.IsNumeric || column.IsRowNumber || text.Length == 0 ? Breakable(text) : $"<div align=\"left\">{Breakable(text)}</div>";

    // Names of layers break behind dots, slashes and the like, so that they never make a table wider than the page.
    private static string Breakable(string text)
    {
        if (text.Length <= LongestWord) return WebUtility.HtmlEncode(text);
        var html = new StringBuilder();
        foreach (var word in text.Split(' '))
        {
            if (html.Length > 0) html.Append(' ');
            if (word.Length <= LongestWord)
            {
                html.Append(WebUtility.HtmlEncode(word));
                continue;
            }
            var start = 0;
            for (var index = 0; index < word.Length - 1; index++)
            {
                // A piece of one or two characters is no line of its own.
                if (index + 1 - start < 3 || word.Length - index - 1 < 3) continue;
                if (word[index] is not ('.' or '/' or '_' or ':' or '-' or ',') && !(char.IsLower(word[index]) && char.IsUpper(word[index + 1]))) continue;
                html.Append(WebUtility.HtmlEncode(word[start..(index + 1)])).Append("<wbr>");
                start = index + 1;
            }
            html.Append(WebUtility.HtmlEncode(word[start..]));
        }
        return html.ToString();
    }
}
