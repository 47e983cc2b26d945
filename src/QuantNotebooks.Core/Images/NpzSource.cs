using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using static System.FormattableString;

namespace QuantNotebooks.Images;

/// <summary>The float32 tensors of a .npz file: its only array, or the only one beside an array <c>labels</c> of whole numbers. Kept in memory.</summary>
internal sealed class NpzSource : ITensorSource
{
    /// <summary>A zip file may pack a thousand times more than it weighs, so what it may unpack to has a limit.</summary>
    private const long MostBytes = 1L << 30;

    private const string LabelsEntry = "labels.npy";

    private readonly byte[] _bytes;
    private readonly string _path;

    private NpzSource(string path, NpyHeader header, byte[] bytes, int[]? labels)
    {
        _path = path;
        _bytes = bytes;
        Count = header.Shape[0];
        Shape = [.. header.Shape.Skip(1)];
        Annotations = ImageAnnotations.OfClasses(labels);
    }

    public int Count { get; }

    public ImageShape? CommonShape => null;

    public ImageAnnotations Annotations { get; }

    public ValueList<int> Shape { get; }

    /// <exception cref="QuantNotebooksException">The file is no zip of one array of float32 tensors, or is damaged or too large.</exception>
    public static NpzSource Open(string path)
    {
        using var stream = InputFile.Open(path);
        return Read(stream, path);
    }

    /// <param name="stream">The whole file, seekable.</param>
    /// <param name="path">What to call it in messages.</param>
    /// <exception cref="QuantNotebooksException">The file is no zip of one array of float32 tensors, or is damaged or too large.</exception>
    public static NpzSource Read(Stream stream, string path)
    {
        try
        {
            using var archive = new ZipArchive(stream, ZipArchiveMode.Read);
            return Read(archive, path);
        }
        catch (Exception error) when (error is InvalidDataException or NotSupportedException or EndOfStreamException or ArgumentException or OverflowException)
        {
            throw new QuantNotebooksException($"{path} is not a zip file of NumPy arrays (.npz), or it is damaged.", error);
        }
    }

    public string NameOf(int index) => Invariant($"tensor {index}");

    public Image Decode(int index) => throw new QuantNotebooksException($"{_path} holds tensors, not images.");

    public void Read(int start, int count, Span<float> destination)
    {
        var values = MemoryMarshal.Cast<byte, float>(_bytes);
        var each = values.Length / Count;
        values.Slice(start * each, count * each).CopyTo(destination);
    }

    private static NpzSource Read(ZipArchive archive, string path)
    {
        var tensors = archive.Entries.Where(entry => entry.FullName != LabelsEntry).ToList();
        if (tensors.Count != 1)
            throw new QuantNotebooksException(Invariant(
                $"{path} holds {tensors.Count} arrays{Names(tensors)}; it must hold one, the tensors, and may hold another, 'labels'."));
        var (header, bytes) = Unpack(tensors[0], path, NpySource.RequireTensors);
        return new NpzSource(path, header, bytes, ReadLabels(archive.GetEntry(LabelsEntry), path, header.Shape[0]));
    }

    private static string Names(List<ZipArchiveEntry> entries)
    {
        const int shown = 5;
        var names = string.Join(", ", entries.Take(shown).Select(entry => $"'{Printable(entry.FullName)}'"));
        return entries.Count == 0 ? "" : $" ({names}{(entries.Count > shown ? ", ..." : "")})";
    }

    private static string Printable(string name) => string.Concat(name.Take(40).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '\uFFFD' : c));

    /// <summary>The head and the values of an array. Nothing is unpacked beyond what the head declares, nor room made for more than the packed bytes can hold.</summary>
    private static (NpyHeader Header, byte[] Bytes) Unpack(ZipArchiveEntry entry, string path, Action<NpyHeader, string> require)
    {
        const long largestRatio = 1032;
        var name = $"{path}: {Printable(entry.FullName)}";
        using var content = entry.Open();
        var header = NpyHeader.Read(content, name);
        require(header, name);
        var declared = header.Count * SizeOf(header.Type);
        if (declared > MostBytes)
            throw new QuantNotebooksException(Invariant(
                $"{name} unpacks to {declared:N0} bytes; at most {MostBytes:N0} are read from a .npz file. Save it as .npy, which is read piece by piece."));
        if (declared > entry.CompressedLength * largestRatio)
            throw Length(name, header, declared, "cannot hold that many");
        var bytes = new byte[(int)declared];
        var held = content.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (held < bytes.Length)
            throw Length(name, header, declared, Invariant($"holds {held:N0}"));
        if (content.ReadByte() >= 0)
            throw Length(name, header, declared, "holds more");
        return (header, bytes);
    }

    private static QuantNotebooksException Length(string name, NpyHeader header, Int128 declared, string held) =>
        new(Invariant($"{name} has another length than its shape ({string.Join(", ", header.Shape)}) says: that takes {declared:N0} bytes, it {held}."));

    private static int SizeOf(string type) => type[^1] - '0';

    private static int[]? ReadLabels(ZipArchiveEntry? entry, string path, int count)
    {
        if (entry is null)
            return null;
        var (header, bytes) = Unpack(entry, path, RequireLabels);
        if (header.Shape[0] != count)
            throw new QuantNotebooksException(Invariant($"{path} holds {header.Shape[0]:N0} labels for {count:N0} tensors; there must be one label a tensor."));
        var labels = new int[count];
        var size = SizeOf(header.Type);
        for (var i = 0; i < count; i++)
        {
            var value = WholeNumber(bytes.AsSpan(i * size, size), header.Type);
            if (value is < 0 or > int.MaxValue)
                throw new QuantNotebooksException(Invariant($"{path}: label {i} is {value}; a label is the number of a class, from 0 on."));
            labels[i] = (int)value;
        }

        return labels;
    }

    private static void RequireLabels(NpyHeader header, string name)
    {
        if (header.Shape.Count != 1 || header.Type is not ("|u1" or "|i1" or "<u2" or "<i2" or "<u4" or "<i4" or "<i8"))
            throw new QuantNotebooksException(Invariant(
                $"{name} has the type '{header.Type}' and the shape ({string.Join(", ", header.Shape)}); labels are one dimension of whole numbers."));
    }

    private static long WholeNumber(ReadOnlySpan<byte> bytes, string type) => type switch
    {
        "|u1" => bytes[0],
        "|i1" => (sbyte)bytes[0],
        "<u2" => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        "<i2" => BinaryPrimitives.ReadInt16LittleEndian(bytes),
        "<u4" => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        "<i4" => BinaryPrimitives.ReadInt32LittleEndian(bytes),
        _ => BinaryPrimitives.ReadInt64LittleEndian(bytes),
    };
}
