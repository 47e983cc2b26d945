using System.Collections.Immutable;
using QuantNotebooks.Networks;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Shift;

/// <summary>Looks at every layer of a sweep and gathers its statistics before and after the activation, and the split where it is wanted.</summary>
internal sealed class ShiftMeasurement(Network network, bool split) : ILayerVisitor
{
    private readonly ShiftAccumulator[] _before = [.. network.Layers.Select(layer => new ShiftAccumulator(layer.Channels))];
    private readonly ShiftAccumulator[] _after = [.. network.Layers.Select(layer => new ShiftAccumulator(layer.Channels))];
    private readonly ChannelSplit[][] _splits = [.. network.Layers.Select(layer => new ChannelSplit[split ? layer.Channels : 0])];

    public bool ChangesLayers => false;

    public bool WantsParts => split;

    public void Observe(Layer layer, MeasuringPoint point, ChannelLayout layout, ReadOnlySpan<float> full, ReadOnlySpan<float> quantized)
    {
        var accumulator = (point == MeasuringPoint.BeforeActivation ? _before : _after)[layer.Index];
        if (accumulator.Add(layout, full, quantized) is { } channel)
            throw FiniteCheck.Activation(network, layer, point, layout, full, quantized, channel);
    }

    public void ObserveParts(Layer layer, ShiftParts parts)
    {
        var channels = _splits[layer.Index];
        for (var channel = 0; channel < channels.Length; channel++)
            channels[channel] = channels[channel].Merge(new ChannelSplit(
                parts.Count, parts.Weights[channel], parts.InputRounding[channel], parts.Inherited[channel], parts.Predicted[channel]));
    }

    public float[]? BiasToAdd(Layer layer, Action<float[]> tryOut) => null;

    public ImmutableArray<LayerShift> Layers(SweepOutcome outcome) =>
    [
        .. network.Layers.Select(layer => new LayerShift(
            layer, _before[layer.Index].ToStatistics(), _after[layer.Index].ToStatistics(), outcome.Quantizers.GetValueOrDefault(layer.Output))
        {
            Split = split ? new ShiftSplit([.. _splits[layer.Index]]) : null,
        }),
    ];
}
