using System.Globalization;
using System.Text;
using System.Text.Json;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Export;
using QuantNotebooks.Images;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Experiments;

/// <summary>A result in reports and on disk: writing and reading stand side by side.</summary>
internal static class ExperimentJson
{
    public static void WriteFields(Utf8JsonWriter writer, ExperimentResult result)
    {
        writer.WriteString("network", result.Network);
        writer.WriteString("method", result.Method);
        writer.WriteScheme("scheme", result.Scheme);
        writer.WriteNumber("seed", result.Seed);
        writer.WriteString("metric", JsonExport.MetricName(result.Metric));
        writer.WriteFinite("accuracy", result.Accuracy);
        writer.WriteFinite("intervalLow", result.Interval?.Low);
        writer.WriteFinite("intervalHigh", result.Interval?.High);
        writer.WriteFinite("float", result.FloatAccuracy);
        writer.WriteFinite("agreement", result.Agreement);
        writer.WriteFinite("sqnrDb", result.SqnrDecibels);
        writer.WriteNumber("count", result.Images);
        writer.WriteFinite("prepareSeconds", result.PrepareSeconds);
        writer.WriteFinite("testSeconds", result.TestSeconds);
        writer.WriteFinite("processorSeconds", result.ProcessorSeconds);
        writer.WriteString("date", result.Date.ToString("O", CultureInfo.InvariantCulture));
        writer.WriteString("tool", result.Tool);
        writer.WriteString("key", result.Key);
    }

    /// <summary>The result as a document by itself.</summary>
    public static string Write(ExperimentResult result)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            writer.WriteStartObject();
            WriteFields(writer, result);
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length) + "\n";
    }

    /// <exception cref="QuantNotebooksException">The text is none that <see cref="Write"/> made.</exception>
    public static ExperimentResult Read(string json, string source) => JsonField.Read(json, source, root =>
        new ExperimentResult(root["key"].AsString(), root["network"].AsString(), root["method"].AsString(), SchemeJson.Read(root["scheme"]), root["seed"].AsInteger())
        {
            Metric = root["metric"].AsChoice<AccuracyMetric>(("top1", AccuracyMetric.Top1), ("lines", AccuracyMetric.Lines)),
            Accuracy = Number(root["accuracy"]),
            FloatAccuracy = Number(root["float"]),
            Agreement = Number(root["agreement"]),
            SqnrDecibels = Number(root["sqnrDb"]),
            Images = root["count"].AsInteger(),
            PrepareSeconds = root["prepareSeconds"].AsNumber(),
            TestSeconds = root["testSeconds"].AsNumber(),
            ProcessorSeconds = root["processorSeconds"].AsNumber(),
            Date = DateTime.TryParse(root["date"].AsString(), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var date) ? date : throw root["date"].Error("is no date"),
            Tool = root["tool"].AsString(),
        });

    private static double? Number(JsonField field) => field.IsNull ? null : field.AsNumber();
}
