using System.Text.Json;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Recommendation;

namespace QuantNotebooks.Export;

/// <summary>Recommendations as a JSON document; <see cref="JsonExport"/> says how numbers are written.</summary>
public static class RecommendationJson
{
    /// <summary>What to do about each layer and why, and what the plan got on held-out images.</summary>
    /// <remarks>
    /// Gains are in dB. <c>predictedGainDb</c> and <c>measuredGainDb</c> of a layer are of the noise that it alone makes at the output;
    /// <c>predictedSqnrDb</c> of a step is the whole output's, beside what was measured. <c>finalScheme</c> is the scheme after the kept steps.
    /// <c>stopped</c> is there, and true, where it was stopped before its end: <c>untried</c> is then what was left, and <c>before</c> may be of the first <c>count</c> of
    /// <c>stoppedBefore</c> held-out images, and the hash of images that were not all read is null.
    /// </remarks>
    public static string ToJson(this RecommendationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return ReportJson.Write(report.Original, report.OriginalScheme, report.Images, writer =>
        {
            writer.WriteImages("heldOut", report.HeldOut, report.Stopped);
            writer.WriteArray("layers", report.Layers, layer =>
            {
                writer.WriteString("name", layer.Layer.Name);
                writer.WriteString("operator", layer.Layer.Operator.ToString());
                writer.WriteString("do", layer.Remedy.Text());
                writer.WriteString("why", layer.Reason);
                writer.WriteFinite("share", layer.NoiseShare);
                writer.WriteFinite("predictedGainDb", layer.PredictedGainDecibels);
                writer.WriteFinite("measuredGainDb", layer.MeasuredGainDecibels);
            });
            if (report.Stopped) writer.WriteBoolean("stopped", true);
            WriteResult(writer, "before", report.Before);
            writer.WriteArray("steps", report.Steps, step =>
            {
                writer.WriteString("do", step.Remedy.Text());
                writer.WriteNumber("layers", step.Layers);
                writer.WriteBoolean("kept", step.Kept);
                writer.WriteFinite("predictedSqnrDb", step.PredictedSqnrDecibels);
                WriteResult(writer, "measured", step.Result);
            });
            WriteResult(writer, "after", report.After);
            writer.WriteScheme("finalScheme", report.Scheme);
            writer.WriteModel("finalModel", report.Network);
            writer.WriteStartArray("untried");
            foreach (var line in report.Untried) writer.WriteStringValue(line);
            writer.WriteEndArray();
        }, report.Stopped);
    }

    private static void WriteResult(Utf8JsonWriter writer, string name, EvaluationResult result)
    {
        writer.WriteStartObject(name);
        if (result.StoppedBefore is { } wanted)
        {
            writer.WriteNumber("count", result.Images.Count);
            writer.WriteNumber("stoppedBefore", wanted);
        }
        writer.WriteFinite("sqnrDb", result.SqnrDecibels);
        writer.WriteFinite("agreement", result.Agreement);
        writer.WriteFinite("accuracy", result.Accuracy);
        writer.WriteFinite("floatAccuracy", result.FloatAccuracy);
        writer.WriteEndObject();
    }
}
