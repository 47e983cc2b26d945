using System.Runtime.InteropServices;
using Google.Protobuf;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Onnx;

/// <summary>The values of constant tensors: in and out of <see cref="TensorProto"/>.</summary>
internal static class TensorData
{
    /// <summary>A tensor of the type of <paramref name="values"/> that holds a copy of them.</summary>
    public static TensorProto Create(string name, ReadOnlySpan<long> shape, ReadOnlySpan<float> values) =>
        Raw(name, TensorProto.Types.DataType.Float, shape, MemoryMarshal.AsBytes(values));

    /// <summary>A tensor of the type of <paramref name="values"/> that holds a copy of them.</summary>
    public static TensorProto Create(string name, ReadOnlySpan<long> shape, ReadOnlySpan<sbyte> values) =>
        Raw(name, TensorProto.Types.DataType.Int8, shape, MemoryMarshal.AsBytes(values));

    /// <summary>A tensor of the type of <paramref name="values"/> that holds a copy of them.</summary>
    public static TensorProto Create(string name, ReadOnlySpan<long> shape, ReadOnlySpan<byte> values) =>
        Raw(name, TensorProto.Types.DataType.Uint8, shape, values);

    /// <summary>A tensor of the type of <paramref name="values"/> that holds a copy of them.</summary>
    public static TensorProto Create(string name, ReadOnlySpan<long> shape, ReadOnlySpan<int> values) =>
        Raw(name, TensorProto.Types.DataType.Int32, shape, MemoryMarshal.AsBytes(values));

    public static TensorProto Scalar(string name, float value) => Create(name, [], [value]);

    /// <summary>The tensor's float32 values without a copy; only for float32 tensors made by <c>Create</c> or <see cref="ToRawFloats"/>.</summary>
    public static ReadOnlySpan<float> Floats(TensorProto tensor) => MemoryMarshal.Cast<byte, float>(tensor.RawData.Span);

    public static bool IsFloat(TensorProto tensor) => (TensorProto.Types.DataType)tensor.DataType
        is TensorProto.Types.DataType.Float or TensorProto.Types.DataType.Float16 or TensorProto.Types.DataType.Double;

    /// <summary>The same tensor as float32 in raw form, or null where its type is not a floating-point one.</summary>
    public static TensorProto? ToRawFloats(TensorProto tensor)
    {
        var shape = tensor.Dims.ToArray();
        switch ((TensorProto.Types.DataType)tensor.DataType)
        {
            case TensorProto.Types.DataType.Float when tensor.FloatData.Count == 0:
                return tensor;
            case TensorProto.Types.DataType.Float:
                return Create(tensor.Name, shape, tensor.FloatData.ToArray());
            case TensorProto.Types.DataType.Double:
            {
                var doubles = tensor.DoubleData.Count > 0 ? tensor.DoubleData.ToArray() : MemoryMarshal.Cast<byte, double>(tensor.RawData.Span).ToArray();
                return Create(tensor.Name, shape, Array.ConvertAll(doubles, value => (float)value));
            }
            case TensorProto.Types.DataType.Float16:
            {
                var halves = tensor.Int32Data.Count > 0
                    ? [.. tensor.Int32Data.Select(bits => BitConverter.UInt16BitsToHalf((ushort)bits))]
                    : MemoryMarshal.Cast<byte, Half>(tensor.RawData.Span).ToArray();
                return Create(tensor.Name, shape, Array.ConvertAll(halves, value => (float)value));
            }
            default:
                return null;
        }
    }

    /// <summary>Refuses a tensor whose data are not as long as its shape says.</summary>
    public static void Validate(TensorProto tensor, string source)
    {
        long count = 1;
        try
        {
            foreach (var dimension in tensor.Dims)
            {
                if (dimension < 0) throw new OverflowException();
                count = checked(count * dimension);
            }
        }
        catch (OverflowException)
        {
            throw new QuantNotebooksException($"'{source}': tensor '{tensor.Name}' has the impossible shape [{string.Join(", ", tensor.Dims)}].");
        }
        var size = BytesPerElement(tensor.DataType);
        var held = size is null ? count
            : tensor.RawData.Length > 0 ? tensor.RawData.Length / (double)size
            : tensor.FloatData.Count + tensor.Int32Data.Count + tensor.Int64Data.Count + tensor.DoubleData.Count + tensor.Uint64Data.Count;
        if (held != count)
            throw new QuantNotebooksException(
                $"'{source}': tensor '{tensor.Name}' of shape [{string.Join(", ", tensor.Dims)}] should hold {count} values and holds {held}: the file is damaged.");
    }

    private static TensorProto Raw(string name, TensorProto.Types.DataType type, ReadOnlySpan<long> shape, ReadOnlySpan<byte> bytes)
    {
        var tensor = new TensorProto { Name = name, DataType = (int)type, RawData = ByteString.CopyFrom(bytes) };
        foreach (var dimension in shape) tensor.Dims.Add(dimension);
        return tensor;
    }

    /// <summary>Bytes of one element, or null where elements are packed or of variable size.</summary>
    private static int? BytesPerElement(int dataType) => (TensorProto.Types.DataType)dataType switch
    {
        TensorProto.Types.DataType.Uint8 or TensorProto.Types.DataType.Int8 or TensorProto.Types.DataType.Bool => 1,
        TensorProto.Types.DataType.Uint16 or TensorProto.Types.DataType.Int16
            or TensorProto.Types.DataType.Float16 or TensorProto.Types.DataType.Bfloat16 => 2,
        TensorProto.Types.DataType.Float or TensorProto.Types.DataType.Int32 or TensorProto.Types.DataType.Uint32 => 4,
        TensorProto.Types.DataType.Double or TensorProto.Types.DataType.Int64 or TensorProto.Types.DataType.Uint64 => 8,
        _ => null,
    };
}
