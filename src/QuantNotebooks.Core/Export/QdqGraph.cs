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

    /// <summary>The first operator set that has everything that was put in.</summary>
    public int Opset { get; private set; } = 10;

    /// <summary>Makes the layer read integers for its weights and, where the scheme has integer biases, for its bias.</summary>
    /// <param name="layer">A layer of the graph.</param>
    /// <param name="weights">Its quantized weights; where they are not quantized, the layer stays as it is.</param>
    /// <param name="bias">Its integer bias; null leaves it in floating point.</param>
    /// <param name="fewestBits">8 to store weights of 4 bits or fewer in 8.</param>
    public void Quantize(Layer layer, QuantizedWeights weights, IntegerBias? bias, int fewestBits)
    {
        if (!weights.IsQuantized) return;
        var type = IntegerType.For(weights.QuantizerOf(0), fewestBits);
        var integers = IntegersOf(layer, weights);
        var axis = weights.Quantizers.Length == 1 ? (int?)null : ChannelAxis(layer);
        Require(type, axis);
        long[] shape = axis is null ? [] : [weights.Quantizers.Length];
        var stored = Add(name => type.Create(name, layer.WeightShape.AsSpan(), integers), layer.WeightName, type.ToString());
        var scale = Add(name => TensorData.Create(name, shape, [.. weights.Quantizers.Select(grid => grid.Scale)]), layer.WeightName, "scale");
        var zeroPoint = Add(name => type.Create(name, shape, [.. weights.Quantizers.Select(grid => grid.ZeroPoint)]), layer.WeightName, "zero_point");
        Replace(layer, layer.WeightName, Dequantize(layer.WeightName, axis, stored, scale, zeroPoint));
        if (layer.BiasName is not { } biasName || bias is null) return;
        // Integers in the accumulator's own steps: a 16-bit bias has its shift behind it.
        var shifted = Array.ConvertAll(bias.Integers, integer => integer << bias.Shift);
        var steps = Array.ConvertAll(bias.Steps, step => (float)Math.ScaleB(step, -bias.Shift));
        var storedBias = Add(name => TensorData.Create(name, layer.BiasShape.AsSpan(), shifted), biasName, "int32");
        var biasScale = Add(name => TensorData.Create(name, shape, axis is null ? [steps[0]] : steps), biasName, "scale");
        // An int32 tensor has zero point 0 and, by the standard, need not say so. Channels are a bias's first axis.
        Replace(layer, biasName, Dequantize(biasName, axis is null ? null : 0, storedBias, biasScale));
    }

    /// <summary>Puts a QuantizeLinear/DequantizeLinear pair on a tensor: whoever reads it, reads values on the grid.</summary>
    /// <param name="tensor">A tensor of the graph, made by a node or an input of the graph.</param>
    /// <param name="grid">Its grid. Where no type ends where the grid ends, a Clip goes in front.</param>
    public void Quantize(string tensor, Quantizer grid)
    {
        var type = IntegerType.For(grid);
        Require(type, axis: null);
        var scale = Add(name => TensorData.Scalar(name, grid.Scale), tensor, "scale");
        var zeroPoint = Add(name => type.Create(name, [], [grid.ZeroPoint]), tensor, "zero_point");
        if (_graph.Producer(tensor) is not { } producer)
        {
            var onGrid = Unique(tensor, "dequantized");
            Pair(_first, tensor, onGrid);
            foreach (var reader in _graph.Consumers(tensor)) Replace(reader, tensor, onGrid);
            return;
        }
        string raw;
        if (IsAbsorbed(producer, grid))
        {
            raw = Changed(producer).Input.First(input => _graph.Constant(input) is null);
            _changed[producer] = null;
        }
        else
        {
            raw = Unique(tensor, "unquantized");
            var changed = Changed(producer);
            changed.Output[changed.Output.IndexOf(tensor)] = raw;
        }
        if (!_behind.TryGetValue(producer, out var list)) _behind[producer] = list = [];
        Pair(list, raw, tensor);

        void Pair(List<NodeProto> nodes, string from, string to)
        {
            if (!type.EndsWith(grid))
            {
                Opset = Math.Max(Opset, 13);
                var clipped = Unique(tensor, "clipped");
                nodes.Add(Node(
                    "Clip",
                    [from, Add(name => TensorData.Scalar(name, grid.Minimum), tensor, "minimum"), Add(name => TensorData.Scalar(name, grid.Maximum), tensor, "maximum")],
                    clipped));
                from = clipped;
            }
            var quantized = Unique(tensor, "quantized");
            nodes.Add(Node("QuantizeLinear", [from, scale, zeroPoint], quantized));
            nodes.Add(Node("DequantizeLinear", [quantized, scale, zeroPoint], to));
        }
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

    /// <summary>The integers that stand for a layer's quantized weights, in its own layout.</summary>
    public static int[] IntegersOf(Layer layer, QuantizedWeights weights)
    {
        var integers = new int[weights.Weights.Length];
        for (var channel = 0; channel < layer.Channels; channel++)
        {
            var grid = weights.QuantizerOf(channel);
            layer.Layout.ForEachRun(channel, (start, length) =>
            {
                for (var index = start; index < start + length; index++) integers[index] = (int)MathF.Round(weights.Weights[index] / grid.Scale) + grid.ZeroPoint;
            });
        }
        return integers;
    }

    /// <summary>Whether the node is a ReLU or Clip whose bounds are the ends of its output's grid, so that saturation does its work exactly.</summary>
    private bool IsAbsorbed(NodeProto node, Quantizer grid)
    {
        if (ActivationFinder.Of(_graph, node) is not { Kind: ActivationKind.Relu or ActivationKind.Clip, HasChannelBounds: false } activation) return false;
        var (low, high) = activation.Kind == ActivationKind.Relu ? (0f, float.PositiveInfinity) : ((float)activation.Minimum, (float)activation.Maximum);
        return grid.Apply(low) == grid.Minimum && grid.Apply(high) == grid.Maximum;
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

    private void Require(IntegerType type, int? axis) => Opset = Math.Max(Opset, Math.Max(type.Opset, axis is null ? 10 : 13));

    private string Dequantize(string tensor, int? axis, params string[] inputs)
    {
        var output = Unique(tensor, "dequantized");
        var node = Node("DequantizeLinear", inputs, output);
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
