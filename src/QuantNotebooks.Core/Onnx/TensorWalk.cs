using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Onnx;

/// <summary>Visits every part of a model, sub-graphs and functions included.</summary>
internal static class TensorWalk
{
    /// <summary>Every tensor with values: initializers, the parts of sparse tensors, and attributes.</summary>
    public static IEnumerable<TensorProto> Tensors(ModelProto model)
    {
        foreach (var graph in Graphs(model))
            foreach (var tensor in graph.Initializer.Concat(graph.SparseInitializer.SelectMany(Parts))) yield return tensor;
        foreach (var attribute in Nodes(model).SelectMany(node => node.Attribute).Concat(model.Functions.SelectMany(function => function.AttributeProto)))
        {
            if (attribute.T is not null) yield return attribute.T;
            foreach (var tensor in attribute.Tensors) yield return tensor;
            if (attribute.SparseTensor is not null)
                foreach (var tensor in Parts(attribute.SparseTensor)) yield return tensor;
            foreach (var tensor in attribute.SparseTensors.SelectMany(Parts)) yield return tensor;
        }
    }

    /// <summary>Every node.</summary>
    public static IEnumerable<NodeProto> Nodes(ModelProto model) =>
        Graphs(model).SelectMany(graph => graph.Node).Concat(model.Functions.SelectMany(function => function.Node));

    /// <summary>The graph, the sub-graphs of its nodes and of the functions' nodes, and theirs.</summary>
    public static IEnumerable<GraphProto> Graphs(ModelProto model)
    {
        var open = new Stack<GraphProto>();
        if (model.Graph is not null) open.Push(model.Graph);
        foreach (var inner in model.Functions.SelectMany(function => function.Node).SelectMany(SubGraphs)) open.Push(inner);
        while (open.TryPop(out var graph))
        {
            yield return graph;
            foreach (var inner in graph.Node.SelectMany(SubGraphs)) open.Push(inner);
        }
    }

    private static IEnumerable<GraphProto> SubGraphs(NodeProto node)
    {
        foreach (var attribute in node.Attribute)
        {
            if (attribute.G is not null) yield return attribute.G;
            foreach (var graph in attribute.Graphs) yield return graph;
        }
    }

    private static IEnumerable<TensorProto> Parts(SparseTensorProto sparse)
    {
        if (sparse.Values is not null) yield return sparse.Values;
        if (sparse.Indices is not null) yield return sparse.Indices;
    }
}
