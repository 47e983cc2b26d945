using System.Buffers.Binary;

namespace QuantNotebooks.Core.Tests.Images;

/// <summary>BMP files made by hand: 24 bits a pixel, blue, green, red, rows from the bottom up, each filled up to 4 bytes.</summary>
internal static class BmpBytes
{
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="rgba">The pixels, 4 bytes each, row by row from the top.</param>
    public static byte[] Rgb(int height, int width, ReadOnlySpan<byte> rgba)
    {
        var stride = (3 * width + 3) / 4 * 4;
        var bytes = new byte[54 + height * stride];
        (bytes[0], bytes[1], bytes[10], bytes[14], bytes[26], bytes[28]) = ((byte)'B', (byte)'M', 54, 40, 1, 24);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(2), bytes.Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(18), width);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(22), height);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                for (var channel = 0; channel < 3; channel++)
                    bytes[54 + (height - 1 - y) * stride + 3 * x + 2 - channel] = rgba[4 * (y * width + x) + channel];
        return bytes;
    }
}
