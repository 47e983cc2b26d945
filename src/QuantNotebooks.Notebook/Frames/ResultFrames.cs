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
            .Add("channels", layer => layer.Before.Channels.Length, secondary: true)
            .Add("dead", layer => layer.Before.Channels.Count(channel => channel.IsConstant), "channels whose output never changes", secondary: true)
            .Add("rQNSR", layer => layer.Before.RootQnsr, "root of noise energy over signal energy, before the activation")
            .Add("MSSR", layer => layer.Before.Mssr, "root of the mean shifts' energy over signal energy, before the activation")
            .Add("share %", layer => 100 * layer.Before.MeanShiftShare, "how much of the noise energy is mean shift, in percent")
            .Add("SQNR dB", layer => layer.Before.SqnrDecibels, "signal to quantization noise ratio in decibels, -20 log10(rQNSR)")
            .Add("largest shift σ", layer => ShiftSummary.Largest(layer.Before).Sigmas, "the largest shift of a channel, in units of that channel's sigma")
            .AddOptional("in channel", layer => ShiftSummary.Largest(layer.Before) is { Channel: >= 0 } largest ? largest.Channel : null, "the channel of the largest shift")
            .Add("significant %", layer => 100 * layer.SignificantShare(), "channels whose shift is above two standard errors, in percent");
        if (report.Layers.Any(layer => layer.Split is not null))
            columns
                .Add("own weights", layer => layer.WeightsToSignal, "the shift that rounding the layer's own weights makes, in units of MSSR")
                .Add("own input", layer => layer.InputRoundingToSignal, "the shift that rounding the layer's own input makes, in units of MSSR")
                .Add("inherited", layer => layer.InheritedToSignal, "the shift that came in with the layer's input, in units of MSSR");
        if (report.HeldOut is { } heldOut)
            columns
                .Add("held-out rQNSR", layer => heldOut.Layers[layer.Layer.Index].Before.RootQnsr, "the same on images that were set aside", secondary: true)
                .Add("held-out MSSR", layer => heldOut.Layers[layer.Layer.Index].Before.Mssr, "the same on images that were set aside");
        return columns
            .Add("rQNSR after", layer => layer.After.RootQnsr, "the same behind the activation", secondary: true)
            .Add("MSSR after", layer => layer.After.Mssr, "the same behind the activation", secondary: true)
            .Add("cosine after", layer => layer.After.Cosine, "cosine between full-precision and quantized values behind the activation", secondary: true)
            .Frame;
    }

    /// <summary>One row a channel, before the activation where a column does not say "after"; the shift's parts where they were measured.</summary>
    /// <param name="layer">The measurement of one layer.</param>
    public static Frame<int, string> ToFrame(this LayerShift layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        var columns = new FrameColumns<int>([.. Enumerable.Range(0, layer.Before.Channels.Length)])
            .Add("shift σ", channel => layer.Before.Channels[channel].ShiftInSigmas, "mean shift over the channel's sigma; empty where the channel is constant")
            .Add("shift", channel => layer.Before.Channels[channel].MeanShift, "quantized mean - mean, in units of the activation")
            .Add("standard error", channel => layer.Before.Channels[channel].StandardError, "of the shift, over images")
            .Add("sigma", channel => layer.Before.Channels[channel].Sigma, "standard deviation of the full-precision channel");
        if (layer.Step is { } step) columns.Add("shift steps", channel => layer.Before.Channels[channel].MeanShift / step, "the shift in steps of the layer's output grid");
        if (layer.Split is { } split)
            columns
                .Add("own weights", channel => split.Channels[channel].Weights, "part of the shift that rounding the layer's own weights makes")
                .Add("predicted", channel => split.Channels[channel].PredictedWeights, "the same part, predicted from mean inputs")
                .Add("own input", channel => split.Channels[channel].InputRounding, "part of the shift that rounding the layer's own input makes")
                .Add("inherited", channel => split.Channels[channel].Inherited, "part of the shift that came in with the input");
        return columns
            .Add("mean", channel => layer.Before.Channels[channel].Float.Mean, "of the full-precision channel")
            .Add("quantized mean", channel => layer.Before.Channels[channel].Quantized.Mean, secondary: true)
            .Add("noise power", channel => layer.Before.Channels[channel].NoisePower, "mean of the squared error")
            .Add("shift share %", channel => 100 * layer.Before.Channels[channel].ShiftShare, "how much of the noise power is shift, in percent")
            .Add("shift after", channel => layer.After.Channels[channel].MeanShift, "behind the activation", secondary: true)
            .Add("noise power after", channel => layer.After.Channels[channel].NoisePower, "behind the activation", secondary: true)
            .Frame;
    }

    /// <summary>One row a layer: what it is, and how unequal the weight ranges of its channels are.</summary>
    /// <param name="network">The network.</param>
    public static Frame<int, string> ToFrame(this Network network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return network.Layers.ToFrame();
    }

    /// <summary>The same of some layers.</summary>
    /// <param name="layers">The layers.</param>
    public static Frame<int, string> ToFrame(this IEnumerable<Layer> layers)
    {
        ArgumentNullException.ThrowIfNull(layers);
        return new FrameColumns<Layer>([.. layers])
            .Add("layer", layer => layer.Name)
            .Add("operator", layer => LayerText.OperatorName(layer.Operator))
            .Add("weights", layer => string.Join("×", layer.WeightShape))
            .Add("activation", layer => layer.Activation.ToString())
            .Add("parameters", layer => layer.Weights.Length + layer.Bias.Length, "weights and biases")
            .Add("dead", layer => layer.DeadChannels.Length, "channels whose output never changes")
            .Add("range ratio", layer => layer.WeightRangeRatio(), "the widest channel's largest weight over the median channel's; 1 is equal")
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
            .Add("largest correction", layer => Largest(layer.Correction), "the largest change of a bias, with its sign")
            .Add("before σ", layer => layer.Before.RmsShiftInSigmas, "root mean square over channels of the shift in sigmas, on the calibration images")
            .Add("after σ", layer => layer.After.RmsShiftInSigmas, "the same after the correction");
        if (correction.Corrections.Any(layer => layer.HeldOutBefore is not null))
            columns
                .Add("held-out before σ", layer => layer.HeldOutBefore is { } before ? before.RmsShiftInSigmas : double.NaN, "on images that were set aside")
                .Add("held-out after σ", layer => layer.HeldOutAfter is { } after ? after.RmsShiftInSigmas : double.NaN, "on images that were set aside, after the correction");
        if (correction.Predictions is { } predictions)
            columns.Add("correlation", layer => predictions.Layers.FirstOrDefault(prediction => prediction.Layer.Index == layer.Layer.Index)?.Correlation ?? double.NaN, "of predicted and measured shifts over the layer's channels");
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
        var metric = comparison.Rows is [var first, ..] ? first.Result.Metric.Text() : AccuracyMetric.Top1.Text();
        return new FrameColumns<ComparisonRow>(comparison.Rows)
            .Add("name", row => row.Name)
            .Add("scheme", row => row.Result.Scheme?.ToString() ?? "float")
            .Add($"{metric} %", row => 100 * row.Result.Accuracy ?? double.NaN)
            .Add($"float {metric} %", row => 100 * row.Result.FloatAccuracy ?? double.NaN, "the full-precision network on the same images")
            .Add("agreement %", row => 100 * row.Result.Agreement ?? double.NaN, "images to which the quantized and the full-precision network give the same answer")
            .Add("SQNR dB", row => row.Result.SqnrDecibels ?? double.NaN, "signal to quantization noise ratio of the network's output, in decibels")
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
