using System.Globalization;
using Deedle;
using Parquet;
using Parquet.Schema;
using QuantNotebooks.Export;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>Deedle frames as Parquet files, which data tools of every language read.</summary>
public static class FrameParquet
{
    private static readonly Type[] WholeNumbers = [typeof(int), typeof(long), typeof(short), typeof(byte), typeof(uint), typeof(ushort), typeof(sbyte)];

    /// <summary>
    /// Writes a frame: whole numbers as INT64, other numbers as DOUBLE, flags as BOOLEAN, all else as text. Missing values, NaN among them, are null. Keys of rows that are
    /// more than numbers become the first column, "key".
    /// </summary>
    /// <param name="frame">Any frame.</param>
    /// <param name="path">The file; one that exists is replaced when the new one is whole.</param>
    /// <exception cref="QuantNotebooksException">The file can't be written, or the frame has no columns.</exception>
    public static void SaveParquet(this IFrame frame, string path)
    {
        ArgumentNullException.ThrowIfNull(frame);
        ReportFile.RequireWritable(path);
        var content = FrameContent.Of(frame);
        if (content.Headings.Length == 0) throw new QuantNotebooksException("A frame without columns makes no Parquet file.");
        using var stream = new MemoryStream();
        // On a thread of the pool's, where no host waits for its own; all of it is in memory.
        Task.Run(() => WriteAsync(content, stream)).GetAwaiter().GetResult();
        ReportFile.Write(path, stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }

    private static async Task WriteAsync(FrameContent content, Stream stream)
    {
        var fields = new List<DataField>();
        if (!content.HasNumberedRows) fields.Add(new DataField("key", typeof(string), isNullable: true));
        for (var column = 0; column < content.Headings.Length; column++) fields.Add(new DataField(content.Headings[column], TypeOf(content, column), isNullable: true));
        var writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), stream).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            using var rows = writer.CreateRowGroup();
            if (!content.HasNumberedRows) await rows.WriteAsync(fields[0], [.. Enumerable.Range(0, content.RowCount).Select(content.RowKey)]).ConfigureAwait(false);
            for (var column = 0; column < content.Headings.Length; column++)
                await WriteAsync(rows, fields[column + (content.HasNumberedRows ? 0 : 1)], content, column).ConfigureAwait(false);
            rows.CompleteValidate();
        }
    }

    private static Task WriteAsync(ParquetRowGroupWriter rows, DataField field, FrameContent content, int column)
    {
        if (field.ClrType == typeof(long)) return rows.WriteAsync<long>(field, Values<long>(value => Convert.ToInt64(value, CultureInfo.InvariantCulture)));
        if (field.ClrType == typeof(double))
            return rows.WriteAsync<double>(field, Values<double>(value => Convert.ToDouble(value, CultureInfo.InvariantCulture) is var number && !double.IsNaN(number) ? number : null));
        if (field.ClrType == typeof(bool)) return rows.WriteAsync<bool>(field, Values<bool>(value => (bool)value));
        return rows.WriteAsync(field, [.. Enumerable.Range(0, content.RowCount).Select(row => content.Value(row, column) is { } value ? CellText.Exact(value) : null!)]);

        ReadOnlyMemory<T?> Values<T>(Func<object, T?> read)
            where T : struct =>
            Enumerable.Range(0, content.RowCount).Select(row => content.Value(row, column) is { } value ? read(value) : null).ToArray();
    }

    private static Type TypeOf(FrameContent content, int column)
    {
        var type = content.TypeOf(column);
        if (type == typeof(bool)) return typeof(bool);
        if (WholeNumbers.Contains(type)) return typeof(long);
        return CellText.IsNumeric(type) ? typeof(double) : typeof(string);
    }
}
