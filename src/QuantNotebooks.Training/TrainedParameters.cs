using System.Collections.Immutable;
using System.Numerics.Tensors;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Training;

/// <summary>One tensor that is trained.</summary>
/// <param name="Layer">The layer that it belongs to.</param>
/// <param name="Name">Its name in the graph.</param>
/// <param name="Shape">Its shape there.</param>
/// <param name="IsBias">Whether it is the bias, or else the weights.</param>
/// <param name="Latent">Its values in full precision: what the optimizer moves.</param>
/// <param name="Quantized">The values on their grid: what the network computes with.</param>
/// <param name="Units">What the learning rate counts in, one for each value or one for all: a bias's channel's sigma, the root mean square of a layer's weights.</param>
internal sealed record TrainedParameter(Layer Layer, string Name, long[] Shape, bool IsBias, float[] Latent, float[] Quantized, float[] Units);

/// <summary>
/// The trained biases, and for quantization-aware training weights, of a network. They are put on their grids by the same code that quantizes
/// a network for evaluation; straight-through, the gradient with regard to a quantized value moves the latent one.
/// </summary>
internal sealed class TrainedParameters
{
    private readonly QuantizationScheme _scheme;
    private readonly ImmutableDictionary<Layer, Quantizer?> _inputs;
    private readonly Dictionary<Layer, QuantizedWeights> _weights;

    /// <param name="network">A network in which every layer has a bias.</param>
    /// <param name="scheme">How weights and biases are quantized.</param>
    /// <param name="quantizers">The grids of the activations.</param>
    /// <param name="trainsWeights">Whether weights are trained too, or only biases.</param>
    /// <param name="sigmas">The standard deviation of each layer's channels before the activation, by the layer's index.</param>
    public TrainedParameters(
        Network network, QuantizationScheme scheme, Dictionary<string, Quantizer> quantizers, bool trainsWeights, IReadOnlyList<float[]> sigmas)
    {
        _scheme = scheme;
        var placement = QuantizerPlacement.Of(network, scheme);
        _inputs = network.Layers.ToImmutableDictionary(layer => layer, layer => quantizers.GetValueOrDefault(placement.InputGridOf(layer)));
        _weights = network.Layers.ToDictionary(layer => layer, layer => LayerQuantizer.Weights(layer, scheme));
        var all = ImmutableArray.CreateBuilder<TrainedParameter>();
        foreach (var layer in network.Layers)
        {
            // A layer's weights come before its bias, whose step follows from their scale.
            if (trainsWeights)
            {
                var power = TensorPrimitives.SumOfSquares(layer.Weights) / layer.Weights.Length;
                all.Add(new(layer, layer.WeightName, [.. layer.WeightShape], false, layer.Weights.ToArray(), new float[layer.Weights.Length], [MathF.Sqrt(power)]));
            }
            all.Add(new(layer, layer.BiasName!, [layer.Channels], true, layer.Bias.ToArray(), new float[layer.Channels], sigmas[layer.Index]));
        }
        All = all.ToImmutable();
        Quantize();
    }

    public ImmutableArray<TrainedParameter> All { get; }

    /// <summary>The weights on their grids, of every layer, as they are now.</summary>
    public IEnumerable<LayerChange> QuantizedWeights => _weights.Select(pair => new LayerChange(pair.Key, pair.Value.Weights, null));

    /// <summary>Puts the latent values on their grids.</summary>
    public void Quantize()
    {
        foreach (var parameter in All)
        {
            var layer = parameter.Layer;
            if (parameter.IsBias)
            {
                LayerQuantizer.Bias(parameter.Latent, _weights[layer], _inputs[layer], _scheme).CopyTo(parameter.Quantized, 0);
                continue;
            }
            _weights[layer] = LayerQuantizer.Weights(layer, parameter.Latent, _scheme);
            _weights[layer].Weights.CopyTo(parameter.Quantized, 0);
        }
    }

    /// <summary>
    /// Clears the gradient of weights that their grid clips: those further than half a step beyond its ends. Ranges by the extrema clip none.
    /// </summary>
    public void ClearClipped(TrainedParameter parameter, Span<float> gradient)
    {
        var weights = _weights[parameter.Layer];
        if (parameter.IsBias || !weights.IsQuantized || _scheme.WeightRange == RangeEstimator.MinMax) return;
        for (var index = 0; index < gradient.Length; index++)
        {
            var grid = weights.QuantizerOf(parameter.Layer.Layout.ChannelOf(index));
            var value = parameter.Latent[index];
            if (value < grid.Minimum - grid.Scale / 2 || value > grid.Maximum + grid.Scale / 2) gradient[index] = 0;
        }
    }
}
