using System.Collections.Immutable;
using QuantNotebooks.Equalization;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Evaluation;

/// <summary>The noise of one layer before and after an equalization, both in the units of the network before.</summary>
/// <param name="Name">The layer.</param>
/// <param name="RootQnsrBefore">rQNSR before the activation, not equalized.</param>
/// <param name="RootQnsrAfter">The same equalized, each channel divided by its factor.</param>
/// <param name="WeightBitsGained">log2 of how many times more steps of the weights' grid the median channel spans; NaN for weights of zero.</param>
/// <param name="InputBitsGained">The same for the median channel of what the layer reads, on the images of the equalization; NaN where it was not scaled.</param>
public sealed record LayerEffect(string Name, double RootQnsrBefore, double RootQnsrAfter, double WeightBitsGained, double InputBitsGained)
{
    /// <summary>Noise to signal power that the equalization adds; negative where it takes away.</summary>
    public double AddedNoise => RootQnsrAfter * RootQnsrAfter - RootQnsrBefore * RootQnsrBefore;
}

/// <summary>What an equalization does to the noise of each layer under one scheme. Immutable.</summary>
/// <param name="Equalization">The equalization.</param>
/// <param name="Scheme">How both networks were quantized.</param>
/// <param name="Images">The images that set the ranges and were measured.</param>
/// <param name="Layers">One entry a layer, in topological order.</param>
public sealed record EqualizationEffect(
    EqualizationResult Equalization, QuantizationScheme Scheme, ImageSet Images, ImmutableArray<LayerEffect> Layers)
{
    /// <summary>
    /// The layer at which the added noise to signal power grows most over the layer before it, so that noise which only runs on is not blamed on the
    /// last layers; null where it grows nowhere.
    /// </summary>
    public LayerEffect? Culprit
    {
        get
        {
            var (culprit, largest, previous) = ((LayerEffect?)null, 0.0, 0.0);
            foreach (var layer in Layers)
            {
                if (!double.IsFinite(layer.AddedNoise)) continue;
                if (layer.AddedNoise - previous > largest) (culprit, largest) = (layer, layer.AddedNoise - previous);
                previous = Math.Max(0, layer.AddedNoise);
            }
            return culprit;
        }
    }

    /// <summary>Measures the noise of both networks on the same images.</summary>
    /// <param name="equalization">The equalization.</param>
    /// <param name="images">Images; they set the ranges of both networks too.</param>
    /// <param name="scheme">How both are quantized.</param>
    /// <param name="cancellation">Stops within a batch.</param>
    /// <exception cref="QuantNotebooksException">The images don't fit the network.</exception>
    public static EqualizationEffect Measure(
        EqualizationResult equalization, ImageSet images, QuantizationScheme scheme, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(equalization);
        var (before, after) = (equalization.IsUnchanged ? equalization.Network : equalization.Network.Parent!, equalization.Network);
        var (noise, equalized) = (before.MeasureMeanShift(images, scheme, cancellation: cancellation), after.MeasureMeanShift(images, scheme, cancellation: cancellation));
        return new EqualizationEffect(equalization, scheme, images, [.. before.Layers.Select(Effect)]);

        LayerEffect Effect(Layer layer)
        {
            var scaled = after.Layers[layer.Index];
            var original = noise.Layers[layer.Index].Before.UnscaledBy(before.ChannelFactors(layer));
            var unscaled = equalized.Layers[layer.Index].Before.UnscaledBy(after.ChannelFactors(scaled));
            double[] inputBits =
            [
                .. equalization.Groups.Where(group => group.Consumers.Contains(layer.Name)).SelectMany(group => group.ActivationBitsGained)
                    .Where(double.IsFinite).Order(),
            ];
            return new LayerEffect(
                layer.Name, original.RootQnsr, unscaled.RootQnsr, Math.Log2(layer.WeightRangeRatio() / scaled.WeightRangeRatio()),
                inputBits.Length == 0 ? double.NaN : inputBits[inputBits.Length / 2]);
        }
    }
}
