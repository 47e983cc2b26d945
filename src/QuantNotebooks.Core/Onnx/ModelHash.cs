using System.Buffers;
using System.Security.Cryptography;
using Google.Protobuf;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Onnx;

/// <summary>SHA-256 of a model as it would be written, a piece at a time: the bytes of all weights never stand beside the weights.</summary>
internal sealed class ModelHash : IBufferWriter<byte>, IDisposable
{
    private const int PieceBytes = 1 << 16;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _piece = new byte[PieceBytes];

    private ModelHash()
    {
    }

    /// <summary>In lower-case hexadecimal.</summary>
    public static string Of(ModelProto model)
    {
        using var hash = new ModelHash();
        model.WriteTo(hash);
        return Convert.ToHexStringLower(hash._hash.GetHashAndReset());
    }

    public void Advance(int count) => _hash.AppendData(_piece, 0, count);

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (sizeHint > _piece.Length) _piece = new byte[sizeHint];
        return _piece;
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public void Dispose() => _hash.Dispose();
}
