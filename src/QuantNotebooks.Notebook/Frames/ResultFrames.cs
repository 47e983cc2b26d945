using System.Collections.Immutable;
using Deedle;
using QuantNotebooks.Correction;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>
/// Results as Deedle frames, to sort, filter, join and save as CSV. Rows are numbered from 0; shares are in percent where the column's name
/// ends in "%"; missing numbers are Deedle's missing values.
/// </summary>
public static class ResultFrames
{
    /// <summary>
    /// One row a layer: noise, mean shift and the largest shift before the activation, the shift's parts in units of MSSR where they were
    /// measured, and the same noise after the activation.
    /// </summary>
    /// <param name="report">The measurement.</param>
    public static Frame<int, string> ToFrame(this MeanShiftReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var columns = new FrameColumns<LayerShift>(report.Layers)
            .Add("layer", layer => layer.Name)
            .Add("operator", layer => LayerText.OperatorName(layer.Layer.Operator))
            .Add("channels", layer => layer.Before.Channels.Length)
            .Add("dead", layer => layer.Before.Channels.Count(channel => channel.IsConstant))
            .Add("rQNSR", layer => layer.Before.RootQnsr)
            .Add("MSSR", layer => layer.Before.Mssr)
            .Add("share %", layer => 100 * layer.Before.MeanShiftShare)
            .Add("SQNR dB", layer => layer.Before.SqnrDecibels)
            .Add("largest shift σ", layer => ShiftSummary.Largest(layer.Before).Sigmas)
            .AddOptional("in channel", layer => ShiftSummary.Largest(layer.Before) is { Channel: >= 0 } largest ? largest.Channel : null)
            .Add("significant %", layer => 100 * layer.SignificantShare());
        if (report.Layers.Any(layer => layer.Split is not null))
            columns
                .Add("own weights", layer => layer.WeightsToSignal)
                .Add("own input", layer => layer.InputRoundingToSignal)
                .Add("inherited", layer => layer.InheritedToSignal);
        if (report.HeldOut is { } heldOut)
            columns
                .Add("held-out rQNSR", layer => heldOut.Layers[layer.Layer.Index].Before.RootQnsr)
                .Add("held-out MSSR", layer => heldOut.Layers[layer.Layer.Index].Before.Mssr);
        return columns
            .Add("rQNSR after", layer => layer.After.RootQnsr)
            .Add("MSSR after", layer => layer.After.Mssr)
            .Add("cosine after", layer => layer.After.Cosine)
            .Frame;
    }

    /// <summary>One row a channel, before the activation where a column does not say "after"; the shift's parts where they were measured.</summary>
    /// <param name="layer">The measurement of one layer.</param>
    public static Frame<int, string> ToFrame(this LayerShift layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        var columns = new FrameColumns<int>([.. Enumerable.Range(0, layer.Before.Channels.Length)])
            .Add("shift σ", channel => layer.Before.Channels[channel].ShiftInSigmas)
            .Add("shift", channel => layer.Before.Channels[channel].MeanShift)
            .Add("standard error", channel => layer.Before.Channels[channel].StandardError)
            .Add("sigma", channel => layer.Before.Channels[channel].Sigma);
        if (layer.Step is { } step) columns.Add("shift steps", channel => layer.Before.Channels[channel].MeanShift / step);
        if (layer.Split is { } split)
            columns
                .Add("own weights", channel => split.Channels[channel].Weights)
                .Add("predicted", channel => split.Channels[channel].PredictedWeights)
                .Add("own input", channel => split.Channels[channel].InputRounding)
                .Add("inherited", channel => split.Channels[channel].Inherited);
        return columns
            .Add("mean", channel => layer.Before.Channels[channel].Float.Mean)
            .Add("quantized mean", channel => layer.Before.Channels[channel].Quantized.Mean)
            .Add("noise power", channel => layer.Before.Channels[channel].NoisePower)
            .Add("shift share %", channel => 100 * layer.Before.Channels[channel].ShiftShare)
            .Add("shift after", channel => layer.After.Channels[channel].MeanShift)
            .Add("noise power after", channel => layer.After.Channels[channel].NoisePower)
            .Frame;
    }

    /// <summary>One row a layer: what it is, and how unequal the weight ranges of its channels are.</summary>
    /// <param name="network">The network.</param>
    public static Frame<int, string> ToFrame(this Network network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return new FrameColumns<Layer>(network.Layers)
            .Add("layer", layer => layer.Name)
            .Add("operator", layer => LayerText.OperatorName(layer.Operator))
            .Add("weights", layer => string.Join("×", layer.WeightShape))
            .Add("activation", layer => layer.Activation.ToString())
            .Add("parameters", layer => layer.Weights.Length + layer.Bias.Length)
            .Add("dead", layer => layer.DeadChannels.Length)
            .Add("range ratio", layer => layer.WeightRangeRatio())
            .Frame;
    }

    /// <summary>One row a layer: root mean square shift in sigmas before and after, on held-out images where there were some, and why a layer was
    /// skipped where one was.</summary>
    /// <param name="correction">The correction.</param>
    public static Frame<int, string> ToFrame(this CorrectionResult correction)
    {
        ArgumentNullException.ThrowIfNull(correction);
        var columns = new FrameColumns<LayerCorrection>(correction.Corrections)
            .Add("layer", layer => layer.Name)
            .Add("operator", layer => LayerText.OperatorName(layer.Layer.Operator))
            .Add("largest correction", layer => Largest(layer.Correction))
            .Add("before σ", layer => layer.Before.RmsShiftInSigmas)
            .Add("after σ", layer => layer.After.RmsShiftInSigmas);
        if (correction.Corrections.Any(layer => layer.HeldOutBefore is not null))
            columns
                .Add("held-out before σ", layer => layer.HeldOutBefore is { } before ? before.RmsShiftInSigmas : double.NaN)
                .Add("held-out after σ", layer => layer.HeldOutAfter is { } after ? after.RmsShiftInSigmas : double.NaN);
        if (correction.Predictions is { } predictions)
            columns.Add("correlation", layer => predictions.Layers.FirstOrDefault(prediction => prediction.Layer.Index == layer.Layer.Index)?.Correlation ?? double.NaN);
        if (correction.Corrections.Any(layer => layer.Skipped is not null)) columns.Add("skipped", layer => layer.Skipped ?? "");
        return columns.Frame;
    }

    /// <summary>One row a line: what it is, and what was read in full precision and quantized before and after the correction.</summary>
    /// <param name="outcome">What a correction did to a network that reads text; no rows for others.</param>
    public static Frame<int, string> ToFrame(this CorrectionOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        var columns = new FrameColumns<(Reading Before, Reading After)>([.. outcome.Before.Readings.Zip(outcome.After.Readings)])
            .Add("line", pair => outcome.After.Images.NameOf(pair.After.Image));
        if (outcome.After.Readings.Any(reading => reading.Expected is not null)) columns.Add("is", pair => pair.After.Expected ?? "");
        return columns
            .Add("full precision", pair => pair.After.Float)
            .Add("quantized, before", pair => pair.Before.Quantized ?? "")
            .Add("after", pair => pair.After.Quantized ?? "")
            .Frame;
    }

    /// <summary>One row a network and scheme.</summary>
    /// <param name="comparison">The comparison.</param>
    public static Frame<int, string> ToFrame(this Comparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        return new FrameColumns<ComparisonRow>(comparison.Rows)
            .Add("name", row => row.Name)
            .Add("scheme", row => row.Result.Scheme?.ToString() ?? "float")
            .Add("top-1 %", row => 100 * row.Result.Accuracy ?? double.NaN)
            .Add("float top-1 %", row => 100 * row.Result.FloatAccuracy ?? double.NaN)
            .Add("agreement %", row => 100 * row.Result.Agreement ?? double.NaN)
            .Add("SQNR dB", row => row.Result.SqnrDecibels ?? double.NaN)
            .Add("images", row => row.Result.Images.Count)
            .Frame;
    }

    private static double Largest(ImmutableArray<float> corrections)
    {
        var largest = double.NaN;
        foreach (var correction in corrections)
            if (!(Math.Abs(correction) <= Math.Abs(largest))) largest = correction;
        return largest;
    }
}
