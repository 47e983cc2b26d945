using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace QuantNotebooks.Core.Tests.Images;

/// <summary>PNG files made by hand (ISO 15948), so that what a decoder must give is known without a decoder.</summary>
internal static class PngBytes
{
    public const byte Grey = 0, Rgb = 2, Palette = 3, GreyAlpha = 4, Rgba = 6;

    public static byte[] Rgb8(int height, int width, params ReadOnlySpan<byte> pixels) => File(height, width, 8, Rgb, pixels);

    /// <summary>A file of unfiltered rows.</summary>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="depth">Bits a sample.</param>
    /// <param name="colourType">One of the constants.</param>
    /// <param name="samples">The rows as the file stores them, big-endian, each filled up to whole bytes.</param>
    /// <param name="chunks">Chunks between header and data, each a name and bytes.</param>
    public static byte[] File(int height, int width, byte depth, byte colourType, ReadOnlySpan<byte> samples, params (string Type, byte[] Data)[] chunks)
    {
        using var file = new MemoryStream();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (depth, colourType);
        Chunk(file, "IHDR", header);
        foreach (var (type, data) in chunks)
            Chunk(file, type, data);

        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            var row = samples.Length / height;
            for (var y = 0; y < height && samples.Length > 0; y++)
            {
                zlib.WriteByte(0);
                zlib.Write(samples.Slice(y * row, row));
            }
        }

        Chunk(file, "IDAT", packed.ToArray());
        Chunk(file, "IEND", []);
        return file.ToArray();
    }

    private static void Chunk(MemoryStream file, string type, byte[] data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        byte[] content = [.. Encoding.ASCII.GetBytes(type), .. data];
        file.Write(content);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32(content));
        file.Write(number);
    }

    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? 0xEDB88320u ^ (crc >> 1) : crc >> 1;
        }

        return ~crc;
    }
}
