using System.Collections;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Deedle;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Frames;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>
/// Values for which no contract of their own exists as JSON: properties in camel case, numbers that read back exactly, what JSON has no number for as null.
/// Networks, layers and image sets inside other values are named, not repeated.
/// </summary>
internal static class PlainJson
{
    private const int Deepest = 8;

    private static readonly JsonWriterOptions Options = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(object? value)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Options)) Write(writer, value, 0);
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    private static void Write(Utf8JsonWriter writer, object? value, int depth)
    {
        switch (value)
        {
            case null or double.NaN or double.PositiveInfinity or double.NegativeInfinity or float.NaN or float.PositiveInfinity or float.NegativeInfinity:
                writer.WriteNullValue();
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case Enum name:
                writer.WriteStringValue(JsonNamingPolicy.CamelCase.ConvertName(name.ToString()));
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            case ReadOnlyMemory<byte> bytes:
                writer.WriteBase64StringValue(bytes.Span);
                break;
            case IFrame frame:
                writer.WriteRawValue(frame.ToJson());
                break;
            case Network network when depth > 0:
                writer.WriteStringValue(network.Name);
                break;
            case Layer layer when depth > 0:
                writer.WriteStringValue(layer.Name);
                break;
            case ImageSet images when depth > 0:
                writer.WriteStringValue(images.ToString());
                break;
            case IDictionary entries:
                writer.WriteStartObject();
                foreach (DictionaryEntry entry in entries)
                {
                    writer.WritePropertyName(CellText.Exact(entry.Key));
                    Write(writer, entry.Value, depth + 1);
                }
                writer.WriteEndObject();
                break;
            case IEnumerable items:
                WriteItems(writer, items, depth);
                break;
            default:
                if (CellText.IsNumeric(value.GetType())) writer.WriteRawValue(CellText.Exact(value));
                else if (depth < Deepest && (RecordTable.IsRecord(value.GetType()) || value is System.Runtime.CompilerServices.ITuple)) WriteProperties(writer, value, depth);
                else writer.WriteStringValue(CellText.Exact(value));
                break;
        }
    }

    private static void WriteItems(Utf8JsonWriter writer, IEnumerable items, int depth)
    {
        writer.WriteStartArray();
        if (items.GetType().GetProperty("IsDefault")?.GetValue(items) is not true)
            foreach (var item in items) Write(writer, item, depth + 1);
        writer.WriteEndArray();
    }

    private static void WriteProperties(Utf8JsonWriter writer, object value, int depth)
    {
        writer.WriteStartObject();
        foreach (var (name, _, read) in RecordTable.PropertiesOf(value.GetType()))
        {
            writer.WritePropertyName(JsonNamingPolicy.CamelCase.ConvertName(name));
            Write(writer, read(value), depth + 1);
        }
        writer.WriteEndObject();
    }
}
