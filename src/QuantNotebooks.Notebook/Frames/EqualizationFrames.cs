using Deedle;
using QuantNotebooks.Equalization;
using QuantNotebooks.Sensitivity;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>Equalizations as Deedle frames.</summary>
public static class EqualizationFrames
{
    /// <summary>One row a group: which layers make and read its channels, factors, how unequal the weight ranges are, and bits gained (medians).</summary>
    /// <param name="result">The equalization.</param>
    public static Frame<int, string> ToFrame(this EqualizationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        var columns = new FrameColumns<FactorGroup>(result.Groups)
            .Add("made by", group => new NameList(group.Producers))
            .Add("read by", group => new NameList(group.Consumers))
            .Add("channels", group => group.Factors.Length)
            .Add("least", group => group.Factors.Min())
            .Add("largest", group => group.Factors.Max())
            .Add("made", group => group.Weights.RatioBefore)
            .Add("→ made", group => group.Weights.RatioAfter)
            .Add("read", group => group.ConsumerWeights.RatioBefore)
            .Add("→ read", group => group.ConsumerWeights.RatioAfter)
            .Add("w bits", group => Median(group.WeightBitsGained));
        if (result.Groups.Any(group => group.Activations is not null)) columns.Add("a bits", group => Median(group.ActivationBitsGained));
        return columns.Frame;
    }

    /// <summary>One row a channel of a group.</summary>
    /// <param name="group">The group.</param>
    public static Frame<int, string> ToFrame(this FactorGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        var channels = Enumerable.Range(0, group.Factors.Length).ToArray();
        var columns = new FrameColumns<int>(channels)
            .Add("factor", channel => group.Factors[channel])
            .Add("made range before", channel => group.Weights.Before[channel])
            .Add("made range after", channel => group.Weights.After[channel])
            .Add("read range before", channel => group.ConsumerWeights.Before[channel])
            .Add("read range after", channel => group.ConsumerWeights.After[channel])
            .Add("weight bits", channel => group.WeightBitsGained[channel]);
        if (group.Activations is { } activations)
            columns.Add("activation before", channel => activations.Before[channel]).Add("activation after", channel => activations.After[channel])
                .Add("activation bits", channel => group.ActivationBitsGained[channel]);
        return columns.Frame;
    }

    /// <summary>One row a layer: what the equalization does to its own noise at the network's output, rQNSR before and after.</summary>
    /// <param name="effect">The measurement.</param>
    public static Frame<int, string> ToFrame(this EqualizationEffect effect)
    {
        ArgumentNullException.ThrowIfNull(effect);
        return new FrameColumns<LayerEffect>(effect.Layers)
            .Add("layer", layer => layer.Name)
            .Add("noise", layer => Math.Sqrt(layer.Noise.Before)).Add("→ noise", layer => Math.Sqrt(layer.Noise.After))
            .Add("weights", layer => Math.Sqrt(layer.WeightNoise.Before)).Add("→ weights", layer => Math.Sqrt(layer.WeightNoise.After))
            .Add("values", layer => Math.Sqrt(layer.ValueNoise.Before)).Add("→ values", layer => Math.Sqrt(layer.ValueNoise.After))
            .Add("at bound", layer => layer.HeldFactors).Frame;
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Where(double.IsFinite).Order()];
        return sorted.Length == 0 ? double.NaN : sorted[sorted.Length / 2];
    }
}
