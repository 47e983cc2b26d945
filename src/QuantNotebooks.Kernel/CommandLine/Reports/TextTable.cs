namespace QuantNotebooks.Kernel.CommandLine.Reports;

/// <summary>A column of a <see cref="TextTable"/>.</summary>
/// <param name="Header">Name and unit.</param>
/// <param name="IsNumber">Numbers stand to the right.</param>
internal sealed record TextColumn(string Header, bool IsNumber = true);

/// <summary>A table of aligned columns in plain text.</summary>
internal sealed class TextTable(params TextColumn[] columns)
{
    private const string Gap = "  ";

    private readonly List<string[]> _rows = [];

    public bool IsEmpty => _rows.Count == 0;

    public void Add(params string[] cells) => _rows.Add(cells);

    public void Write(TextWriter writer)
    {
        var widths = columns.Select((column, index) => _rows.Select(row => row[index].Length).Append(column.Header.Length).Max()).ToArray();
        WriteRow(writer, widths, [.. columns.Select(column => column.Header)]);
        foreach (var row in _rows) WriteRow(writer, widths, row);
    }

    private void WriteRow(TextWriter writer, int[] widths, string[] cells) =>
        writer.WriteLine(string.Join(Gap, cells.Select((cell, index) =>
            columns[index].IsNumber ? cell.PadLeft(widths[index]) : cell.PadRight(widths[index]))).TrimEnd());
}
