using System.Collections.Immutable;
using System.Numerics.Tensors;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Equalization;

/// <summary>Makes the network in which every tensor T has become s T, from the factors of all classes.</summary>
/// <param name="trace">The classes.</param>
/// <param name="factorOf">The factor of a class; 1 for every refused one.</param>
internal sealed class FactorApplication(FactorTrace trace, Func<int, double> factorOf)
{
    private readonly ImmutableDictionary<string, TensorProto>.Builder _constants = trace.Graph.Constants.ToBuilder();
    private readonly Dictionary<NodeProto, NodeProto[]> _replaced = new(ReferenceEqualityComparer.Instance);

    public Graph Apply()
    {
        foreach (var constant in trace.Constants) Scale(constant);
        foreach (var clip in trace.Clips) Scale(clip);
        var factors = trace.Layers.Select(layer => (Outputs: OutputFactors(layer), Inputs: Array.ConvertAll(layer.Inputs, factorClass => factorOf(factorClass)))).ToArray();
        var scaled = new TensorProto?[factors.Length];
        Parallel.For(0, factors.Length, index => scaled[index] = ScaledWeights(trace.Layers[index], factors[index].Outputs, factors[index].Inputs));
        for (var index = 0; index < factors.Length; index++)
        {
            if (scaled[index] is not { } weights) continue;
            var layer = trace.Layers[index].Layer;
            _constants[layer.WeightName] = weights;
            if (layer.BiasName is { } bias) _constants[bias] = TensorData.Create(bias, layer.BiasShape.AsSpan(), ScaledBias(layer.Bias, factors[index].Outputs));
        }
        var nodes = trace.Graph.Nodes.SelectMany(node => _replaced.TryGetValue(node, out var others) ? others : [node]);
        return trace.Graph.With(nodes, _constants.ToImmutable());
    }

    /// <summary>The factors of a layer's output channels.</summary>
    public double[] OutputFactors(LayerClasses layer) => Array.ConvertAll(layer.Outputs, factorClass => factorOf(factorClass));

    /// <summary>A layer's weights times their factors, or null where all of these are 1.</summary>
    private static TensorProto? ScaledWeights(LayerClasses layer, double[] outputs, double[] inputs)
    {
        if (Array.TrueForAll(outputs, factor => factor == 1) && Array.TrueForAll(inputs, factor => factor == 1)) return null;
        var axes = layer.Axes;
        var inverses = Array.ConvertAll(inputs, factor => 1 / factor);
        var (rows, columns) = axes.RowsAreOutputs ? (outputs, inverses) : (inverses, outputs);
        return TensorData.Create(layer.Layer.WeightName, layer.Layer.WeightShape.AsSpan(), weights =>
        {
            var row = new double[axes.Columns * axes.Taps];
            for (var index = 0; index < axes.Rows; index++)
            {
                TensorPrimitives.ConvertTruncating<float, double>(layer.Layer.Weights.Slice(index * row.Length, row.Length), row);
                Multiply(row, columns.AsSpan(axes.FirstColumnChannel(index), axes.Columns), rows[index], axes.Taps);
                TensorPrimitives.ConvertTruncating<double, float>(row, weights.Slice(index * row.Length, row.Length));
            }
        });
    }

    /// <summary>A row of weights, [columns, taps], times the factors of its columns and its own.</summary>
    private static void Multiply(Span<double> weights, ReadOnlySpan<double> columns, double row, int taps)
    {
        if (taps == 1)
        {
            TensorPrimitives.Multiply(weights, columns, weights);
            TensorPrimitives.Multiply(weights, row, weights);
            return;
        }
        for (var column = 0; column < columns.Length; column++)
            foreach (ref var weight in weights.Slice(column * taps, taps)) weight *= columns[column] * row;
    }

    /// <summary>The bias, one a channel, times the factors.</summary>
    public static float[] ScaledBias(ReadOnlySpan<float> bias, ReadOnlySpan<double> factors)
    {
        var scaled = new float[bias.Length];
        for (var channel = 0; channel < scaled.Length; channel++) scaled[channel] = (float)(bias[channel] * factors[channel]);
        return scaled;
    }

    private void Scale(ScaledConstant constant)
    {
        if (IsOne(constant.Map)) return;
        var old = TensorData.ToRawFloats(trace.Graph.Constants[constant.Node.Input[constant.Input]])!;
        // A constant that no other node reads is replaced under its own name.
        var name = trace.Graph.Consumers(old.Name).Length == 1 && !trace.Graph.IsOutput(old.Name) && constant.Node.Input.Count(input => input == old.Name) == 1
            ? old.Name
            : GraphNormalizer.UniqueName($"{old.Name}/scaled", _constants.ContainsKey);
        _constants[name] = Product(name, old, constant.Map);
        var node = _replaced.TryGetValue(constant.Node, out var before) ? before[0] : constant.Node.Clone();
        node.Input[constant.Input] = name;
        _replaced[constant.Node] = [node];
    }

    /// <summary>A Clip whose channels have bounds of their own: Relu or Max, then Min, each with a constant that has one bound a channel.</summary>
    private void Scale(ScaledClip clip)
    {
        if (IsOne(clip.Map)) return;
        var nodes = new List<NodeProto>();
        var from = clip.Node.Input[0];
        if (clip.Minimum == 0) Add("Relu", 0);
        else if (float.IsFinite(clip.Minimum)) Add("Max", clip.Minimum);
        if (float.IsFinite(clip.Maximum)) Add("Min", clip.Maximum);
        nodes[^1].Output[0] = clip.Node.Output[0];
        nodes[^1].Name = clip.Node.Name;
        _replaced[clip.Node] = [.. nodes];

        void Add(string operation, float bound)
        {
            var node = new NodeProto { OpType = operation, Name = $"{FactorTrace.NameOf(clip.Node)}/{operation}" };
            node.Input.Add(from);
            if (operation != "Relu")
            {
                var name = GraphNormalizer.UniqueName($"{clip.Node.Output[0]}/{operation}", _constants.ContainsKey);
                _constants[name] = Product(name, TensorData.Scalar(name, bound), clip.Map);
                node.Input.Add(name);
            }
            node.Output.Add(from = $"{clip.Node.Output[0]}/{operation}/value");
            nodes.Add(node);
        }
    }

    private bool IsOne(FactorMap map)
    {
        foreach (var factorClass in map.Classes)
            if (factorOf(factorClass) != 1) return false;
        return true;
    }

    /// <summary>A constant times the factors of a map, broadcast against one another.</summary>
    private TensorProto Product(string name, TensorProto constant, FactorMap map)
    {
        var own = constant.Dims.ToArray();
        // Leading axes of extent 1 broadcast by themselves, so the result need not have them.
        var skipped = 0;
        while (skipped < map.Rank && map.Extents[skipped] == 1) skipped++;
        var rank = Math.Max(own.Length, map.Rank - skipped);
        var shape = new int[rank];
        for (var axis = 0; axis < rank; axis++)
        {
            var (ofConstant, ofMap) = (axis - (rank - own.Length), axis - (rank - map.Rank));
            shape[axis] = Math.Max(ofConstant >= 0 ? (int)own[ofConstant] : 1, ofMap >= 0 && map.Rank > 0 ? map.Extents[ofMap] : 1);
        }
        var positions = FactorMap.Positions(Array.ConvertAll(own, size => (int)size)).Over(shape);
        var values = TensorData.Floats(constant);
        var classes = map.Trailing(rank).Over(shape);
        var product = new float[classes.Length];
        for (var element = 0; element < product.Length; element++) product[element] = (float)(values[positions[element]] * factorOf(classes[element]));
        return TensorData.Create(name, Array.ConvertAll(shape, size => (long)size), product);
    }
}
