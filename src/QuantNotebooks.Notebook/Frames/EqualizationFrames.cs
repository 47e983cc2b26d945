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
            .Add("made by", group => new NameList(group.Producers), "the layers whose output channels are scaled")
            .Add("read by", group => new NameList(group.Consumers), "the layers that take the factors back")
            .Add("channels", group => group.Factors.Length, secondary: true)
            .Add("least factor", group => group.Factors.Min(), "the smallest factor of a channel")
            .Add("largest", group => group.Factors.Max(), "the largest factor of a channel")
            .Add("made ratio", group => group.Weights.RatioBefore, "of the weights that make the channels: the widest channel's largest weight over the median channel's; 1 is equal")
            .Add("made ratio after", group => group.Weights.RatioAfter, "the same after the equalization")
            .Add("read ratio", group => group.ConsumerWeights.RatioBefore, "of the weights that read the channels")
            .Add("read ratio after", group => group.ConsumerWeights.RatioAfter, "the same after the equalization")
            .Add("weight bits", group => Median(group.WeightBitsGained), "bits of precision gained by the weights: median over channels of log2 of how many times more steps of the shared grid the channel spans");
        if (result.Groups.Any(group => group.Activations is not null)) columns.Add("activation bits", group => Median(group.ActivationBitsGained), "the same of the activations");
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
            .Add("noise", layer => Math.Sqrt(layer.Noise.Before), "of the network's output with the layer alone quantized: root of noise energy over signal energy, before").Add("noise after", layer => Math.Sqrt(layer.Noise.After), "the same after the equalization")
            .Add("weights", layer => Math.Sqrt(layer.WeightNoise.Before), "the same with the layer's weights alone quantized, before").Add("weights after", layer => Math.Sqrt(layer.WeightNoise.After), "the same after the equalization")
            .Add("values", layer => Math.Sqrt(layer.ValueNoise.Before), "the same with the values alone quantized that the layer reads and makes, before").Add("values after", layer => Math.Sqrt(layer.ValueNoise.After), "the same after the equalization")
            .Add("at bound", layer => layer.HeldFactors).Frame;
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Where(double.IsFinite).Order()];
        return sorted.Length == 0 ? double.NaN : sorted[sorted.Length / 2];
    }
}
