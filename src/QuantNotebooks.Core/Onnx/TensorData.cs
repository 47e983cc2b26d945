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

    /// <summary>A tensor of the type of <paramref name="values"/> that holds a copy of them.</summary>
    public static TensorProto Create(string name, ReadOnlySpan<long> shape, ReadOnlySpan<long> values) =>
        Raw(name, TensorProto.Types.DataType.Int64, shape, MemoryMarshal.AsBytes(values));

    /// <summary>A float32 tensor whose values are written where they stay; at first all are 0.</summary>
    public static TensorProto Create(string name, ReadOnlySpan<long> shape, Action<Span<float>> write)
    {
        var count = 1L;
        foreach (var length in shape) count *= length;
        var bytes = new byte[count * sizeof(float)];
        write(MemoryMarshal.Cast<byte, float>(bytes.AsSpan()));
        var tensor = new TensorProto { Name = name, DataType = (int)TensorProto.Types.DataType.Float, RawData = UnsafeByteOperations.UnsafeWrap(bytes) };
        tensor.Dims.AddRange(shape);
        return tensor;
    }

    /// <summary>A tensor of a type with that many bytes an element, or packed as the standard says.</summary>
    public static TensorProto Create(string name, TensorProto.Types.DataType type, ReadOnlySpan<long> shape, ReadOnlySpan<byte> bytes) => Raw(name, type, shape, bytes);

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
            case TensorProto.Types.DataType.Float when tensor.RawData.Length > 0 || tensor.FloatData.Count == 0:
                return tensor;
            case TensorProto.Types.DataType.Float:
                return Create(tensor.Name, shape, tensor.FloatData.ToArray());
            case TensorProto.Types.DataType.Double:
            {
                var doubles = tensor.RawData.Length > 0 ? MemoryMarshal.Cast<byte, double>(tensor.RawData.Span).ToArray() : tensor.DoubleData.ToArray();
                return Create(tensor.Name, shape, Array.ConvertAll(doubles, value => (float)value));
            }
            case TensorProto.Types.DataType.Float16:
            {
                var halves = tensor.RawData.Length > 0
                    ? MemoryMarshal.Cast<byte, Half>(tensor.RawData.Span).ToArray()
                    : [.. tensor.Int32Data.Select(bits => BitConverter.UInt16BitsToHalf((ushort)bits))];
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
        var held = Count(tensor);
        if (held is not null && held != count)
            throw new QuantNotebooksException(
                $"'{source}': tensor '{tensor.Name}' of shape [{string.Join(", ", tensor.Dims)}] should hold {count} values and holds {held}: the file is damaged.");
    }

    /// <summary>How many values the tensor holds, whatever its shape says; packed half-bytes count as their shape says where the bytes suffice.</summary>
    public static double? Count(TensorProto tensor)
    {
        if ((TensorProto.Types.DataType)tensor.DataType == TensorProto.Types.DataType.String) return tensor.StringData.Count;
        if (tensor.RawData.Length > 0) return BytesPerElement(tensor.DataType) is { } size ? tensor.RawData.Length / (double)size : null;
        return (TensorProto.Types.DataType)tensor.DataType switch
        {
            TensorProto.Types.DataType.Float => tensor.FloatData.Count,
            TensorProto.Types.DataType.Double => tensor.DoubleData.Count,
            TensorProto.Types.DataType.Int64 => tensor.Int64Data.Count,
            TensorProto.Types.DataType.Uint32 or TensorProto.Types.DataType.Uint64 => tensor.Uint64Data.Count,
            TensorProto.Types.DataType.Complex64 => tensor.FloatData.Count / 2.0,
            TensorProto.Types.DataType.Complex128 => tensor.DoubleData.Count / 2.0,
            TensorProto.Types.DataType.Int4 or TensorProto.Types.DataType.Uint4 or TensorProto.Types.DataType.Float4E2M1 => null,
            _ => tensor.Int32Data.Count,
        };
    }

    /// <summary>The values of an int64 tensor.</summary>
    public static ReadOnlySpan<long> Integers(TensorProto tensor) =>
        tensor.RawData.Length > 0 ? MemoryMarshal.Cast<byte, long>(tensor.RawData.Span) : tensor.Int64Data.ToArray();

    private static TensorProto Raw(string name, TensorProto.Types.DataType type, ReadOnlySpan<long> shape, ReadOnlySpan<byte> bytes)
    {
        var tensor = new TensorProto { Name = name, DataType = (int)type, RawData = ByteString.CopyFrom(bytes) };
        foreach (var dimension in shape) tensor.Dims.Add(dimension);
        return tensor;
    }

    /// <summary>Bytes of one element, or null where elements are packed or of variable size.</summary>
    public static int? BytesPerElement(int dataType) => (TensorProto.Types.DataType)dataType switch
    {
        TensorProto.Types.DataType.Uint8 or TensorProto.Types.DataType.Int8 or TensorProto.Types.DataType.Bool
            or TensorProto.Types.DataType.Float8E4M3Fn or TensorProto.Types.DataType.Float8E4M3Fnuz
            or TensorProto.Types.DataType.Float8E5M2 or TensorProto.Types.DataType.Float8E5M2Fnuz => 1,
        TensorProto.Types.DataType.Uint16 or TensorProto.Types.DataType.Int16
            or TensorProto.Types.DataType.Float16 or TensorProto.Types.DataType.Bfloat16 => 2,
        TensorProto.Types.DataType.Float or TensorProto.Types.DataType.Int32 or TensorProto.Types.DataType.Uint32 => 4,
        TensorProto.Types.DataType.Double or TensorProto.Types.DataType.Int64 or TensorProto.Types.DataType.Uint64
            or TensorProto.Types.DataType.Complex64 => 8,
        TensorProto.Types.DataType.Complex128 => 16,
        _ => null,
    };
}
