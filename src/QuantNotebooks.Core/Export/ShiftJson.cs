using System.Text.Json;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Export;

/// <summary>The mean activation shift as a JSON document; <see cref="JsonExport"/> says how numbers are written.</summary>
public static class ShiftJson
{
    /// <summary>The mean activation shift of every layer and channel.</summary>
    /// <remarks>
    /// The figures of a layer are taken before its activation, and those in <c>post</c> after it. Each list has one number a channel:
    /// <c>shiftInSteps</c> counts the mean shift in steps of the layer's output grid (<c>step</c>), <c>noisePower</c> is E[e^2] and
    /// <c>shiftShare</c> the part of it that is mean shift. <c>split</c> is null where the parts of the shift were not measured; else its
    /// <c>weights</c>, <c>inputRounding</c> and <c>inherited</c> sum to <c>meanShift</c>, and <c>predictedWeights</c> is (Wq - W) E[x].
    /// <c>adjustedPValue</c> is to be compared with <c>significance.falseDiscoveryRate</c> (Benjamini-Hochberg over all channels of all
    /// layers); <c>imagesToPin</c> is the number of images that would bring nine shifts in ten to within a tenth of a step.
    /// </remarks>
    public static string ToJson(this MeanShiftReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return ReportJson.Write(report.Network, report.Scheme, report.Images, writer =>
        {
            writer.WriteCalibration(report.Ranges);
            if (report.StoppedBefore is { } wanted) writer.WriteNumber("stoppedBefore", wanted);
            var significance = ShiftSignificance.Of(report);
            writer.WriteStartObject("significance");
            writer.WriteNumber("falseDiscoveryRate", significance.FalseDiscoveryRate);
            writer.WriteNumber("tested", significance.Tested);
            writer.WriteNumber("significant", significance.Significant);
            writer.WriteEndObject();
            writer.WriteArray("layers", significance.Layers, layer => WriteLayer(writer, layer));
            WriteHeldOut(writer, report);
            JsonExport.WriteNotAnalysed(writer, report.Network);
        });
    }

    private static void WriteLayer(Utf8JsonWriter writer, LayerSignificance significance)
    {
        var layer = significance.Layer;
        writer.WriteString("name", layer.Name);
        writer.WriteString("operator", layer.Layer.Operator.ToString());
        writer.WriteNumber("channels", layer.Layer.Channels);
        writer.WriteFinite("step", layer.Step);
        writer.WriteFinite("significantShare", layer.SignificantShare());
        writer.WriteNumber("significantChannels", significance.Significant);
        writer.WriteFinite("imagesToPin", significance.ImagesToPin());
        writer.WriteNumbers("adjustedPValue", significance.AdjustedPValues);
        WriteStatistics(writer, layer, layer.Before);
        writer.WriteStartObject("post");
        WriteStatistics(writer, layer, layer.After);
        writer.WriteEndObject();
        WriteSplit(writer, layer.Split);
    }

    private static void WriteHeldOut(Utf8JsonWriter writer, MeanShiftReport report)
    {
        if (HeldOutAgreement.Of(report) is not { } agreement)
        {
            writer.WriteNull("heldOut");
            return;
        }
        writer.WriteStartObject("heldOut");
        writer.WriteImages("images", report.HeldOut!.Images);
        writer.WriteNumber("falseDiscoveryRate", agreement.FalseDiscoveryRate);
        writer.WriteNumber("disagreeing", agreement.Disagreeing);
        writer.WriteArray("layers", agreement.Layers, layer =>
        {
            writer.WriteString("name", layer.Measured.Name);
            writer.WriteNumber("disagreeing", layer.Disagreeing);
            WriteStatistics(writer, layer.HeldOut, layer.HeldOut.Before);
            writer.WriteStartObject("post");
            WriteStatistics(writer, layer.HeldOut, layer.HeldOut.After);
            writer.WriteEndObject();
        });
        writer.WriteEndObject();
    }

    private static void WriteStatistics(Utf8JsonWriter writer, LayerShift layer, ShiftStatistics statistics)
    {
        writer.WriteFinite("rqnsr", statistics.RootQnsr);
        writer.WriteFinite("mssr", statistics.Mssr);
        writer.WriteFinite("meanShiftShare", statistics.MeanShiftShare);
        writer.WriteFinite("sqnrDb", statistics.SqnrDecibels);
        writer.WriteFinite("cosine", statistics.Cosine);
        Write("meanShift", channel => channel.MeanShift);
        Write("standardError", channel => channel.StandardError);
        Write("sigma", channel => channel.Sigma);
        Write("shiftInSigmas", channel => channel.ShiftInSigmas);
        Write("shiftInSteps", channel => channel.MeanShift / (layer.Step ?? double.NaN));
        Write("noisePower", channel => channel.NoisePower);
        Write("shiftShare", channel => channel.ShiftShare);

        void Write(string name, Func<ChannelShift, double> value) => writer.WriteNumbers(name, statistics.Channels.Select(value));
    }

    private static void WriteSplit(Utf8JsonWriter writer, ShiftSplit? split)
    {
        if (split is null)
        {
            writer.WriteNull("split");
            return;
        }
        writer.WriteStartObject("split");
        writer.WriteNumbers("weights", split.Channels.Select(channel => channel.Weights));
        writer.WriteNumbers("inputRounding", split.Channels.Select(channel => channel.InputRounding));
        writer.WriteNumbers("inherited", split.Channels.Select(channel => channel.Inherited));
        writer.WriteNumbers("predictedWeights", split.Channels.Select(channel => channel.PredictedWeights));
        writer.WriteEndObject();
    }
}
