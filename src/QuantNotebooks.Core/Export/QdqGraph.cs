using System.Collections.Immutable;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Export;

/// <summary>A graph that is being put into QDQ form, layer by layer and tensor by tensor. Used once, by one thread.</summary>
internal sealed class QdqGraph
{
    private readonly Graph _graph;
    private readonly ImmutableDictionary<string, TensorProto>.Builder _constants;
    private readonly HashSet<string> _names;

    // By the node of the original graph: its changed copy, or null where it is left out.
    private readonly Dictionary<NodeProto, NodeProto?> _changed = new(ReferenceEqualityComparer.Instance);

    // Nodes of constants and of graph inputs stand before all others; those of other tensors stand behind the tensor's producer.
    private readonly List<NodeProto> _first = [];
    private readonly Dictionary<NodeProto, List<NodeProto>> _behind = new(ReferenceEqualityComparer.Instance);

    public QdqGraph(Graph graph)
    {
        _graph = graph;
        _constants = graph.Constants.ToBuilder();
        _names = [.. graph.Constants.Keys, .. graph.Inputs.Select(input => input.Name), .. graph.Nodes.SelectMany(node => node.Output.Concat(node.Reads()))];
    }

    /// <summary>Makes the layer read integers for its weights and bias.</summary>
    /// <param name="layer">A layer of the graph.</param>
    /// <param name="scheme">8-bit weights.</param>
    /// <param name="input">The grid on which the layer's input lies.</param>
    public void Quantize(Layer layer, QuantizationScheme scheme, Quantizer input)
    {
        var weights = LayerQuantizer.Weights(layer, scheme);
        var integers = new sbyte[weights.Weights.Length];
        for (var channel = 0; channel < layer.Channels; channel++)
        {
            var scale = weights.ScaleOf(channel);
            layer.Layout.ForEachRun(channel, (start, length) =>
            {
                for (var index = start; index < start + length; index++) integers[index] = (sbyte)MathF.Round(weights.Weights[index] / scale);
            });
        }
        var scales = weights.Quantizers.Select(quantizer => quantizer.Scale).ToArray();
        var axis = scales.Length == 1 ? (int?)null : ChannelAxis(layer);
        var integerWeights = Add(name => TensorData.Create(name, layer.WeightShape.AsSpan(), integers), layer.WeightName, "int8");
        Replace(layer, layer.WeightName, Dequantize(layer.WeightName, integerWeights, scales, axis, Zeros(layer.WeightName, scales, axis)));
        if (layer.BiasName is not { } biasName || LayerQuantizer.Integers(layer.Bias, weights, input, scheme) is not { } bias) return;
        var integerBias = Add(name => TensorData.Create(name, layer.BiasShape.AsSpan(), bias.Integers), biasName, "int32");
        var steps = axis is null ? [bias.Steps[0]] : bias.Steps;
        // An int32 tensor has zero point 0 and, by the standard, need not say so.
        Replace(layer, biasName, Dequantize(biasName, integerBias, Array.ConvertAll(steps, step => (float)step), axis is null ? null : layer.BiasShape.Length - 1, zeroPoint: null));
    }

    /// <summary>Puts a QuantizeLinear/DequantizeLinear pair on a tensor: whoever reads it, reads values on the grid.</summary>
    /// <param name="tensor">A tensor of the graph, made by a node or an input of the graph.</param>
    /// <param name="quantizer">An unsigned 8-bit grid.</param>
    public void Quantize(string tensor, Quantizer quantizer)
    {
        var scale = Add(name => TensorData.Scalar(name, quantizer.Scale), tensor, "scale");
        var zeroPoint = Add(name => TensorData.Create(name, [], [(byte)quantizer.ZeroPoint]), tensor, "zero_point");
        var quantized = Unique(tensor, "quantized");
        if (_graph.Producer(tensor) is not { } producer)
        {
            var onGrid = Unique(tensor, "dequantized");
            _first.Add(Node("QuantizeLinear", [tensor, scale, zeroPoint], quantized));
            _first.Add(Node("DequantizeLinear", [quantized, scale, zeroPoint], onGrid));
            foreach (var reader in _graph.Consumers(tensor)) Replace(reader, tensor, onGrid);
            return;
        }
        string raw;
        if (IsAbsorbed(producer, quantizer))
        {
            raw = Changed(producer).Input[0];
            _changed[producer] = null;
        }
        else
        {
            raw = Unique(tensor, "unquantized");
            var changed = Changed(producer);
            changed.Output[changed.Output.IndexOf(tensor)] = raw;
        }
        if (!_behind.TryGetValue(producer, out var list)) _behind[producer] = list = [];
        list.Add(Node("QuantizeLinear", [raw, scale, zeroPoint], quantized));
        list.Add(Node("DequantizeLinear", [quantized, scale, zeroPoint], tensor));
    }

    public Graph ToGraph()
    {
        var nodes = new List<NodeProto>(_first);
        foreach (var node in _graph.Nodes)
        {
            if (!_changed.TryGetValue(node, out var changed)) nodes.Add(node);
            else if (changed is not null) nodes.Add(changed);
            if (_behind.TryGetValue(node, out var behind)) nodes.AddRange(behind);
        }
        return _graph.With(nodes, _constants.ToImmutable());
    }

    /// <summary>Whether the node is a ReLU or Clip whose bounds are the ends of its output's grid, so that saturation does its work exactly.</summary>
    private bool IsAbsorbed(NodeProto node, Quantizer quantizer)
    {
        if (ActivationFinder.Of(_graph, node) is not { Kind: ActivationKind.Relu or ActivationKind.Clip, HasChannelBounds: false } activation) return false;
        var (low, high) = activation.Kind == ActivationKind.Relu ? (0f, float.PositiveInfinity) : ((float)activation.Minimum, (float)activation.Maximum);
        return quantizer.Apply(low) == quantizer.Minimum && quantizer.Apply(high) == quantizer.Maximum;
    }

    /// <summary>The axis of the weight tensor along which output channels, and their scales, lie.</summary>
    private static int ChannelAxis(Layer layer)
    {
        var shape = layer.WeightShape;
        long before = 1;
        for (var axis = 0; axis < shape.Length; before *= shape[axis++])
            if (shape[axis] == layer.Channels && before == layer.Layout.Outer) return axis;
        throw new QuantNotebooksException(
            $"Layer '{layer.Name}' ({layer.Operator} in {layer.Layout.Groups} groups) keeps its output channels on two axes of the weights: QDQ has no scale per channel for it, only per tensor.");
    }

    private string? Zeros(string tensor, float[] scales, int? axis) =>
        Add(name => TensorData.Create(name, axis is null ? [] : [scales.Length], new sbyte[scales.Length]), tensor, "zero_point");

    private string Dequantize(string tensor, string integers, float[] scales, int? axis, string? zeroPoint)
    {
        var scale = Add(name => TensorData.Create(name, axis is null ? [] : [scales.Length], scales), tensor, "scale");
        var output = Unique(tensor, "dequantized");
        var node = Node("DequantizeLinear", zeroPoint is null ? [integers, scale] : [integers, scale, zeroPoint], output);
        if (axis is { } value) node.Attribute.Add(new AttributeProto { Name = "axis", I = value, Type = AttributeProto.Types.AttributeType.Int });
        _first.Add(node);
        return output;
    }

    private void Replace(Layer layer, string tensor, string by)
    {
        foreach (var node in layer.LinearNodes) Replace(node, tensor, by);
    }

    private void Replace(NodeProto node, string tensor, string by)
    {
        // A network's input that only a sub-graph reads (If, Loop) is captured by name and can't be handed to it under another.
        if (!node.Input.Contains(tensor))
        {
            if (!node.Reads().Contains(tensor)) return;
            throw new QuantNotebooksException($"The sub-graphs of node '{node.Name}' ({node.OpType}) read the quantized tensor '{tensor}' from outside; the QDQ export can't rename it there.");
        }
        var changed = Changed(node);
        for (var index = 0; index < changed.Input.Count; index++)
            if (changed.Input[index] == tensor) changed.Input[index] = by;
    }

    private NodeProto Changed(NodeProto node)
    {
        if (!_changed.TryGetValue(node, out var changed)) _changed[node] = changed = node.Clone();
        return changed ?? throw new InvalidOperationException($"Node '{node.Name}' was left out already.");
    }

    private string Add(Func<string, TensorProto> make, string tensor, string part)
    {
        var name = Unique(tensor, part);
        _constants[name] = make(name);
        return name;
    }

    private string Unique(string tensor, string part)
    {
        var name = GraphNormalizer.UniqueName($"{tensor}/{part}", _names.Contains);
        _names.Add(name);
        return name;
    }

    private static NodeProto Node(string operation, string[] inputs, string output)
    {
        var node = new NodeProto { OpType = operation, Name = $"{output}/{operation}" };
        node.Input.AddRange(inputs);
        node.Output.Add(output);
        return node;
    }
}
