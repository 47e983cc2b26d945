using System.Collections.Immutable;
using Deedle;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>Any Deedle frame as a table: numbers with four significant digits, percent with one decimal, wide frames elided, long ones where asked.</summary>
internal static class FrameTable
{
    private const int MostColumns = 30;

    /// <summary>Makes the table.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="mostRows">Of more rows the first and the last are taken.</param>
    public static Table Of(IFrame frame, int mostRows) => Of(frame, _ => mostRows);

    /// <summary>Makes the table.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="mostRows">Of more rows than this gives for the number of columns, the first and the last are taken.</param>
    public static Table Of(IFrame frame, Func<int, int> mostRows)
    {
        var content = FrameContent.Of(frame);
        var notes = ColumnNotes.Of(frame);
        var keptColumns = Kept(content.Headings.Length, MostColumns);
        var keptRows = Kept(content.RowCount, Math.Max(mostRows(keptColumns.Length), Table.FirstKept + Table.LastKept)).Where(row => row >= 0).ToArray();
        var formats = keptColumns.Select(column => column < 0 ? null : content.FormatOf(column)).ToArray();

        var columns = ImmutableArray.CreateBuilder<TableColumn>();
        columns.Add(content.HasNumberedRows ? new TableColumn("#", true, "number of the row", IsRowNumber: true) : new TableColumn("", false));
        foreach (var column in keptColumns)
        {
            if (column < 0)
            {
                columns.Add(new TableColumn("…", false));
                continue;
            }
            var note = notes.GetValueOrDefault(content.Headings[column]);
            columns.Add(new TableColumn(content.Headings[column], content.IsNumeric(column), note?.About, note?.IsSecondary ?? false));
        }

        var rows = ImmutableArray.CreateBuilder<ImmutableArray<TableCell>>(keptRows.Length);
        foreach (var row in keptRows)
        {
            var cells = ImmutableArray.CreateBuilder<TableCell>(columns.Count);
            cells.Add(CellText.Cell(content.RowKey(row), _ => ""));
            for (var index = 0; index < keptColumns.Length; index++)
                cells.Add(keptColumns[index] < 0 ? new TableCell("…") : CellText.Cell(content.Value(row, keptColumns[index]), formats[index]!));
            rows.Add(cells.MoveToImmutable());
        }
        return new Table(columns.ToImmutable(), rows.MoveToImmutable(), content.RowCount - keptRows.Length, content.Headings.Length - keptColumns.Count(column => column >= 0));
    }

    // Positions to show, with -1 where some are left out.
    private static int[] Kept(int count, int most) => count <= most
        ? [.. Enumerable.Range(0, count)]
        : [.. Enumerable.Range(0, Table.FirstKept), -1, .. Enumerable.Range(count - Table.LastKept, Table.LastKept)];
}
