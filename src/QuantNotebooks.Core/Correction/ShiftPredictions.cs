using System.Collections.Immutable;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Correction;

/// <summary>What is predicted that a layer's rounded weights do to its means, beside what images say they do; one entry a channel, before the activation.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Predicted">The predicted shift, in units of the activation.</param>
/// <param name="Measured">E[y(x, Wq) - y(x, W)] over images, in units of the activation.</param>
/// <param name="Sigmas">The channels' standard deviations; NaN for one that does not vary, which counts nowhere.</param>
public sealed record LayerPrediction(Layer Layer, ImmutableArray<double> Predicted, ImmutableArray<double> Measured, ImmutableArray<double> Sigmas)
{
    /// <summary>Pearson's correlation of both in sigmas, over the channels that vary; NaN where one side does not differ between channels.</summary>
    public double Correlation => new ShiftPredictions([this]).Correlation;
}

/// <summary>Predicted beside measured shifts of a network's layers. Immutable.</summary>
/// <param name="Layers">One entry for each layer that has a prediction.</param>
public sealed record ShiftPredictions(ImmutableArray<LayerPrediction> Layers)
{
    /// <summary>Every channel that varies: its layer, its position, and both shifts in sigmas.</summary>
    public IEnumerable<(LayerPrediction Layer, int Channel, double Predicted, double Measured)> Channels =>
        from layer in Layers
        from channel in Enumerable.Range(0, layer.Sigmas.Length)
        where double.IsFinite(layer.Sigmas[channel])
        select (layer, channel, layer.Predicted[channel] / layer.Sigmas[channel], layer.Measured[channel] / layer.Sigmas[channel]);

    /// <summary>Pearson's correlation of predicted and measured shifts in sigmas over all channels; NaN where one side does not vary.</summary>
    public double Correlation
    {
        get
        {
            var (count, meanX, meanY) = (0, 0.0, 0.0);
            var (xy, xx, yy) = (0.0, 0.0, 0.0);
            foreach (var (_, _, predicted, measured) in Channels)
            {
                // Sums of products of deviations, brought along with the running means (Welford).
                count++;
                var (deltaX, deltaY) = (predicted - meanX, measured - meanY);
                (meanX, meanY) = (meanX + deltaX / count, meanY + deltaY / count);
                xy += deltaX * (measured - meanY);
                xx += deltaX * (predicted - meanX);
                yy += deltaY * (measured - meanY);
            }
            return xx > 0 && yy > 0 ? xy / Math.Sqrt(xx * yy) : double.NaN;
        }
    }
}
