using System.Collections.Immutable;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;

namespace QuantNotebooks.Quantization;

/// <summary>
/// Which tensors of a network an integer engine would quantize, and by a scheme on which grids: the network's inputs, every layer's output after
/// its activation, the outputs of Add and Concat (after an activation that follows alone), and any other tensor that a layer reads and that is
/// not on a grid already.
/// </summary>
internal sealed class QuantizerPlacement
{
    private readonly QuantizationScheme _scheme;

    private readonly ImmutableDictionary<Layer, string> _inputGrids;

    private readonly ImmutableHashSet<string> _boundary;

    private readonly ImmutableDictionary<string, Layer> _makers;

    private QuantizerPlacement(
        Network network, QuantizationScheme scheme, ImmutableSortedSet<string> tensors, ImmutableHashSet<string> boundary, ImmutableDictionary<Layer, string> inputGrids)
    {
        Tensors = tensors;
        _scheme = scheme;
        _boundary = boundary;
        _inputGrids = inputGrids;
        _makers = network.Layers.ToImmutableDictionary(layer => layer.Output);
    }

    /// <summary>Names of the tensors that are quantized where the scheme quantizes activations.</summary>
    public ImmutableSortedSet<string> Tensors { get; }

    /// <summary>The quantized tensor on whose grid the layer's input lies: the input itself, or what was reshaped or pooled into it.</summary>
    public string InputGridOf(Layer layer) => _inputGrids[layer];

    /// <summary>The grid of every quantized tensor of the network; empty where the scheme leaves activations in floating point.</summary>
    /// <exception cref="QuantNotebooksException">The ranges are another network's.</exception>
    public Dictionary<string, Quantizer> Quantizers(Network network, ActivationRanges ranges)
    {
        var quantizers = new Dictionary<string, Quantizer>();
        foreach (var tensor in Tensors)
            if (FormatOf(tensor) is { } format) quantizers[tensor] = format.Over(ranges.Of(tensor, network));
        return quantizers;
    }

    /// <summary>The form of a tensor's grid, or null where the scheme leaves it in floating point.</summary>
    public GridFormat? FormatOf(string tensor)
    {
        var scheme = _makers.TryGetValue(tensor, out var layer) ? _scheme.SchemeOf(layer) : _scheme;
        return (_boundary.Contains(tensor) ? scheme.BoundaryBits : scheme.ActivationBits) is { } bits ? scheme.ActivationGrid(bits) : null;
    }

    /// <summary>Whether the scheme quantizes any tensor: else no ranges are needed.</summary>
    public bool QuantizesActivations => Tensors.Any(tensor => FormatOf(tensor) is not null);

    /// <summary>The grid of a tensor that takes values in that range, or null where the scheme leaves it in floating point.</summary>
    public Quantizer? QuantizerOf(string tensor, ActivationRange range) => FormatOf(tensor)?.Over(range);

    /// <exception cref="QuantNotebooksException">The scheme has an override for a layer that the network does not have.</exception>
    public static QuantizerPlacement Of(Network network, QuantizationScheme scheme)
    {
        scheme.RequireLayersOf(network);
        var graph = network.Graph;
        var tensors = ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal);
        foreach (var input in graph.Inputs)
            if (input.Type?.TensorType?.ElemType == (int)Onnx.Schema.TensorProto.Types.DataType.Float) tensors.Add(input.Name);
        foreach (var layer in network.Layers) tensors.Add(layer.Output);
        foreach (var junction in network.Junctions) tensors.Add(junction.Output);
        var grids = ImmutableDictionary.CreateBuilder<Layer, string>();
        foreach (var layer in network.Layers)
        {
            var origin = layer.Input;
            while (!tensors.Contains(origin) && graph.Producer(origin) is { } producer && NodeRoles.KeepsGrid(producer)) origin = producer.Input[0];
            if (!tensors.Contains(origin)) tensors.Add(origin = layer.Input);
            grids[layer] = origin;
        }
        var leadsOn = LeadingToOthers(graph, tensors);
        var boundary = tensors.Where(tensor => graph.Producer(tensor) is null || !leadsOn.Contains(tensor));
        return new QuantizerPlacement(network, scheme, tensors.ToImmutable(), [.. boundary], grids.ToImmutable());
    }

    /// <summary>The tensors from which a quantized tensor is made, through any number of nodes: one walk from the outputs back.</summary>
    private static HashSet<string> LeadingToOthers(Graph graph, ISet<string> quantized)
    {
        var leading = new HashSet<string>();
        for (var index = graph.Nodes.Length - 1; index >= 0; index--)
            if (graph.Nodes[index].Output.Any(output => quantized.Contains(output) || leading.Contains(output))) leading.UnionWith(graph.Nodes[index].Reads());
        return leading;
    }
}
