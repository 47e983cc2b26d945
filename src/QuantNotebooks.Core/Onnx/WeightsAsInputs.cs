using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Onnx;

/// <summary>
/// Lets ONNX Runtime look at a model without its weights: types and shapes depend on the shapes of weights and not on their values, so as inputs
/// they are neither written nor read. With a large network that is nearly all of the memory and time.
/// </summary>
internal static class WeightsAsInputs
{
    /// <summary>Bytes; what shapes do depend on, such as the scales of a Resize, is smaller.</summary>
    private const int Least = 1024;

    /// <summary>Makes inputs of the graph's weights, in place. What the graph lists as an input or output already stays as it is.</summary>
    public static void Apply(GraphProto graph)
    {
        var listed = graph.Input.Concat(graph.Output).Select(value => value.Name).ToHashSet();
        var (kept, weights) = (new List<TensorProto>(), new List<ValueInfoProto>());
        foreach (var tensor in graph.Initializer)
        {
            if (!TensorData.IsFloat(tensor) || tensor.RawData.Length < Least || !listed.Add(tensor.Name)) kept.Add(tensor);
            else weights.Add(InputFor(tensor));
        }
        graph.Initializer.Clear();
        graph.Initializer.AddRange(kept);
        graph.Input.AddRange(weights);
    }

    private static ValueInfoProto InputFor(TensorProto tensor)
    {
        var shape = new TensorShapeProto();
        foreach (var length in tensor.Dims) shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = length });
        return new ValueInfoProto
        {
            Name = tensor.Name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = tensor.DataType, Shape = shape } },
        };
    }
}
