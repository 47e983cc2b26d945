using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

namespace QuantNotebooks.Core.Tests.Images;

/// <summary>NumPy files made by hand, as its format description (NEP 1) says.</summary>
internal static class NpyBytes
{
    public static byte[] Floats(string shape, params ReadOnlySpan<float> values) => File("<f4", shape, MemoryMarshal.AsBytes(values));

    public static byte[] File(string type, string shape, ReadOnlySpan<byte> data, string order = "False") =>
        WithHeader($"{{'descr': '{type}', 'fortran_order': {order}, 'shape': {shape}, }}", data);

    public static byte[] WithHeader(string header, ReadOnlySpan<byte> data, byte version = 1)
    {
        // The head is filled up with spaces to a multiple of 64 and ends in a line feed.
        var before = version == 1 ? 10 : 12;
        var text = header.PadRight((before + header.Length + 64) / 64 * 64 - before - 1) + "\n";
        var bytes = new byte[before + text.Length + data.Length];
        byte[] magic = [0x93, .. "NUMPY"u8, version, 0];
        magic.CopyTo(bytes, 0);
        if (version == 1) BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), (ushort)text.Length);
        else BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), text.Length);
        Encoding.Latin1.GetBytes(text).CopyTo(bytes, before);
        data.CopyTo(bytes.AsSpan(before + text.Length));
        return bytes;
    }

    public static byte[] Zip(params (string Name, byte[] Content)[] entries)
    {
        using var file = new MemoryStream();
        using (var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, content) in entries)
            {
                using var entry = archive.CreateEntry(name).Open();
                entry.Write(content);
            }
        return file.ToArray();
    }
}
