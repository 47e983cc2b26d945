using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Training.Gradients;

/// <summary>Computed tensors as constants, and constants of integers as numbers.</summary>
internal static class ConstantValues
{
    /// <summary>A copy of a tensor that ONNX Runtime computed. Its element types have the numbers of the ONNX standard.</summary>
    public static TensorProto Of(string name, OrtValue value)
    {
        var type = value.GetTensorTypeAndShape();
        if (type.ElementDataType == TensorElementType.String) throw new QuantNotebooksException($"Tensor '{name}' holds text; networks of numbers are supported.");
        var tensor = new TensorProto
        {
            Name = name,
            DataType = (int)type.ElementDataType,
            RawData = ByteString.CopyFrom(value.GetTensorMutableRawData()),
        };
        tensor.Dims.AddRange(type.Shape);
        return tensor;
    }

    /// <summary>The values of an int64 or int32 tensor, or null for another type.</summary>
    public static long[]? Integers(TensorProto tensor) => (TensorProto.Types.DataType)tensor.DataType switch
    {
        TensorProto.Types.DataType.Int64 => tensor.Int64Data.Count > 0 ? [.. tensor.Int64Data] : MemoryMarshal.Cast<byte, long>(tensor.RawData.Span).ToArray(),
        TensorProto.Types.DataType.Int32 => tensor.Int32Data.Count > 0
            ? [.. tensor.Int32Data.Select(value => (long)value)]
            : Array.ConvertAll(MemoryMarshal.Cast<byte, int>(tensor.RawData.Span).ToArray(), value => (long)value),
        _ => null,
    };
}
