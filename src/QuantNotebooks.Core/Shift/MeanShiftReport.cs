using System.Collections.Immutable;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Shift;

/// <summary>The mean activation shift of a network, layer by layer and channel by channel. Immutable.</summary>
/// <param name="Network">The network that was measured.</param>
/// <param name="Scheme">How it was quantized.</param>
/// <param name="Images">The images it was measured on.</param>
/// <param name="Layers">One entry a layer, input to output.</param>
/// <param name="Ranges">The ranges that the activations' grids cover.</param>
public sealed record MeanShiftReport(
    Network Network, QuantizationScheme Scheme, ImageSet Images, ImmutableArray<LayerShift> Layers, ActivationRanges Ranges)
{
    /// <summary>The same measurement, with the same ranges, on images that had no part in it; null where there were none.</summary>
    public MeanShiftReport? HeldOut { get; init; }

    /// <summary>
    /// How many images were to be measured, where the measurement was stopped before: <see cref="Images"/> are the first of them. Null where it ran
    /// to its end.
    /// </summary>
    public int? StoppedBefore { get; init; }

    /// <summary>The layer of that name.</summary>
    /// <exception cref="QuantNotebooksException">There is none.</exception>
    public LayerShift Layer(string name) => Layers[Network.Layer(name).Index];

    /// <summary>The layer whose noise is largest beside its signal: the largest rQNSR before the activation.</summary>
    public LayerShift Worst => Layers.MaxBy(layer => layer.Before.RootQnsr) ?? throw new QuantNotebooksException($"'{Network.Name}' has no layers.");
}
