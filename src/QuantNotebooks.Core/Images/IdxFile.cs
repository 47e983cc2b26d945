using System.Buffers.Binary;
using System.IO.Compression;
using static System.FormattableString;

namespace QuantNotebooks.Images;

/// <summary>
/// Reads an IDX file of unsigned bytes (the format of MNIST), plain or compressed with gzip: a magic number, one 32-bit big-endian
/// size a dimension, then the bytes.
/// </summary>
/// <remarks>
/// Memory stays bounded by what the file holds, whatever its header says: a plain file's length is checked first, and a
/// compressed one is read into a buffer that grows as the bytes arrive, never beyond the declared size.
/// </remarks>
internal sealed class IdxFile : IDisposable
{
    public const uint ImagesMagic = 0x00000803;
    public const uint LabelsMagic = 0x00000801;

    /// <summary>Deflate cannot pack more bytes than this into one: a longest match of 258 bytes takes at least two bits.</summary>
    private const long LargestGzipRatio = 1032;

    private const int FirstBufferLength = 1 << 20;

    private readonly Stream _content;
    private readonly string _name;
    private readonly int[] _dimensions;
    private readonly long _bytesAtMost;
    private readonly bool _compressed;

    private IdxFile(Stream content, string name, int[] dimensions, long bytesAtMost, bool compressed)
    {
        _content = content;
        _name = name;
        _dimensions = dimensions;
        _bytesAtMost = bytesAtMost;
        _compressed = compressed;
    }

    /// <summary>The sizes that the header declares: [count, height, width] of images, [count] of labels. All are at least 1.</summary>
    public ReadOnlySpan<int> Dimensions => _dimensions;

    /// <summary>Opens a file and reads its header.</summary>
    /// <param name="stream">The whole file, seekable, at its start; disposed with the result.</param>
    /// <param name="name">What to call the file in messages.</param>
    /// <param name="magic"><see cref="ImagesMagic"/> or <see cref="LabelsMagic"/>.</param>
    /// <exception cref="QuantNotebooksException">The file is not IDX, of another kind, damaged, or declares an empty dimension.</exception>
    public static IdxFile Open(Stream stream, string name, uint magic)
    {
        try
        {
            return ReadHeader(stream, name, magic);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static IdxFile ReadHeader(Stream stream, string name, uint magic)
    {
        Span<byte> start = stackalloc byte[2];
        var compressed = stream.ReadAtLeast(start, 2, throwOnEndOfStream: false) == 2 && start[0] == 0x1F && start[1] == 0x8B;
        stream.Position = 0;
        var content = compressed ? new GZipStream(stream, CompressionMode.Decompress) : stream;

        var rank = (int)(magic & 0xFF);
        Span<byte> header = stackalloc byte[4 + 4 * rank];
        var got = ReadUpTo(content, header, name);
        if (got >= 4)
            RequireMagic(BinaryPrimitives.ReadUInt32BigEndian(header), magic, name);
        if (got < header.Length)
            throw new QuantNotebooksException(Invariant(
                $"{name} is cut short: it ends within the {header.Length} bytes of its IDX header."));

        var dimensions = new int[rank];
        for (var i = 0; i < rank; i++)
        {
            var size = BinaryPrimitives.ReadUInt32BigEndian(header[(4 + 4 * i)..]);
            if (size == 0)
                throw new QuantNotebooksException(i == 0
                    ? $"{name} is empty: its header declares 0 {KindOf(magic)}."
                    : $"{name} declares images without pixels: a side of length 0.");
            if (size > int.MaxValue)
                throw new QuantNotebooksException(Invariant(
                    $"{name} declares a dimension of {size:N0}; its header is damaged, or the file is far too large."));
            dimensions[i] = (int)size;
        }

        var bytesAtMost = compressed ? stream.Length * LargestGzipRatio : stream.Length - header.Length;
        return new IdxFile(content, name, dimensions, bytesAtMost, compressed);
    }

    /// <summary>Reads all bytes after the header; may be called once.</summary>
    /// <returns>As many bytes as the product of <see cref="Dimensions"/>.</returns>
    /// <exception cref="QuantNotebooksException">
    /// There are fewer or more bytes than declared, gzip is damaged, or they exceed 2 GB.
    /// </exception>
    public byte[] ReadBytes()
    {
        Int128 declared = 1;
        foreach (var dimension in _dimensions)
            declared *= dimension;
        if (declared > _bytesAtMost)
            throw CutShort(declared, $"{(_compressed ? "cannot hold more than " : "holds ")}{Invariant($"{_bytesAtMost:N0}")}");
        if (declared > Array.MaxLength)
            throw new QuantNotebooksException(Invariant(
                $"{_name} holds {declared:N0} bytes of pixels; at most {Array.MaxLength:N0} can be read from one file, so split it."));

        var length = (int)declared;
        var bytes = new byte[_compressed ? Math.Min(length, FirstBufferLength) : length];
        var filled = ReadUpTo(_content, bytes, _name);
        while (filled == bytes.Length && filled < length)
        {
            Array.Resize(ref bytes, (int)Math.Min(length, 2L * bytes.Length));
            filled += ReadUpTo(_content, bytes.AsSpan(filled), _name);
        }

        if (filled < length)
            throw CutShort(declared, Invariant($"holds {filled:N0}"));
        RequireEnd(declared);
        return bytes;
    }

    public void Dispose() => _content.Dispose();

    /// <summary>
    /// The file must end here; with gzip, reading to its end also verifies its checksum, unless the checksum itself is cut off.
    /// </summary>
    private void RequireEnd(Int128 declared)
    {
        Span<byte> beyond = stackalloc byte[1];
        if (ReadUpTo(_content, beyond, _name) != 0)
            throw new QuantNotebooksException(Invariant(
                $"{_name} holds more than the {declared:N0} bytes that its header declares; its header is damaged."));
    }

    private QuantNotebooksException CutShort(Int128 declared, string held) =>
        new(Invariant($"{_name} is cut short: its header declares {declared:N0} bytes ({string.Join(" x ", _dimensions)}), it {held}."));

    private static void RequireMagic(uint actual, uint wanted, string name)
    {
        if (actual == wanted)
            return;
        var isOther = actual == (wanted == ImagesMagic ? LabelsMagic : ImagesMagic);
        throw new QuantNotebooksException(Invariant(
            $"{name} is not an IDX file of {KindOf(wanted)}: it starts with 0x{actual:X8}{(isOther ? $" ({KindOf(actual)})" : "")} instead of 0x{wanted:X8}."));
    }

    private static string KindOf(uint magic) => magic == ImagesMagic ? "images" : "labels";

    private static int ReadUpTo(Stream content, Span<byte> buffer, string name)
    {
        try
        {
            return content.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException error)
        {
            throw new QuantNotebooksException($"{name} is damaged: its gzip data cannot be decompressed.", error);
        }
    }
}
