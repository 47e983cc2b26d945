using Deedle;
using QuantNotebooks.Networks;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>What belongs to a measurement of the mean shift, and a layer's channels, as Deedle frames.</summary>
public static class ShiftFrames
{
    /// <summary>One row a layer: how many of its channels have a shift that is no chance of these images.</summary>
    /// <param name="significance">The tests.</param>
    public static Frame<int, string> ToFrame(this ShiftSignificance significance)
    {
        ArgumentNullException.ThrowIfNull(significance);
        return new FrameColumns<LayerSignificance>(significance.Layers)
            .Add("layer", layer => layer.Layer.Name)
            .Add("channels", layer => layer.AdjustedPValues.Length)
            .Add("significant", layer => layer.Significant, "channels whose shift is no chance, after Benjamini and Hochberg")
            .Add("images to pin", layer => layer.ImagesToPin() is { } images ? (double)images : double.NaN, "images that would pin nine shifts in ten to a tenth of a step").Frame;
    }

    /// <summary>One row a layer: its shift on the measured and on the held-out images.</summary>
    /// <param name="agreement">The comparison.</param>
    public static Frame<int, string> ToFrame(this HeldOutAgreement agreement)
    {
        ArgumentNullException.ThrowIfNull(agreement);
        return new FrameColumns<LayerAgreement>(agreement.Layers)
            .Add("layer", layer => layer.Measured.Name)
            .Add("measured MSSR", layer => layer.Measured.Before.Mssr, "root of the mean shifts' energy over signal energy")
            .Add("held-out MSSR", layer => layer.HeldOut.Before.Mssr, "the same on images that were set aside")
            .Add("disagreeing", layer => layer.Disagreeing, "channels whose two shifts differ by more than chance").Frame;
    }

    /// <summary>One row an interval of values: how many fall into it.</summary>
    /// <param name="distribution">The distribution.</param>
    public static Frame<int, string> ToFrame(this ChannelDistribution distribution)
    {
        ArgumentNullException.ThrowIfNull(distribution);
        return new FrameColumns<int>([.. Enumerable.Range(0, distribution.Float.Length)])
            .Add("from", bin => distribution.Edges[bin])
            .Add("to", bin => distribution.Edges[bin + 1])
            .Add("full precision", bin => distribution.Float[bin], "values in the interval")
            .Add("quantized", bin => distribution.Quantized[bin], "values in the interval").Frame;
    }

    /// <summary>One row a layer of a saved measurement.</summary>
    /// <param name="saved">The saved measurement.</param>
    public static Frame<int, string> ToFrame(this SavedShift saved)
    {
        ArgumentNullException.ThrowIfNull(saved);
        return new FrameColumns<SavedLayer>(saved.Layers)
            .Add("layer", layer => layer.Name)
            .Add("channels", layer => layer.Before.Channels.Length)
            .Add("rQNSR", layer => layer.Before.RootQnsr, "root of noise energy over signal energy, before the activation")
            .Add("MSSR", layer => layer.Before.Mssr, "root of the mean shifts' energy over signal energy, before the activation")
            .Add("share %", layer => 100 * layer.Before.MeanShiftShare, "how much of the noise energy is mean shift, in percent").Frame;
    }

    /// <summary>One row a channel, at one measuring point.</summary>
    /// <param name="statistics">The statistics.</param>
    public static Frame<int, string> ToFrame(this ShiftStatistics statistics)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        return new FrameColumns<ChannelShift>(statistics.Channels)
            .Add("shift σ", channel => channel.ShiftInSigmas, "mean shift over the channel's sigma; empty where the channel is constant")
            .Add("shift", channel => channel.MeanShift, "quantized mean - mean")
            .Add("standard error", channel => channel.StandardError, "of the shift, over images")
            .Add("mean", channel => channel.Float.Mean)
            .Add("sigma", channel => channel.Sigma, "standard deviation of the full-precision channel")
            .Add("noise power", channel => channel.NoisePower, "mean of the squared error").Frame;
    }

    /// <summary>One row an output channel: range of its weights, its bias, and what batch normalization promised where it was folded.</summary>
    /// <param name="layer">The layer.</param>
    public static Frame<int, string> ToFrame(this Layer layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        var (ranges, bias, dead) = (layer.ChannelWeightRanges(), layer.Bias.ToArray(), layer.DeadChannels.ToDictionary(channel => channel.Channel));
        var columns = new FrameColumns<int>([.. Enumerable.Range(0, layer.Channels)]).Add("weight range", channel => ranges[channel], "the largest |weight| of the channel");
        if (layer.HasBias) columns.Add("bias", channel => bias[channel]);
        if (layer.BatchNormalization is { } normalization)
            columns.Add("beta", channel => normalization.Mean[channel], "mean before the activation that batch normalization promised")
                .Add("|gamma|", channel => normalization.StandardDeviation[channel], "standard deviation before the activation that batch normalization promised");
        if (dead.Count > 0) columns.Add("dead because", channel => dead.TryGetValue(channel, out var found) ? found.Reason : "");
        return columns.Frame;
    }
}
