namespace QuantNotebooks.Sweep;

/// <summary>One walk over a batch of a layer's output, a few channels at a time, so that each value comes from memory once: looked at, changed in place, looked at again.</summary>
internal sealed record LayerPass
{
    /// <summary>Whether the values are those before the activation, and are to be shown.</summary>
    public bool Before { get; init; }

    /// <summary>What to do to the full-precision side; null for nothing.</summary>
    public Pointwise? Full { get; init; }

    /// <summary>What to do to the quantized side; null for nothing.</summary>
    public Pointwise? Quantized { get; init; }

    /// <summary>Whether what is done to them is a try, and its result to be shown as such.</summary>
    public bool Tried { get; init; }

    /// <summary>Whether the values are those after the activation in the end, and are to be shown.</summary>
    public bool After { get; init; }

    public void Run(ChannelLayout layout, BatchPair values, ILayerObserver observer)
    {
        var full = values.Full.Floats;
        var quantized = values.Quantized.Floats;
        if (full.IsEmpty) return;
        var atOnce = layout.ChannelsAtOnce;
        for (var first = 0; first < layout.Channels; first += atOnce)
        {
            var count = Math.Min(atOnce, layout.Channels - first);
            if (Before) observer.Observe(MeasuringPoint.BeforeActivation, first, count, full, quantized);
            Full?.Run(layout, first, count, full);
            Quantized?.Run(layout, first, count, quantized);
            if (Tried) observer.Observe(MeasuringPoint.Tried, first, count, full, quantized);
            if (After) observer.Observe(MeasuringPoint.AfterActivation, first, count, full, quantized);
        }
    }
}
