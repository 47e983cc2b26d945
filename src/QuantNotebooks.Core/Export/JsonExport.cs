using System.Text.Json;
using QuantNotebooks.Correction;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Networks;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Export;

/// <summary>
/// Reports as JSON documents, version 1 of the contract: later versions of the library may add fields, and neither rename nor remove one.
/// </summary>
/// <remarks>
/// <para>
/// Every document has <c>contract</c>, <c>tool</c>, <c>model</c>, <c>scheme</c> and <c>images</c>; the last two are null where none took part.
/// <c>model.sha256</c> is the hash of the file at <c>model.path</c>, as the network or its first ancestor was read from it;
/// <c>model.networkSha256</c> is that of the network itself as it would be saved, so it tells derived networks apart.
/// <c>images.sha256</c> covers exactly the images used: their sizes, pixels and labels.
/// </para>
/// <para>
/// Numbers are written with the digits that read back as the same value, in the invariant culture. A value that is not a number or infinite,
/// such as the SQNR of an output without noise, is null, as is what was not measured. Ratios and shares are 0 to 1, decibels end in <c>Db</c>,
/// shifts are signed (quantized minus full precision) in the units of the activation. The same report gives the same text.
/// </para>
/// </remarks>
public static class JsonExport
{
    /// <summary>What a network is: its layers, dead channels, and what is not analysed and why.</summary>
    /// <remarks>
    /// <c>weightRangeRatio</c> is <see cref="WeightRanges.WeightRangeRatio"/>: the largest channel's max |w| over the median channel's.
    /// </remarks>
    public static string ToJson(this Network network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return ReportJson.Write(network, scheme: null, images: null, writer =>
        {
            writer.WriteArray("layers", network.Layers, layer =>
            {
                writer.WriteString("name", layer.Name);
                writer.WriteString("node", layer.NodeName);
                writer.WriteString("operator", layer.Operator.ToString());
                writer.WriteString("activation", layer.Activation.ToString());
                writer.WriteNumbers("weightShape", layer.WeightShape);
                writer.WriteNumber("channels", layer.Channels);
                writer.WriteNumber("parameters", layer.ParameterCount);
                writer.WriteArray("deadChannels", layer.DeadChannels, dead =>
                {
                    writer.WriteNumber("channel", dead.Channel);
                    writer.WriteString("reason", dead.Reason);
                    writer.WriteFinite("constant", dead.Constant);
                });
                writer.WriteFinite("weightRangeRatio", layer.WeightRangeRatio());
            });
            WriteNotAnalysed(writer, network);
            writer.WriteBoolean("keepsDeadChannels", network.KeepsDeadChannels);
            writer.WriteCalibration(network.Ranges);
            writer.WriteArray("history", network.History, entry =>
            {
                writer.WriteString("operation", entry.Operation);
                writer.WriteString("settings", entry.Settings);
                writer.WriteString("imagesSha256", entry.ImagesSha256);
                writer.WriteString("parentSha256", entry.ParentSha256);
                writer.WriteString("tool", entry.Tool);
            });
        });
    }

    /// <summary>What bias correction added, and the shift before and after.</summary>
    /// <remarks>
    /// <c>model</c> is the network before the correction and <c>corrected</c> the one after it. The shifts are one a channel, at <c>point</c>; those of
    /// <c>predictions</c> before the activation. The <c>rms...InSigmas</c> are the root mean square over the channels that vary, each in its standard deviations. <c>stoppedAfter</c>
    /// is how many layers were done when the correction was interrupted; those after them have no figures.
    /// </remarks>
    public static string ToJson(this CorrectionResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return ReportJson.Write(result.Network.Parent ?? result.Network, result.Scheme, result.Images, writer =>
        {
            writer.WriteString("method", result.Method);
            writer.WriteString("point", result.Point == LayerPoint.AfterActivation ? "after-activation" : "before-activation");
            writer.WriteImages("heldOut", result.HeldOut, stopped: result.StoppedAfter is not null);
            if (result.StoppedAfter is { } done) writer.WriteNumber("stoppedAfter", done);
            writer.WriteCalibration(result.Network.Ranges);
            writer.WriteStartObject("corrected");
            writer.WriteString("name", result.Network.Name);
            writer.WriteString("networkSha256", result.Network.Sha256);
            writer.WriteEndObject();
            writer.WriteArray("layers", result.Corrections, layer =>
            {
                writer.WriteString("name", layer.Name);
                writer.WriteNumbers("correction", layer.Correction);
                WriteShift(writer, "shiftBefore", layer.Before);
                WriteShift(writer, "shiftAfter", layer.After);
                WriteShift(writer, "heldOutBefore", layer.HeldOutBefore);
                WriteShift(writer, "heldOutAfter", layer.HeldOutAfter);
                writer.WriteFinite("rmsShiftInSigmasBefore", layer.Before.RmsShiftInSigmas);
                writer.WriteFinite("rmsShiftInSigmasAfter", layer.After.RmsShiftInSigmas);
                writer.WriteFinite("rmsHeldOutInSigmasBefore", layer.HeldOutBefore?.RmsShiftInSigmas);
                writer.WriteFinite("rmsHeldOutInSigmasAfter", layer.HeldOutAfter?.RmsShiftInSigmas);
                writer.WriteString("skipped", layer.Skipped);
            });
            writer.WriteStartArray("warnings");
            foreach (var warning in result.Warnings) writer.WriteStringValue(warning);
            writer.WriteEndArray();
            WritePredictions(writer, result.Predictions);
            WriteOutcome(writer, result.Outcome);
            WriteTraining(writer, result.Training);
        });
    }

    private static void WritePredictions(Utf8JsonWriter writer, ShiftPredictions? predictions)
    {
        if (predictions is null)
        {
            writer.WriteNull("predictions");
            return;
        }
        writer.WriteStartObject("predictions");
        writer.WriteFinite("correlation", predictions.Correlation);
        writer.WriteArray("layers", predictions.Layers, layer =>
        {
            writer.WriteString("name", layer.Layer.Name);
            writer.WriteFinite("correlation", layer.Correlation);
            writer.WriteNumbers("predicted", layer.Predicted);
            writer.WriteNumbers("measured", layer.Measured);
        });
        writer.WriteEndObject();
    }

    private static void WriteOutcome(Utf8JsonWriter writer, CorrectionOutcome? outcome)
    {
        if (outcome is not var (before, after))
        {
            writer.WriteNull("outcome");
            return;
        }
        writer.WriteStartObject("outcome");
        writer.WriteImages("images", after.Images);
        writer.WriteString("metric", MetricName(after.Metric));
        writer.WriteFinite("float", after.FloatAccuracy);
        writer.WriteFinite("before", before.QuantizedAccuracy);
        writer.WriteFinite("after", after.QuantizedAccuracy);
        writer.WriteArray("readings", before.Readings.Zip(after.Readings), pair =>
        {
            writer.WriteString("image", after.Images.NameOf(pair.Second.Image));
            writer.WriteString("expected", pair.Second.Expected);
            writer.WriteString("float", pair.Second.Float);
            writer.WriteString("before", pair.First.Quantized);
            writer.WriteString("after", pair.Second.Quantized);
        });
        writer.WriteEndObject();
    }

    private static void WriteTraining(Utf8JsonWriter writer, TrainingRun? training)
    {
        if (training is null)
        {
            writer.WriteNull("training");
            return;
        }
        writer.WriteStartObject("training");
        writer.WriteString("end", JsonNamingPolicy.CamelCase.ConvertName(training.End.ToString()));
        writer.WriteNumber("best", training.Best);
        writer.WriteNumber("images", training.Images);
        writer.WriteNumber("heldOutImages", training.HeldOutImages);
        writer.WriteArray("epochs", training.Epochs, epoch =>
        {
            writer.WriteNumber("epoch", epoch.Epoch);
            writer.WriteFinite("loss", epoch.Loss);
            writer.WriteFinite("heldOutLoss", epoch.HeldOutLoss);
            writer.WriteFinite("heldOutAgreement", epoch.HeldOutAgreement);
        });
        writer.WriteEndObject();
    }

    /// <summary>Accuracy in full precision and quantized; shares are 0 to 1, null where there are no labels or nothing was quantized.</summary>
    public static string ToJson(this EvaluationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return ReportJson.Write(result.Network, result.Scheme, result.Images, writer =>
        {
            writer.WriteCalibration(result.Ranges);
            writer.WriteString("metric", MetricName(result.Metric));
            writer.WriteFinite("float", result.FloatAccuracy);
            writer.WriteFinite("quantized", result.QuantizedAccuracy);
            writer.WriteFinite("agreement", result.Agreement);
            writer.WriteFinite("sqnrDb", result.SqnrDecibels);
            writer.WriteNumber("count", result.Images.Count);
            if (result.StoppedBefore is { } wanted) writer.WriteNumber("stoppedBefore", wanted);
            writer.WriteFinite("meanCosine", result.MeanCosine);
            writer.WriteFinite("floatTop5", result.FloatTop5);
            writer.WriteFinite("quantizedTop5", result.QuantizedTop5);
            writer.WriteFinite("floatCharacters", result.FloatCharacters);
            writer.WriteFinite("quantizedCharacters", result.QuantizedCharacters);
            writer.WriteFinite("intervalLow", result.Interval?.Low);
            writer.WriteFinite("intervalHigh", result.Interval?.High);
            writer.WriteFinite("floatIntervalLow", result.FloatInterval?.Low);
            writer.WriteFinite("floatIntervalHigh", result.FloatInterval?.High);
            writer.WriteArray("readings", result.Readings, reading =>
            {
                writer.WriteString("image", result.Images.NameOf(reading.Image));
                writer.WriteString("expected", reading.Expected);
                writer.WriteString("float", reading.Float);
                writer.WriteString("quantized", reading.Quantized);
            });
            writer.WriteString("schemeWarning", result.SchemeWarning);
        });
    }

    /// <summary>Networks side by side. The document's head is that of the first row; each row names its own model and scheme.</summary>
    /// <exception cref="QuantNotebooksException">The comparison has no rows.</exception>
    public static string ToJson(this Comparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        if (comparison.Rows.IsEmpty) throw new QuantNotebooksException("A comparison without rows has nothing to write.");
        var first = comparison.Rows[0].Result;
        return ReportJson.Write(first.Network, first.Scheme, first.Images, writer =>
        {
            writer.WriteString("metric", MetricName(first.Metric));
            writer.WriteArray("rows", comparison.Rows, row =>
            {
                writer.WriteString("name", row.Name);
                writer.WriteScheme("scheme", row.Result.Scheme);
                writer.WriteFinite("top1", row.Result.Accuracy);
                writer.WriteFinite("floatTop1", row.Result.FloatAccuracy);
                writer.WriteFinite("agreement", row.Result.Agreement);
                writer.WriteFinite("sqnrDb", row.Result.SqnrDecibels);
                writer.WriteFinite("meanCosine", row.Result.MeanCosine);
                writer.WriteFinite("top5", row.Result.Scheme is null ? row.Result.FloatTop5 : row.Result.QuantizedTop5);
                writer.WriteFinite("characters", row.Result.Scheme is null ? row.Result.FloatCharacters : row.Result.QuantizedCharacters);
                writer.WriteFinite("intervalLow", row.Result.Interval?.Low);
                writer.WriteFinite("intervalHigh", row.Result.Interval?.High);
                writer.WriteNumber("count", row.Result.Images.Count);
                if (row.Result.StoppedBefore is { } wanted) writer.WriteNumber("stoppedBefore", wanted);
                writer.WriteModel("model", row.Result.Network);
                writer.WriteCalibration(row.Result.Ranges);
            });
        });
    }

    internal static string MetricName(AccuracyMetric metric) => metric == AccuracyMetric.Lines ? "lines" : "top1";

    private static void WriteShift(Utf8JsonWriter writer, string name, ShiftStatistics? statistics)
    {
        if (statistics is null) writer.WriteNull(name);
        else writer.WriteNumbers(name, statistics.Channels.Select(channel => channel.MeanShift));
    }

    internal static void WriteNotAnalysed(Utf8JsonWriter writer, Network network) =>
        writer.WriteArray("notAnalysed", network.NotAnalysed, item =>
        {
            writer.WriteString("node", item.Node);
            writer.WriteString("operator", item.Operator);
            writer.WriteString("reason", item.Reason);
        });
}
