using System.Collections.Immutable;
using System.Globalization;
using Deedle;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>Any Deedle frame as a table: numbers with four significant digits, percent with one decimal, long and wide frames elided.</summary>
internal static class FrameTable
{
    private const int FirstKept = 20;
    private const int LastKept = 5;
    private const int LongestCell = 80;

    /// <summary>Makes the table.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="longest">Frames of more rows show the first 20 and the last 5.</param>
    public static Table Of(IFrame frame, int longest)
    {
        var data = frame.Apply(new DataOfFrame());
        var rowKeys = data.RowKeys.Select(key => string.Join(", ", key.Select(part => Text(part, Significant)))).ToArray();
        var numbered = data.RowKeys.All(key => key is [int or long]);
        var headings = data.ColumnKeys.Select(key => string.Join(", ", key.Select(part => Text(part, Significant)))).ToArray();
        var vectors = data.Columns.ToArray();

        var formats = vectors.Select((vector, column) => NumberFormat(vector, headings[column])).ToArray();

        var keptColumns = Kept(headings.Length, FirstKept + LastKept + 5);
        var keptRows = Kept(rowKeys.Length, Math.Max(longest, FirstKept + LastKept));
        var columns = ImmutableArray.CreateBuilder<TableColumn>();
        columns.Add(new TableColumn("", numbered));
        foreach (var column in keptColumns)
            columns.Add(column < 0 ? new TableColumn("…", false) : new TableColumn(headings[column], IsNumeric(vectors[column].Item1)));

        var rows = ImmutableArray.CreateBuilder<ImmutableArray<TableCell>?>();
        foreach (var row in keptRows)
        {
            if (row < 0)
            {
                rows.Add(null);
                continue;
            }
            var cells = ImmutableArray.CreateBuilder<TableCell>();
            cells.Add(new TableCell(rowKeys[row], numbered ? row : null));
            foreach (var column in keptColumns)
                cells.Add(column < 0 ? new TableCell("…") : Cell(vectors[column].Item2.GetObject(row), formats[column]));
            rows.Add(cells.ToImmutable());
        }
        return new Table(columns.ToImmutable(), rows.ToImmutable(),
            rowKeys.Length - keptRows.Count(row => row >= 0), headings.Length - keptColumns.Count(column => column >= 0));
    }

    // Positions to show, with -1 where some are left out.
    private static int[] Kept(int count, int longest) => count <= longest
        ? [.. Enumerable.Range(0, count)]
        : [.. Enumerable.Range(0, FirstKept), -1, .. Enumerable.Range(count - LastKept, LastKept)];

    private static TableCell Cell(OptionalValue<object> value, Func<double, string> format)
    {
        if (!value.HasValue || value.Value is null) return new TableCell("");
        double? number = value.Value is IConvertible && IsNumeric(value.Value.GetType()) ? Convert.ToDouble(value.Value, CultureInfo.InvariantCulture) : null;
        return new TableCell(Text(value.Value, format), number, value.Value is NameList { Names.Length: > 1 } list ? list.Full : null);
    }

    private static string Text(object? value, Func<double, string> format) => value switch
    {
        null => "",
        double number => format(number),
        float number => format(number),
        decimal number => format((double)number),
        string text => LayerText.Shortened(text, LongestCell),
        IFormattable formattable => LayerText.Shortened(formattable.ToString(null, CultureInfo.InvariantCulture), LongestCell),
        _ => LayerText.Shortened(value.ToString() ?? "", LongestCell),
    };

    private static string Significant(double value) => NumberText.Significant(value);

    /// <summary>
    /// Percent have one decimal. Numbers of like size share the decimals that give the largest four digits, so that points stand below one
    /// another; a column that spans more than two and a half decades gives each number its own four digits.
    /// </summary>
    private static Func<double, string> NumberFormat(Tuple<Type, IVector<object>> column, string heading)
    {
        if (heading.EndsWith('%')) return value => double.IsFinite(value) ? value.ToString("F1", CultureInfo.InvariantCulture) : Significant(value);
        if (column.Item1 != typeof(double) && column.Item1 != typeof(float)) return Significant;
        var (low, high) = (double.PositiveInfinity, 0.0);
        foreach (var value in column.Item2.ObjectSequence)
        {
            if (!value.HasValue) continue;
            var size = Math.Abs(Convert.ToDouble(value.Value, CultureInfo.InvariantCulture));
            if (double.IsFinite(size) && size > 0) (low, high) = (Math.Min(low, size), Math.Max(high, size));
        }
        if (high == 0 || Math.Log10(high / low) > 2.5 || high >= 1e7 || low < 1e-6) return Significant;
        var decimals = "F" + Math.Max(0, 3 - (int)Math.Floor(Math.Log10(high))).ToString(CultureInfo.InvariantCulture);
        return value => value != 0 && double.IsFinite(value) ? value.ToString(decimals, CultureInfo.InvariantCulture) : Significant(value);
    }

    private static bool IsNumeric(Type type) => !type.IsEnum && Type.GetTypeCode(type) is >= TypeCode.SByte and <= TypeCode.Decimal;

    /// <summary>Reads the cells of a frame whatever the types of its keys are.</summary>
    private sealed class DataOfFrame : IFrameOperation<FrameData>
    {
        public FrameData Invoke<TRow, TColumn>(Frame<TRow, TColumn> frame) => frame.GetFrameData();
    }
}
