using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Export;

/// <summary>What all reports in JSON have in common: the head, and how numbers are written.</summary>
internal static class ReportJson
{
    private const int Contract = 1;

    private static readonly JsonWriterOptions Options = new()
    {
        Indented = true,
        NewLine = "\n",
        // Reports are read as JSON, never pasted into a page unescaped: names may stay readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>A document with the contract's head and the fields that <paramref name="body"/> adds.</summary>
    public static string Write(Network? model, QuantizationScheme? scheme, ImageSet? images, Action<Utf8JsonWriter> body, bool stopped = false)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Options))
        {
            writer.WriteStartObject();
            writer.WriteNumber("contract", Contract);
            writer.WriteString("tool", ToolVersion.Text);
            writer.WriteModel("model", model);
            writer.WriteScheme("scheme", scheme);
            writer.WriteImages("images", images, stopped);
            body(writer);
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length) + "\n";
    }

    public static void WriteModel(this Utf8JsonWriter writer, string name, Network? network)
    {
        if (network is null)
        {
            writer.WriteNull(name);
            return;
        }
        writer.WriteStartObject(name);
        writer.WriteString("path", network.Path);
        writer.WriteString("sha256", network.FileSha256);
        writer.WriteString("name", network.Name);
        writer.WriteString("networkSha256", network.Sha256);
        writer.WriteEndObject();
    }

    public static void WriteScheme(this Utf8JsonWriter writer, string name, QuantizationScheme? scheme)
    {
        if (scheme is null)
        {
            writer.WriteNull(name);
            return;
        }
        writer.WriteStartObject(name);
        SchemeJson.WriteFields(writer, scheme);
        writer.WriteEndObject();
    }

    /// <param name="writer">What writes the document.</param>
    /// <param name="name">The field's name.</param>
    /// <param name="images">The images.</param>
    /// <param name="stopped">Whether what used them was stopped: those it had not come to are not decoded for their hash.</param>
    public static void WriteImages(this Utf8JsonWriter writer, string name, ImageSet? images, bool stopped = false)
    {
        if (images is null)
        {
            writer.WriteNull(name);
            return;
        }
        writer.WriteStartObject(name);
        writer.WriteString("path", images.Path);
        writer.WriteNumber("count", images.Count);
        writer.WriteString("sha256", stopped ? images.KnownSha256 : images.Sha256);
        writer.WriteArray("skipped", images.Skipped, skipped =>
        {
            writer.WriteString("file", skipped.Name);
            writer.WriteString("reason", skipped.Reason);
        });
        writer.WriteEndObject();
    }

    /// <summary>Which images the activations' ranges are of: ranges know their hash and number, not their path.</summary>
    public static void WriteCalibration(this Utf8JsonWriter writer, ActivationRanges? ranges)
    {
        if (ranges is null)
        {
            writer.WriteNull("calibration");
            return;
        }
        writer.WriteStartObject("calibration");
        writer.WriteNumber("count", ranges.ImageCount);
        writer.WriteString("sha256", ranges.ImagesSha256);
        writer.WriteEndObject();
    }

    /// <summary>The shortest digits that read back as the same double; null where JSON has no number for it.</summary>
    public static void WriteFinite(this Utf8JsonWriter writer, string name, double? value)
    {
        if (value is { } number && double.IsFinite(number)) writer.WriteNumber(name, number);
        else writer.WriteNull(name);
    }

    /// <summary>The same for float: the shortest digits that read back as the same float.</summary>
    public static void WriteFinite(this Utf8JsonWriter writer, string name, float value)
    {
        if (float.IsFinite(value)) writer.WriteNumber(name, value);
        else writer.WriteNull(name);
    }

    public static void WriteInteger(this Utf8JsonWriter writer, string name, int? value)
    {
        if (value is { } number) writer.WriteNumber(name, number);
        else writer.WriteNull(name);
    }

    /// <summary>One number a channel, all on one line, so that a report of thousands of channels can still be read.</summary>
    public static void WriteNumbers(this Utf8JsonWriter writer, string name, IEnumerable<double> values) =>
        writer.WriteList(name, values.Select(value => double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : "null"));

    /// <inheritdoc cref="WriteNumbers(Utf8JsonWriter, string, IEnumerable{double})"/>
    public static void WriteNumbers(this Utf8JsonWriter writer, string name, ImmutableArray<float> values) =>
        writer.WriteList(name, values.Select(value => float.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : "null"));

    /// <inheritdoc cref="WriteNumbers(Utf8JsonWriter, string, IEnumerable{double})"/>
    public static void WriteNumbers(this Utf8JsonWriter writer, string name, IEnumerable<long> values) =>
        writer.WriteList(name, values.Select(value => value.ToString(CultureInfo.InvariantCulture)));

    public static void WriteArray<T>(this Utf8JsonWriter writer, string name, IEnumerable<T> items, Action<T> fields)
    {
        writer.WriteStartArray(name);
        foreach (var item in items)
        {
            writer.WriteStartObject();
            fields(item);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private static void WriteList(this Utf8JsonWriter writer, string name, IEnumerable<string> items)
    {
        writer.WritePropertyName(name);
        writer.WriteRawValue($"[{string.Join(", ", items)}]");
    }
}
