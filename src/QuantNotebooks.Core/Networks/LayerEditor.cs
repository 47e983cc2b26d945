using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>Puts new weights and biases into a graph.</summary>
internal static class LayerEditor
{
    public static Graph Apply(Graph graph, IEnumerable<LayerChange> changes)
    {
        var constants = graph.Constants.ToBuilder();
        var nodes = graph.Nodes;
        foreach (var (layer, weights, bias) in changes)
        {
            if (weights is not null) constants[layer.WeightName] = TensorData.Create(layer.WeightName, layer.WeightShape.AsSpan(), weights);
            if (bias is null) continue;
            var name = layer.BiasName ?? GraphNormalizer.UniqueName(AffineFolding.BiasNameFor(layer.WeightName), constants.ContainsKey);
            constants[name] = TensorData.Create(name, layer.BiasShape.AsSpan(), bias);
            if (!layer.HasBias) nodes = AddBias(nodes, layer, name);
        }
        return nodes == graph.Nodes ? graph.With(constants.ToImmutable()) : graph.With(nodes, constants.ToImmutable());
    }

    private static ImmutableArray<NodeProto> AddBias(ImmutableArray<NodeProto> nodes, Layer layer, string biasName)
    {
        var linear = layer.LinearNodes[0];
        var index = nodes.IndexOf(linear, ReferenceEqualityComparer.Instance as IEqualityComparer<NodeProto>);
        var changed = linear.Clone();
        if (layer.Operator != LayerOperator.MatMul)
        {
            if (changed.Input.Count < 3) changed.Input.Add(biasName);
            else changed.Input[2] = biasName;
            return nodes.SetItem(index, changed);
        }
        var add = new NodeProto { Name = linear.Name + "/bias", OpType = "Add" };
        changed.Output[0] = linear.Output[0] + "/without-bias";
        add.Input.Add(changed.Output[0]);
        add.Input.Add(biasName);
        add.Output.Add(linear.Output[0]);
        return nodes.SetItem(index, changed).Insert(index + 1, add);
    }
}
