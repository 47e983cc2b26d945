using System.Text.Json;

namespace QuantNotebooks.Export;

/// <summary>What an export wrote, as a JSON document of the contract in <see cref="JsonExport"/>.</summary>
public static class ExportJson
{
    /// <summary>The file, its operator set, and the types of each layer; <c>format</c> is "qdq" or "float".</summary>
    public static string ToJson(this ExportResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return ReportJson.Write(result.Network, result.Scheme, images: null, writer =>
        {
            writer.WriteCalibration(result.Ranges);
            writer.WriteString("format", result.Scheme is null ? "float" : "qdq");
            writer.WriteString("out", result.Path);
            writer.WriteNumber("bytes", result.Bytes);
            writer.WriteNumber("opset", result.Opset);
            if (result.ConvertedFrom is { } from) writer.WriteNumber("convertedFromOpset", from);
            else writer.WriteNull("convertedFromOpset");
            writer.WriteArray("layers", result.Layers, layer =>
            {
                writer.WriteString("name", layer.Layer.Name);
                writer.WriteString("weights", layer.Weights);
                writer.WriteString("bias", layer.Bias);
                writer.WriteString("output", layer.Output);
                writer.WriteBoolean("canSaturate", layer.CanSaturate);
            });
            writer.WriteStartArray("notes");
            foreach (var note in result.Notes) writer.WriteStringValue(note);
            writer.WriteEndArray();
            WriteCheck(writer, result.Check);
        });
    }

    private static void WriteCheck(Utf8JsonWriter writer, IntegerCheck? check)
    {
        if (check is null)
        {
            writer.WriteNull("check");
            return;
        }
        writer.WriteStartObject("check");
        writer.WriteImages("images", check.Images);
        writer.WriteBoolean("agrees", check.Agrees);
        writer.WriteFinite("step", check.Step);
        WriteAgreement("asItRuns", check.AsItRuns);
        WriteAgreement("withoutSaturation", check.WithoutSaturation);
        writer.WriteStartArray("explanation");
        foreach (var sentence in check.Explanation) writer.WriteStringValue(sentence);
        writer.WriteEndArray();
        writer.WriteEndObject();

        void WriteAgreement(string name, IntegerAgreement agreement)
        {
            writer.WriteStartObject(name);
            writer.WriteFinite("sameAnswer", agreement.SameAnswer);
            writer.WriteFinite("withinTwoSteps", agreement.WithinTwoSteps);
            writer.WriteFinite("largestInSteps", agreement.LargestInSteps);
            writer.WriteEndObject();
        }
    }
}
