using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using static System.FormattableString;

namespace QuantNotebooks.Images;

/// <summary>The head of a NumPy array (.npy, versions 1 to 3): what its values are.</summary>
/// <param name="Type">NumPy's name of the values' type, such as <c>&lt;f4</c>: byte order, kind, bytes.</param>
/// <param name="Shape">Its sizes, each at least 1.</param>
/// <param name="Length">Bytes before the first value.</param>
internal sealed partial record NpyHeader(string Type, ValueList<int> Shape, int Length)
{
    public const string Float32 = "<f4";

    private const int LongestHeader = 1 << 16;

    /// <summary>How many values there are.</summary>
    public Int128 Count => Shape.Aggregate((Int128)1, (product, size) => product * size);

    /// <summary>Reads the head; the stream then stands at the first value.</summary>
    /// <exception cref="QuantNotebooksException">It is no NumPy array, or one in Fortran order or without values.</exception>
    public static NpyHeader Read(Stream stream, string name)
    {
        Span<byte> start = stackalloc byte[12];
        if (stream.ReadAtLeast(start[..10], 10, throwOnEndOfStream: false) < 10 || !IsMagic(start))
            throw new QuantNotebooksException($"{name} is not a NumPy array (.npy): it does not start with \\x93NUMPY.");
        var version = start[6];
        if (version is < 1 or > 3)
            throw new QuantNotebooksException(Invariant($"{name} is a NumPy array of format version {version}; 1 to 3 are read."));
        long length = BinaryPrimitives.ReadUInt16LittleEndian(start[8..]);
        var before = 10;
        if (version > 1)
        {
            before = 12;
            if (stream.ReadAtLeast(start[10..12], 2, throwOnEndOfStream: false) < 2)
                throw CutShort(name);
            length = BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        }

        if (length > LongestHeader)
            throw new QuantNotebooksException(Invariant($"{name} declares a header of {length:N0} bytes; at most {LongestHeader:N0} are read."));
        var text = new byte[length];
        if (stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false) < text.Length)
            throw CutShort(name);
        return Parse(Encoding.Latin1.GetString(text), before + text.Length, name);
    }

    private static bool IsMagic(ReadOnlySpan<byte> start) => start[0] == 0x93 && start[1..6].SequenceEqual("NUMPY"u8);

    private static NpyHeader Parse(string text, int length, string name)
    {
        var (type, order, shape) = (TypePattern().Match(text), OrderPattern().Match(text), ShapePattern().Match(text));
        if (!type.Success || !order.Success || !shape.Success)
            throw new QuantNotebooksException($"{name} has a NumPy header that is not understood; it must name a simple type, the order and the shape.");
        var sizes = new List<int>();
        foreach (var part in shape.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var size) || size < 1)
                throw new QuantNotebooksException($"{name} has the shape ({shape.Groups[1].Value.Trim()}); each size must be from 1 to 2147483647.");
            sizes.Add(size);
        }

        if (order.Groups[1].Value == "True" && sizes.Count > 1)
            throw new QuantNotebooksException($"{name} is in Fortran order; save it in C order (numpy.ascontiguousarray).");
        return new NpyHeader(type.Groups[1].Value, [.. sizes], length);
    }

    private static QuantNotebooksException CutShort(string name) => new($"{name} is cut short: it ends within its NumPy header.");

    [GeneratedRegex("'descr'\\s*:\\s*'([^']{1,16})'")]
    private static partial Regex TypePattern();

    [GeneratedRegex("'fortran_order'\\s*:\\s*(True|False)")]
    private static partial Regex OrderPattern();

    [GeneratedRegex("'shape'\\s*:\\s*\\(([0-9, ]{0,400})\\)")]
    private static partial Regex ShapePattern();
}
