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

    public ILayerObserver Begin(Layer layer, ChannelLayout layout) => new Observer(network, layer, layout);

    public void End(Layer layer, ILayerObserver observer)
    {
        var seen = (Observer)observer;
        if (seen.Before is { } before) _before[layer.Index].Add(before);
        if (seen.After is { } after) _after[layer.Index].Add(after);
    }

    public void ObserveParts(Layer layer, ShiftParts parts)
    {
        var channels = _splits[layer.Index];
        for (var channel = 0; channel < channels.Length; channel++)
            channels[channel] = new ChannelSplit(parts.Count, parts.Weights[channel], parts.InputRounding[channel], parts.Inherited[channel], parts.Predicted[channel]);
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

    private sealed class Observer(Network network, Layer layer, ChannelLayout layout) : ILayerObserver
    {
        public ShiftSums? Before { get; private set; }

        public ShiftSums? After { get; private set; }

        public void Observe(MeasuringPoint point, int first, int count, ReadOnlySpan<float> full, ReadOnlySpan<float> quantized)
        {
            var sums = point == MeasuringPoint.AfterActivation ? After ??= new ShiftSums(layout) : Before ??= new ShiftSums(layout);
            if (sums.Add(first, count, full, quantized) is { } channel) throw FiniteCheck.Activation(network, layer, point, layout, full, quantized, channel);
        }
    }
}
