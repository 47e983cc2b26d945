using QuantNotebooks.Onnx.Schema;
using DataType = QuantNotebooks.Onnx.Schema.TensorProto.Types.DataType;

namespace QuantNotebooks.Onnx;

/// <summary>
/// Turns a network of float16 tensors into one of float32, which the analysis works in: constants take their exact values, and what is computed
/// is no longer rounded to float16 in between.
/// </summary>
internal static class Float16Conversion
{
    /// <summary>Attributes that name an element type.</summary>
    private static readonly HashSet<string> TypeAttributes = ["to", "dtype", "output_dtype", "output_datatype", "stash_type", "softmax_precision"];

    /// <summary>Whether any tensor of the model is float16.</summary>
    public static bool IsNeeded(ModelProto model) =>
        TensorWalk.Tensors(model).Any(tensor => tensor.DataType == (int)DataType.Float16)
        || TensorWalk.Graphs(model).SelectMany(graph => graph.Input.Concat(graph.Output)).Any(value => IsFloat16(value.Type))
        || TensorWalk.Nodes(model).SelectMany(node => node.Attribute).Any(NamesFloat16);

    /// <summary>A copy in which every float16 is a float32.</summary>
    public static ModelProto ToFloat32(ModelProto model)
    {
        var converted = model.Clone();
        foreach (var tensor in TensorWalk.Tensors(converted).Where(tensor => tensor.DataType == (int)DataType.Float16))
        {
            var floats = TensorData.ToRawFloats(tensor)!;
            tensor.DataType = floats.DataType;
            tensor.RawData = floats.RawData;
            tensor.Int32Data.Clear();
        }
        foreach (var graph in TensorWalk.Graphs(converted))
            foreach (var value in graph.Input.Concat(graph.Output).Concat(graph.ValueInfo)) Convert(value.Type);
        foreach (var value in converted.Functions.SelectMany(function => function.ValueInfo)) Convert(value.Type);
        foreach (var attribute in TensorWalk.Nodes(converted).SelectMany(node => node.Attribute).Concat(converted.Functions.SelectMany(function => function.AttributeProto)))
        {
            if (NamesFloat16(attribute)) attribute.I = (int)DataType.Float;
            Convert(attribute.Tp);
            foreach (var type in attribute.TypeProtos) Convert(type);
        }
        return converted;
    }

    private static bool NamesFloat16(AttributeProto attribute) => attribute.I == (int)DataType.Float16 && TypeAttributes.Contains(attribute.Name);

    private static bool IsFloat16(TypeProto? type) => type?.TensorType?.ElemType == (int)DataType.Float16;

    private static void Convert(TypeProto? type)
    {
        while (type is not null)
        {
            if (IsFloat16(type)) type.TensorType.ElemType = (int)DataType.Float;
            if (type.SparseTensorType is { ElemType: (int)DataType.Float16 } sparse) sparse.ElemType = (int)DataType.Float;
            type = type.SequenceType?.ElemType ?? type.OptionalType?.ElemType ?? type.MapType?.ValueType;
        }
    }
}
