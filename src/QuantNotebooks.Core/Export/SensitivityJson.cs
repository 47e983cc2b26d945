using System.Text.Json;
using QuantNotebooks.Sensitivity;

namespace QuantNotebooks.Export;

/// <summary>Sensitivities as a JSON document; <see cref="JsonExport"/> says how numbers are written.</summary>
public static class SensitivityJson
{
    /// <summary>What each layer quantized alone, and all together, do to the output.</summary>
    /// <remarks>
    /// <c>images</c> is the set at hand and <c>sample</c> what was run of it, of <c>stoppedBefore</c> images where it was stopped. <c>rqnsr</c> and <c>sqnrDb</c> are of the network's output;
    /// <c>noiseRatio</c> is rqnsr^2 with its standard error over images, and <c>share</c> the layer's part of the sum of all layers' ratios.
    /// </remarks>
    public static string ToJson(this SensitivityReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return ReportJson.Write(report.Network, report.Scheme, report.Images, writer =>
        {
            writer.WriteImages("sample", report.Sample);
            if (report.StoppedBefore is { } wanted) writer.WriteNumber("stoppedBefore", wanted);
            writer.WriteCalibration(report.Ranges);
            writer.WriteStartObject("together");
            WriteNoise(writer, report.Together);
            writer.WriteEndObject();
            writer.WriteFinite("sumSqnrDb", report.SumSqnrDecibels);
            writer.WriteArray("layers", report.Layers, layer =>
            {
                writer.WriteString("name", layer.Name);
                writer.WriteString("operator", layer.Layer.Operator.ToString());
                writer.WriteFinite("share", report.ShareOf(layer));
                WriteNoise(writer, layer.Output);
            });
            JsonExport.WriteNotAnalysed(writer, report.Network);
        });
    }

    internal static void WriteNoise(Utf8JsonWriter writer, OutputNoise noise)
    {
        writer.WriteFinite("rqnsr", noise.RootQnsr);
        writer.WriteFinite("sqnrDb", noise.SqnrDecibels);
        writer.WriteFinite("sqnrStandardErrorDb", noise.SqnrStandardErrorDecibels);
        writer.WriteFinite("noiseRatio", noise.Ratio);
        writer.WriteFinite("noiseRatioStandardError", noise.RatioStandardError);
        writer.WriteFinite("agreement", noise.Agreement);
        writer.WriteFinite("agreementLow", noise.AgreementInterval?.Low);
        writer.WriteFinite("agreementHigh", noise.AgreementInterval?.High);
        writer.WriteFinite("accuracy", noise.Accuracy);
        writer.WriteFinite("meanCosine", noise.MeanCosine);
    }
}
