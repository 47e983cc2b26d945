using System.Collections.Immutable;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Quantization;

/// <summary>
/// Which tensors of a network an integer engine would quantize: the network's inputs, every layer's output after its activation, the outputs of
/// Add and Concat (after an activation that follows alone), and any other tensor that a layer reads and that is not on a grid already.
/// </summary>
internal sealed class QuantizerPlacement
{
    private readonly ImmutableDictionary<Layer, string> _inputGrids;

    private QuantizerPlacement(ImmutableSortedSet<string> tensors, ImmutableDictionary<Layer, string> inputGrids)
    {
        Tensors = tensors;
        _inputGrids = inputGrids;
    }

    /// <summary>Names of the quantized tensors.</summary>
    public ImmutableSortedSet<string> Tensors { get; }

    /// <summary>The quantized tensor on whose grid the layer's input lies: the input itself, or what was reshaped or pooled into it.</summary>
    public string InputGridOf(Layer layer) => _inputGrids[layer];

    public static QuantizerPlacement Of(Network network)
    {
        var graph = network.Graph;
        var tensors = ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal);
        foreach (var input in graph.Inputs)
            if (input.Type?.TensorType?.ElemType == (int)Onnx.Schema.TensorProto.Types.DataType.Float) tensors.Add(input.Name);
        foreach (var layer in network.Layers) tensors.Add(layer.Output);
        foreach (var node in graph.Nodes)
        {
            if (!NodeRoles.IsJunction(graph, node) || network.Layers.Any(layer => layer.LinearNodes.Contains(node))) continue;
            var follows = graph.SoleConsumer(node.Output[0]);
            tensors.Add(follows is not null && LayerFinder.ActivationOf(graph, follows) is not null ? follows.Output[0] : node.Output[0]);
        }
        var grids = ImmutableDictionary.CreateBuilder<Layer, string>();
        foreach (var layer in network.Layers)
        {
            var origin = layer.Input;
            while (!tensors.Contains(origin) && graph.Producer(origin) is { } producer && NodeRoles.KeepsGrid(producer)) origin = producer.Input[0];
            if (!tensors.Contains(origin)) tensors.Add(origin = layer.Input);
            grids[layer] = origin;
        }
        return new QuantizerPlacement(tensors.ToImmutable(), grids.ToImmutable());
    }
}
