using System.Collections.Immutable;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Sweep;

/// <summary>
/// The quantized network, simulated in float32: weights and biases on their grids, and every tensor that an integer engine quantizes put on its
/// grid as soon as it is made. Several threads may run batches at once.
/// </summary>
internal sealed class QuantizedInference : IDisposable
{
    private readonly PlanRunner _runner;

    public QuantizedInference(Network network, QuantizationScheme scheme, ActivationRanges ranges, string inputName, TensorPool pool, SessionSettings settings = default)
    {
        var placement = QuantizerPlacement.Of(network, scheme);
        var quantizers = placement.Quantizers(network, ranges);
        _runner = new PlanRunner(network, QuantizedGraph(network, scheme, placement, quantizers), inputName, pool, PutOnGrid, settings) { Begins = index => Begins?.Invoke(index) };

        void PutOnGrid(string name, BatchTensor tensor)
        {
            if (tensor.IsFloat && quantizers.TryGetValue(name, out var quantizer)) quantizer.Apply(tensor.Floats, tensor.Floats);
            Made?.Invoke(name, tensor);
        }
    }

    /// <summary>Told of every tensor as soon as it is made and on its grid.</summary>
    public Action<string, BatchTensor>? Made { get; init; }

    /// <inheritdoc cref="PlanRunner.Steps"/>
    public ImmutableArray<SweepStep> Steps => _runner.Steps;

    /// <inheritdoc cref="PlanRunner.Begins"/>
    public Action<int>? Begins { get; set; }

    /// <inheritdoc cref="PlanRunner.Run"/>
    public BatchTensor Run(BatchTensor input, CancellationToken cancellation) => _runner.Run(input, cancellation);

    public void Dispose() => _runner.Dispose();

    /// <summary>The network's graph with every layer's weights and bias on their grids.</summary>
    public static Graph QuantizedGraph(
        Network network, QuantizationScheme scheme, QuantizerPlacement placement, Dictionary<string, Quantizer> quantizers) =>
        LayerEditor.Apply(network.Graph, network.Layers.Select(layer =>
        {
            var weights = LayerQuantizer.Weights(layer, scheme);
            var input = quantizers.GetValueOrDefault(placement.InputGridOf(layer));
            return new LayerChange(layer, weights.Weights, layer.HasBias ? LayerQuantizer.Bias(layer.Bias, weights, input, scheme) : null);
        }));
}
