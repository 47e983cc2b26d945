using System.Globalization;
using Deedle;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>The cells of a frame, whatever the types of its keys and columns are.</summary>
internal sealed class FrameContent
{
    private readonly (Type Type, IVector<object> Values)[] _columns;
    private readonly object[][] _rowKeys;

    private FrameContent(FrameData data)
    {
        _rowKeys = [.. data.RowKeys];
        _columns = [.. data.Columns.Select(column => (column.Item1, column.Item2))];
        Headings = [.. data.ColumnKeys.Select(key => string.Join(", ", key.Select(CellText.Exact)))];
        HasNumberedRows = _rowKeys.All(key => key is [int or long]);
    }

    /// <summary>The columns' keys as text.</summary>
    public string[] Headings { get; }

    /// <summary>How many rows there are.</summary>
    public int RowCount => _rowKeys.Length;

    /// <summary>Whether the rows' keys are whole numbers, as of frames that nobody gave other keys.</summary>
    public bool HasNumberedRows { get; }

    public static FrameContent Of(IFrame frame) => frame.Apply(new Reading());

    public string RowKey(int row) => string.Join(", ", _rowKeys[row].Select(CellText.Exact));

    public Type TypeOf(int column) => _columns[column].Type;

    public bool IsNumeric(int column) => CellText.IsNumeric(TypeOf(column));

    /// <summary>The cell's value, or null where it is missing.</summary>
    public object? Value(int row, int column) => _columns[column].Values.GetObject(row) is { HasValue: true } value ? value.Value : null;

    /// <summary>How the column's numbers are written.</summary>
    public Func<double, string> FormatOf(int column)
    {
        var type = _columns[column].Type;
        var isReal = type == typeof(double) || type == typeof(float);
        return CellText.FormatOf(isReal
            ? _columns[column].Values.ObjectSequence.Where(value => value.HasValue).Select(value => Convert.ToDouble(value.Value, CultureInfo.InvariantCulture))
            : [], Headings[column]);
    }

    private sealed class Reading : IFrameOperation<FrameContent>
    {
        public FrameContent Invoke<TRow, TColumn>(Frame<TRow, TColumn> frame) => new(frame.GetFrameData());
    }
}
