using System.Buffers.Binary;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Quantization;
using DataType = QuantNotebooks.Onnx.Schema.TensorProto.Types.DataType;

namespace QuantNotebooks.Export;

/// <summary>An integer type of ONNX that holds a grid.</summary>
/// <param name="Bits">4, 8 or 16.</param>
/// <param name="Signed">Whether it has negative numbers.</param>
internal readonly record struct IntegerType(int Bits, bool Signed)
{
    /// <summary>The first operator set whose QuantizeLinear and DequantizeLinear take the type.</summary>
    public int Opset => Bits == 8 ? 10 : 21;

    /// <summary>The smallest integer, at which QuantizeLinear saturates.</summary>
    public int Lowest => Signed ? -(1 << (Bits - 1)) : 0;

    /// <summary>The largest integer.</summary>
    public int Highest => (Signed ? 1 << (Bits - 1) : 1 << Bits) - 1;

    /// <summary>The smallest type that holds a grid's integers.</summary>
    /// <param name="grid">The grid.</param>
    /// <param name="fewestBits">8 to leave out 4-bit types.</param>
    public static IntegerType For(Quantizer grid, int fewestBits = 4)
    {
        foreach (var bits in new[] { 4, 8 })
        {
            var type = new IntegerType(bits, grid.Lowest < 0);
            if (bits >= fewestBits && grid.Lowest >= type.Lowest && grid.Highest <= type.Highest) return type;
        }
        return new IntegerType(16, grid.Lowest < 0);
    }

    /// <summary>Whether saturation at the type's ends is saturation at the grid's.</summary>
    public bool EndsWith(Quantizer grid) => grid.Lowest == Lowest && grid.Highest == Highest;

    /// <summary>A tensor of the type.</summary>
    public TensorProto Create(string name, ReadOnlySpan<long> shape, ReadOnlySpan<int> values)
    {
        var bytes = new byte[(values.Length * Bits + 7) / 8];
        for (var index = 0; index < values.Length; index++)
        {
            switch (Bits)
            {
                // Two in a byte, the first in the low half.
                case 4:
                    bytes[index / 2] |= (byte)((values[index] & 0xF) << (4 * (index % 2)));
                    break;
                case 8:
                    bytes[index] = unchecked((byte)values[index]);
                    break;
                default:
                    BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(2 * index), unchecked((short)values[index]));
                    break;
            }
        }
        return TensorData.Create(name, Type, shape, bytes);
    }

    /// <summary>For example "int8".</summary>
    public override string ToString() => FormattableString.Invariant($"{(Signed ? "int" : "uint")}{Bits}");

    private DataType Type => (Bits, Signed) switch
    {
        (4, true) => DataType.Int4,
        (4, false) => DataType.Uint4,
        (8, true) => DataType.Int8,
        (8, false) => DataType.Uint8,
        (_, true) => DataType.Int16,
        _ => DataType.Uint16,
    };
}
