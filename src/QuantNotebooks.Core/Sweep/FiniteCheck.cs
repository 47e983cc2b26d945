using QuantNotebooks.Networks;

namespace QuantNotebooks.Sweep;

/// <summary>Names the place of a NaN or an infinity, which no mean survives and no grid covers.</summary>
internal static class FiniteCheck
{
    /// <summary>Refuses a network with a weight or bias that is not finite.</summary>
    /// <exception cref="QuantNotebooksException">One is not; the message names layer and channel.</exception>
    public static void Weights(Network network)
    {
        foreach (var layer in network.Layers)
        {
            if (FirstNotFinite(layer.Weights) is { } weight)
                throw Refusal(network, layer, layer.Layout.ChannelOf(weight), "has a weight", layer.Weights[weight]);
            if (FirstNotFinite(layer.Bias) is { } channel) throw Refusal(network, layer, channel, "has a bias", layer.Bias[channel]);
        }
    }

    /// <summary>What to say of a batch in which a channel is not finite on one side or the other.</summary>
    /// <param name="network">The network.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="point">Where in the layer.</param>
    /// <param name="layout">How the batch lies in memory.</param>
    /// <param name="full">The full-precision network's values.</param>
    /// <param name="quantized">The quantized network's values.</param>
    /// <param name="channel">The channel.</param>
    public static QuantNotebooksException Activation(
        Network network, Layer layer, MeasuringPoint point, ChannelLayout layout, ReadOnlySpan<float> full, ReadOnlySpan<float> quantized, int channel)
    {
        for (var row = 0; row < layout.Images * layout.Items; row++)
        {
            var start = (row * layout.Channels + channel) * layout.Inner;
            var isFull = FirstNotFinite(full.Slice(start, layout.Inner));
            if ((isFull ?? FirstNotFinite(quantized.Slice(start, layout.Inner))) is not { } position) continue;
            var value = (isFull is null ? quantized : full)[start + position];
            return Refusal(network, layer, channel, FormattableString.Invariant(
                $"takes a value {(point == MeasuringPoint.AfterActivation ? "after" : "before")} its activation on image {layout.FirstImage + row / layout.Items}, {(isFull is null ? "quantized" : "in full precision")},"), value);
        }
        throw new InvalidOperationException("All values of the channel are finite.");
    }

    private static QuantNotebooksException Refusal(Network network, Layer layer, int channel, string what, float value) => new(FormattableString.Invariant(
        $"Layer '{layer.Name}' of '{network.Name}', channel {channel}: {what} that is {(float.IsNaN(value) ? "not a number (NaN)" : value > 0 ? "infinite" : "negative infinite")}; nothing can be measured."));

    private static int? FirstNotFinite(ReadOnlySpan<float> values)
    {
        for (var index = 0; index < values.Length; index++)
            if (!float.IsFinite(values[index])) return index;
        return null;
    }
}
