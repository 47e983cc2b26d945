using System.Buffers.Binary;
using System.IO.Compression;
using QuantNotebooks.Images;

namespace QuantNotebooks.Core.Tests.Images;

/// <summary>IDX files made by hand.</summary>
internal static class IdxBytes
{
    public static byte[] Images(int count, int height, int width, params ReadOnlySpan<byte> pixels) =>
        File(IdxFile.ImagesMagic, [(uint)count, (uint)height, (uint)width], pixels);

    public static byte[] Labels(params ReadOnlySpan<byte> labels) => File(IdxFile.LabelsMagic, [(uint)labels.Length], labels);

    public static byte[] File(uint magic, ReadOnlySpan<uint> dimensions, ReadOnlySpan<byte> data)
    {
        var bytes = new byte[4 + 4 * dimensions.Length + data.Length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, magic);
        for (var i = 0; i < dimensions.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4 + 4 * i), dimensions[i]);
        data.CopyTo(bytes.AsSpan(4 + 4 * dimensions.Length));
        return bytes;
    }

    public static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    /// <summary>A set of images in memory, read from bytes as a file would be.</summary>
    public static ImageSet Set(byte[] images, byte[]? labels = null, string name = "made")
    {
        using var imagesFile = IdxFile.Open(new MemoryStream(images), "images", IdxFile.ImagesMagic);
        if (labels is null)
            return new ImageSet(name, name, IdxImageSource.Read(imagesFile, null, "images", null));
        using var labelsFile = IdxFile.Open(new MemoryStream(labels), "labels", IdxFile.LabelsMagic);
        return new ImageSet(name, name, IdxImageSource.Read(imagesFile, labelsFile, "images", "labels"));
    }
}
