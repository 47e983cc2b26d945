using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static System.FormattableString;

namespace QuantNotebooks.Images;

/// <summary>The float32 tensors of a .npy file, read piece by piece, so that the file may be larger than memory.</summary>
internal sealed class NpySource : ITensorSource
{
    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly int _start;
    private readonly long _bytesEach;

    private NpySource(SafeFileHandle file, string path, NpyHeader header)
    {
        _file = file;
        _path = path;
        _start = header.Length;
        Count = header.Shape[0];
        Shape = [.. header.Shape.Skip(1)];
        _bytesEach = (long)(header.Count / Count) * sizeof(float);
    }

    public int Count { get; }

    public ImageShape? CommonShape => null;

    public ImageAnnotations Annotations => ImageAnnotations.None;

    public ValueList<int> Shape { get; }

    /// <exception cref="QuantNotebooksException">The file is no array of float32 tensors in C order, or has another length than it declares.</exception>
    public static NpySource Open(string path)
    {
        using var stream = InputFile.Open(path);
        var header = NpyHeader.Read(stream, path);
        RequireTensors(header, path);
        var (declared, held) = (header.Count * sizeof(float), stream.Length - header.Length);
        if (declared != held)
            throw new QuantNotebooksException(Invariant(
                $"{path} {(declared > held ? "is cut short" : "is too long")}: its shape ({string.Join(", ", header.Shape)}) takes {declared:N0} bytes, it holds {held:N0}."));
        return new NpySource(InputFile.Explained(path, () => File.OpenHandle(path, options: FileOptions.RandomAccess)), path, header);
    }

    /// <exception cref="QuantNotebooksException">The array is not of float32, or of one dimension, or one of its tensors is too large.</exception>
    public static void RequireTensors(NpyHeader header, string name)
    {
        const int mostValues = 1 << 28;
        if (header.Type != NpyHeader.Float32)
            throw new QuantNotebooksException($"{name} holds values of type '{header.Type}'; float32 tensors ('{NpyHeader.Float32}') are read.");
        if (header.Shape.Count < 2)
            throw new QuantNotebooksException(Invariant($"{name} has the shape ({string.Join(", ", header.Shape)}); tensors [N, ...] of two or more dimensions are read."));
        if (header.Count / header.Shape[0] > mostValues)
            throw new QuantNotebooksException(Invariant(
                $"{name} has the shape ({string.Join(", ", header.Shape)}), so one tensor has {header.Count / header.Shape[0]:N0} values; at most {mostValues:N0} are read."));
    }

    public string NameOf(int index) => Invariant($"tensor {index}");

    public Image Decode(int index) => throw new QuantNotebooksException($"{_path} holds tensors, not images.");

    public void Read(int start, int count, Span<float> destination)
    {
        var bytes = MemoryMarshal.AsBytes(destination[..(int)(count * _bytesEach / sizeof(float))]);
        var offset = _start + start * _bytesEach;
        while (bytes.Length > 0)
        {
            var read = ReadPiece(bytes, offset);
            if (read == 0)
                throw new QuantNotebooksException($"{_path} has become shorter since it was opened.");
            bytes = bytes[read..];
            offset += read;
        }
    }

    private int ReadPiece(Span<byte> destination, long offset)
    {
        try
        {
            return RandomAccess.Read(_file, destination, offset);
        }
        catch (IOException error)
        {
            throw new QuantNotebooksException($"{_path} cannot be read: {error.Message}", error);
        }
    }
}
