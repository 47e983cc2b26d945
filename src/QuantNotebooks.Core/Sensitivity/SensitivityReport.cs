using System.Collections.Immutable;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Sensitivity;

/// <summary>What quantizing one layer alone does to the network's output.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Output">The output's noise with just this layer quantized.</param>
public sealed record LayerSensitivity(Layer Layer, OutputNoise Output)
{
    /// <summary>The layer's name.</summary>
    public string Name => Layer.Name;
}

/// <summary>What each layer's quantization, alone, does to a network's output, and what all of them together do. Immutable.</summary>
/// <param name="Network">The network that was measured.</param>
/// <param name="Scheme">How layers were quantized.</param>
/// <param name="Images">The images that the sample was taken from.</param>
/// <param name="Sample">The images that were run.</param>
/// <param name="Layers">One entry a layer, input to output.</param>
/// <param name="Together">The output's noise with the whole network quantized.</param>
/// <param name="Ranges">The ranges that the activations' grids cover.</param>
public sealed record SensitivityReport(
    Network Network, QuantizationScheme Scheme, ImageSet Images, ImageSet Sample, ImmutableArray<LayerSensitivity> Layers, OutputNoise Together, ActivationRanges Ranges)
{
    /// <summary>
    /// How many images were to be run, where the measurement was stopped before: <see cref="Sample"/> are the first of them, and every layer's figures
    /// are of all of these. Null where it ran to its end.
    /// </summary>
    public int? StoppedBefore { get; init; }

    /// <summary>The layer of that name.</summary>
    /// <exception cref="QuantNotebooksException">There is none.</exception>
    public LayerSensitivity Layer(string name) => Layers[Network.Layer(name).Index];

    /// <summary>The layers, the most harmful first.</summary>
    public IEnumerable<LayerSensitivity> Ranked => Layers.OrderByDescending(layer => layer.Output.Ratio);

    /// <summary>
    /// The sum of the layers' noise ratios: what the whole network's would be if their noises were small and independent. Far above
    /// <see cref="Together"/>'s they cancel or clip, far below they add up in amplitude, as shifts do.
    /// </summary>
    public double SumOfRatios => Layers.Sum(layer => layer.Output.Ratio);

    /// <summary>The same in dB.</summary>
    public double SumSqnrDecibels => NoiseConventions.ToDecibels(Math.Sqrt(SumOfRatios));

    /// <summary>A layer's part of <see cref="SumOfRatios"/>, 0 to 1; NaN where there is no noise.</summary>
    /// <param name="layer">One of <see cref="Layers"/>.</param>
    public double ShareOf(LayerSensitivity layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        return SumOfRatios > 0 ? layer.Output.Ratio / SumOfRatios : double.NaN;
    }
}
