using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CsvHelper;
using CsvHelper.Configuration;
using Deedle;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>
/// Deedle frames as text for other tools, whole and in invariant culture. Keys of rows are written where they are more than numbers; numbers in CSV and JSON
/// read back as the same number.
/// </summary>
public static class FrameExport
{
    private static readonly JsonWriterOptions JsonOptions = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Comma-separated values with a heading (RFC 4180, lines end in "\n"); a missing value is an empty field.</summary>
    /// <param name="frame">Any frame.</param>
    public static string ToCsv(this IFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var content = FrameContent.Of(frame);
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        using (var csv = new CsvWriter(text, new CsvConfiguration(CultureInfo.InvariantCulture) { NewLine = "\n" }))
        {
            if (!content.HasNumberedRows) csv.WriteField("");
            foreach (var heading in content.Headings) csv.WriteField(heading);
            for (var row = 0; row < content.RowCount; row++)
            {
                csv.NextRecord();
                if (!content.HasNumberedRows) csv.WriteField(content.RowKey(row));
                for (var column = 0; column < content.Headings.Length; column++) csv.WriteField(CellText.Exact(content.Value(row, column)));
            }
            csv.NextRecord();
        }
        return text.ToString();
    }

    /// <summary>An array of objects, one a row; missing and infinite numbers are null, keys of rows that are more than numbers stand under "".</summary>
    /// <param name="frame">Any frame.</param>
    public static string ToJson(this IFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var content = FrameContent.Of(frame);
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, JsonOptions))
        {
            writer.WriteStartArray();
            for (var row = 0; row < content.RowCount; row++)
            {
                writer.WriteStartObject();
                if (!content.HasNumberedRows) writer.WriteString("", content.RowKey(row));
                for (var column = 0; column < content.Headings.Length; column++)
                {
                    writer.WritePropertyName(content.Headings[column]);
                    WriteValue(writer, content.Value(row, column));
                }
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
        }
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    /// <summary>
    /// The same. Deedle's own method of that name, which takes an orientation, writes infinite numbers and lists of names otherwise; without one this is called.
    /// </summary>
    /// <param name="frame">Any frame.</param>
    public static string ToJson<TRow, TColumn>(this Frame<TRow, TColumn> frame) => ToJson((IFrame)frame);

    /// <summary>A table in GitHub's Markdown, all rows and columns, numbers rounded as on the page.</summary>
    /// <param name="frame">Any frame of at most 30 columns; of wider ones the first 20 and the last 5.</param>
    public static string ToMarkdown(this IFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        return MarkdownTable.Render(FrameTable.Of(frame, int.MaxValue));
    }

    private static void WriteValue(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case NameList names:
                writer.WriteStartArray();
                foreach (var name in names.Names) writer.WriteStringValue(name);
                writer.WriteEndArray();
                break;
            case double.NaN or double.PositiveInfinity or double.NegativeInfinity or float.NaN or float.PositiveInfinity or float.NegativeInfinity:
                writer.WriteNullValue();
                break;
            default:
                if (CellText.IsNumeric(value.GetType())) writer.WriteRawValue(CellText.Exact(value));
                else writer.WriteStringValue(CellText.Exact(value));
                break;
        }
    }
}
