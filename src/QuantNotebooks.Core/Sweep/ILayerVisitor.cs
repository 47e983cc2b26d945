using System.Numerics;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Sweep;

/// <summary>Where in a layer the full-precision and the quantized values are compared.</summary>
internal enum MeasuringPoint
{
    /// <summary>After the linear operator and its bias.</summary>
    BeforeActivation,

    /// <summary>After the activation of a bias that the visitor tries out, before the output's quantizer.</summary>
    Tried,

    /// <summary>After the activation and the output's quantizer.</summary>
    AfterActivation,
}

/// <summary>How a batch lies in memory: [Images, Items, Channels, Inner], row-major; Items and Inner together are an image's positions.</summary>
internal readonly record struct ChannelLayout(int Images, int Items, int Channels, int Inner)
{
    /// <summary>Position of the batch's first image in the set.</summary>
    public int FirstImage { get; init; }

    public int ValuesPerImage => Items * Channels * Inner;

    /// <summary>Columns that are worked on at a time, where a channel's own values are less than a vector: they stay in the first cache.</summary>
    private const int ColumnsAtOnce = 1024;

    /// <summary>Whether a channel's values lie in rows of at least one vector, as those of convolutions mostly do.</summary>
    public bool HasRows => Inner >= Vector<float>.Count;

    /// <summary>How many channels to work on at a time: one whose values lie in rows, else as many as lie side by side in the first cache.</summary>
    public int ChannelsAtOnce => HasRows ? 1 : Math.Max(1, ColumnsAtOnce / Inner);

    /// <summary>Where each row of a channel begins.</summary>
    public RowStarts RowsOf(int channel) => new(channel * Inner, Channels * Inner, Images * Items);

    /// <summary>The layout of a layer's output for a batch of images.</summary>
    public static ChannelLayout Of(Layer layer, ReadOnlySpan<long> shape, int images)
    {
        long total = 1;
        foreach (var dimension in shape) total *= dimension;
        long inner = 1;
        for (var axis = Math.Max(0, shape.Length - layer.AxesBehindChannels); axis < shape.Length; axis++) inner *= shape[axis];
        var perImage = layer.Channels * inner;
        if (images == 0 || total % (perImage * images) != 0)
            throw new QuantNotebooksException($"Layer '{layer.Name}' gives [{string.Join(", ", shape.ToArray())}] for {images} images: its values can't be told apart by image.");
        return new ChannelLayout(images, (int)(total / (perImage * images)), layer.Channels, (int)inner);
    }
}

/// <summary>Positions at equal distances, for foreach.</summary>
internal struct RowStarts(int first, int distance, int count)
{
    private int _left = count;

    public int Current { get; private set; } = first - distance;

    public readonly RowStarts GetEnumerator() => this;

    public bool MoveNext()
    {
        Current += distance;
        return _left-- > 0;
    }
}

/// <summary>Sees one batch of one layer pass by, a few channels at a time. For one thread at a time.</summary>
internal interface ILayerObserver
{
    /// <summary>Some channels at one point, all images of the batch.</summary>
    /// <param name="point">Where in the layer.</param>
    /// <param name="first">The first of the channels.</param>
    /// <param name="count">Their number.</param>
    /// <param name="full">The full-precision network's whole batch; of other channels the values may be those of another point.</param>
    /// <param name="quantized">The quantized network's.</param>
    void Observe(MeasuringPoint point, int first, int count, ReadOnlySpan<float> full, ReadOnlySpan<float> quantized);
}

/// <summary>Sees every layer of a sweep, batch by batch, and may change a layer's bias before the sweep goes on.</summary>
internal interface ILayerVisitor
{
    /// <summary>Whether <see cref="BiasToAdd"/> can return anything: then the sweep keeps a layer's values for all images until it has asked.</summary>
    bool ChangesLayers { get; }

    /// <summary>Whether the sweep is to take each layer's shift apart and call <see cref="ObserveParts"/>.</summary>
    bool WantsParts => false;

    /// <summary>The parts of the shift before the activation, over all images; called once a layer, in the end.</summary>
    void ObserveParts(Layer layer, ShiftParts parts) => throw new NotSupportedException("This visitor asked for no parts.");

    /// <summary>What looks at one batch of a layer. Called from several threads at once.</summary>
    ILayerObserver Begin(Layer layer, ChannelLayout layout);

    /// <summary>Takes over what was seen of a batch: for each layer one at a time, in the order of the images.</summary>
    void End(Layer layer, ILayerObserver observer);

    /// <summary>Called when all batches were observed before the activation: what to add to the bias, one a channel, or null for nothing.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="tryOut">Shows the visitor all batches behind the layer's activation as they would be with that added: <see cref="MeasuringPoint.Tried"/>.</param>
    float[]? BiasToAdd(Layer layer, Action<float[]> tryOut);

    /// <summary>Told by how much the layer's values before the activation moved, once the bias that <see cref="BiasToAdd"/> made is on its grid.</summary>
    void BiasMoved(Layer layer, ReadOnlySpan<float> change) => throw new NotSupportedException("This visitor changes no bias.");
}
