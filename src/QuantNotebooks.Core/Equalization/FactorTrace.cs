using System.Collections.Immutable;
using System.Runtime.InteropServices;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Equalization;

/// <summary>A constant of a node that has to be multiplied by the factors of the tensor that it meets.</summary>
/// <param name="Node">The node.</param>
/// <param name="Input">Which of its inputs.</param>
/// <param name="Map">The factors' classes; they broadcast against the constant.</param>
internal sealed record ScaledConstant(NodeProto Node, int Input, FactorMap Map);

/// <summary>A Clip whose bounds have to be multiplied by the factors of the tensor that it clips.</summary>
internal sealed record ScaledClip(NodeProto Node, float Minimum, float Maximum, FactorMap Map);

/// <summary>The classes of the channels that a layer reads and makes, one a channel.</summary>
internal sealed record LayerClasses(Layer Layer, WeightAxes Axes, int[] Inputs, int[] Outputs);

/// <summary>
/// Walks a graph from input to output and finds which channels of which tensors must share a factor, so that every tensor T of the network may
/// become s T with one factor s a class, and what else has to be changed along with the weights.
/// </summary>
internal sealed class FactorTrace
{
    private readonly Dictionary<string, FactorMap> _maps = [];
    private readonly List<LayerClasses> _layers = [];

    private FactorTrace(Network network) => Network = network;

    public Network Network { get; }

    public Graph Graph => Network.Graph;

    public TensorShapes Shapes => Network.Shapes;

    public FactorClasses Classes { get; } = new();

    public List<ScaledConstant> Constants { get; } = [];

    public List<ScaledClip> Clips { get; } = [];

    public IReadOnlyList<LayerClasses> Layers => _layers;

    public IReadOnlyDictionary<string, FactorMap> Maps => _maps;

    public static FactorTrace Of(Network network)
    {
        var trace = new FactorTrace(network);
        var layerOf = new Dictionary<NodeProto, Layer>(ReferenceEqualityComparer.Instance);
        var gatedBy = new Dictionary<NodeProto, Layer>(ReferenceEqualityComparer.Instance);
        foreach (var layer in network.Layers)
        {
            foreach (var node in layer.LinearNodes) layerOf[node] = layer;
            // One function in several nodes: taken apart, its nodes would be refused for reasons that say less.
            if (layer.Activation.Kind is ActivationKind.HardSwish or ActivationKind.Swish)
                foreach (var node in layer.ActivationNodes) gatedBy[node] = layer;
        }
        foreach (var input in network.Graph.Inputs) trace.SetRefused(input.Name, new Refusal(input.Name, "the network's own input"));
        foreach (var node in network.Graph.Nodes)
        {
            if (gatedBy.TryGetValue(node, out var gated)) trace.VisitActivation(gated, node);
            else if (!layerOf.TryGetValue(node, out var layer)) trace.Visit(node);
            else if (ReferenceEquals(node, layer.LinearNodes[0])) trace.Visit(layer);
        }
        foreach (var output in network.Graph.Outputs) trace.Refuse(output.Name, new Refusal(output.Name, "an output of the network"));
        return trace;
    }

    /// <summary>The map of a tensor; one that nothing scales is refused as a whole.</summary>
    public FactorMap Map(string tensor) =>
        _maps.TryGetValue(tensor, out var map) ? map : _maps[tensor] = FactorMap.Uniform(Classes.New(new Refusal(tensor, "computed from constants")));

    public bool HasMap(string tensor) => _maps.ContainsKey(tensor);

    public void Set(string tensor, FactorMap map)
    {
        if (tensor.Length > 0) _maps[tensor] = map;
    }

    /// <summary>The tensor that a node computes, or null where the input is a constant or left out.</summary>
    public string? Computed(NodeProto node, int input) => node.InputOrNull(input) is { } name && Graph.Constant(name) is null ? name : null;

    /// <summary>The values of a constant of integers, or null where the tensor is none.</summary>
    public ImmutableArray<long>? Integers(string? tensor)
    {
        if (Graph.Constant(tensor) is not { } constant) return null;
        return (TensorProto.Types.DataType)constant.DataType switch
        {
            TensorProto.Types.DataType.Int64 when constant.RawData.Length > 0 => [.. MemoryMarshal.Cast<byte, long>(constant.RawData.Span)],
            TensorProto.Types.DataType.Int64 => [.. constant.Int64Data],
            TensorProto.Types.DataType.Int32 when constant.RawData.Length > 0 => [.. MemoryMarshal.Cast<byte, int>(constant.RawData.Span).ToArray().Select(value => (long)value)],
            TensorProto.Types.DataType.Int32 => [.. constant.Int32Data.Select(value => (long)value)],
            _ => null,
        };
    }

    /// <summary>Demands factor 1 of everything that a node reads and makes.</summary>
    public void RefuseAround(NodeProto node, string reason)
    {
        var refusal = new Refusal(NameOf(node), reason);
        foreach (var input in node.Reads())
            if (_maps.ContainsKey(input)) Refuse(input, refusal);
        foreach (var output in node.Output)
            if (output.Length > 0) SetRefused(output, refusal);
    }

    public void Refuse(string tensor, Refusal refusal)
    {
        foreach (var factorClass in Map(tensor).Classes) Classes.Refuse(factorClass, refusal);
    }

    public bool IsRefused(FactorMap map)
    {
        foreach (var factorClass in map.Classes)
            if (Classes.RefusalOf(factorClass) is null) return false;
        return true;
    }

    public static string NameOf(NodeProto node) => node.Name.Length > 0 ? node.Name : node.Output[0];

    private void SetRefused(string tensor, Refusal refusal) => Set(tensor, FactorMap.Uniform(Classes.New(refusal)));

    private void Visit(NodeProto node)
    {
        // Integers and what is computed from constants alone (shapes, positions, masks) carry no factors.
        if (!node.Reads().Any(_maps.ContainsKey)) return;
        if (node.Domain is not ("" or "ai.onnx")) RefuseAround(node, $"{node.OpType} is of domain '{node.Domain}', about which nothing is known");
        else if (!ElementwiseRules.TryApply(this, node) && !ShapeRules.TryApply(this, node) && !PoolingRules.TryApply(this, node))
            RefuseAround(node, $"{node.OpType} is not known to pass a factor through");
    }

    private void VisitActivation(Layer layer, NodeProto node)
    {
        if (!ReferenceEquals(node, layer.ActivationNodes[0])) return;
        Set(layer.Output, Map(layer.PreActivation));
        Refuse(layer.Output, new Refusal(NameOf(node), $"{layer.Activation.Name} is not homogeneous: scaling its input does not scale its output"));
    }

    private void Visit(Layer layer)
    {
        var axes = WeightAxes.Of(layer);
        var rank = layer.WeightShape.Length;
        // A convolution's channels are the second of its axes; MatMul takes inputs of any rank and reads the last.
        var map = Map(layer.Input);
        var axis = layer.ChannelsLast ? map.Rank - 1 : 1;
        map = map.Joined(Classes, other => other != axis);
        Set(layer.Input, map);
        var inputs = map.IsUniform ? Enumerable.Repeat(map.Classes[0], axes.Inputs).ToArray() : map.Classes.ToArray();
        var outputs = Enumerable.Range(0, layer.Channels).Select(_ => Classes.New()).ToArray();
        _layers.Add(new LayerClasses(layer, axes, inputs, outputs));
        var outputRank = layer.ChannelsLast ? OutputRank(layer, map) : rank;
        if (outputRank > 0)
        {
            Set(layer.PreActivation, FactorMap.Along(outputRank, layer.ChannelsLast ? outputRank - 1 : 1, outputs));
            return;
        }
        var refusal = new Refusal(layer.NodeName, "the number of axes of what it makes is not known");
        foreach (var output in outputs) Classes.Refuse(output, refusal);
        Set(layer.PreActivation, FactorMap.Uniform(outputs[0]));
    }

    private int OutputRank(Layer layer, FactorMap input) =>
        layer.Operator == LayerOperator.Gemm ? 2 : Shapes[layer.PreActivation] is { Length: > 0 } shape ? shape.Length : input.Rank;
}
