using System.Collections.Immutable;
using QuantNotebooks.Notebook.Frames;
using QuantNotebooks.Notebook.Hosting;

namespace QuantNotebooks.Kernel.Magics;

/// <summary>A small table as a cell's output.</summary>
internal static class TableOutput
{
    public static MimeBundle Of(ImmutableArray<TableColumn> columns, IEnumerable<TableCell[]> rows)
    {
        var table = new Table(columns, [.. rows.Select(row => row.ToImmutableArray())]);
        return new MimeBundle(
            new MimePart(MimeBundle.Html, HtmlTable.Render(table, table.Rows.Length)),
            new MimePart(MimeBundle.PlainText, PlainTable.Render(table)));
    }
}
