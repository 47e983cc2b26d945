using System.Buffers.Binary;
using System.Collections.ObjectModel;
using System.Security.Cryptography;
using static System.FormattableString;

namespace QuantNotebooks.Images;

/// <summary>An immutable view of a sequence of images with optional labels: a whole set, or a part of one.</summary>
/// <remarks>
/// A set is never empty. <see cref="Take"/> and <see cref="Skip"/> share the images of the set they come from.
/// Safe to use from several threads.
/// </remarks>
public sealed class ImageSet
{
    private readonly IImageSource _source;
    private readonly int _start;
    private readonly Lazy<string> _sha256;

    internal ImageSet(string name, string path, IImageSource source)
        : this(name, path, source, 0, source.Count)
    {
    }

    private ImageSet(string name, string path, IImageSource source, int start, int count)
    {
        Name = name;
        Path = path;
        _source = source;
        _start = start;
        Count = count;
        Labels = source.Labels is { } labels ? new ReadOnlyCollection<int>(new ArraySegment<int>(labels, start, count)) : null;
        _sha256 = new Lazy<string>(ComputeSha256);
    }

    /// <summary>A short name: the folder's, or what the files of the pair have in common. Parts of a set keep its name.</summary>
    public string Name { get; }

    /// <summary>The path that was loaded, as it was given.</summary>
    public string Path { get; }

    /// <summary>The number of images, at least 1.</summary>
    public int Count { get; }

    /// <summary>The class of each image in order, <see cref="Count"/> numbers, or null when the images have no labels.</summary>
    public IReadOnlyList<int>? Labels { get; }

    /// <summary>
    /// SHA-256 in lower-case hexadecimal over the sizes, pixels and labels of exactly these images, computed when first asked for.
    /// It does not depend on names, paths or compression.
    /// </summary>
    /// <exception cref="QuantNotebooksException">An image cannot be decoded.</exception>
    public string Sha256 => _sha256.Value;

    /// <summary>Decodes the image at a position.</summary>
    /// <param name="index">The position, from 0 to <see cref="Count"/> - 1.</param>
    /// <exception cref="QuantNotebooksException">There is no such position, or the image cannot be decoded.</exception>
    public Image this[int index] => index >= 0 && index < Count
        ? _source.Decode(_start + index)
        : throw new QuantNotebooksException(Invariant(
            $"{Name} has no image {index}: its {Count:N0} images are numbered from 0 to {Count - 1}."));

    /// <summary>Loads a set of images.</summary>
    /// <param name="path">
    /// An IDX images file (<c>x-images-idx3-ubyte</c> or <c>x-images-idx3-ubyte.gz</c>; its labels <c>x-labels-idx1-ubyte[.gz]</c> are
    /// found beside it and may be absent), or a folder of such files, which are joined in ordinal order of their names.
    /// </param>
    /// <exception cref="QuantNotebooksException">
    /// The path does not exist, holds nothing that can be read, or a file is damaged; images of different sizes or labels for some
    /// of the files only cannot be joined.
    /// </exception>
    public static ImageSet Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.Length == 0
            ? throw new QuantNotebooksException(
                $"The path of the images is empty; give an IDX images file ({IdxPair.Pattern}) or a folder that holds one.")
            : InputFile.Explained(path, () => Directory.Exists(path) ? LoadFolder(path) : LoadFile(path));
    }

    /// <summary>The first images.</summary>
    /// <param name="count">How many, at least 1; all images when there are fewer.</param>
    /// <exception cref="QuantNotebooksException"><paramref name="count"/> is below 1.</exception>
    public ImageSet Take(int count) => count >= 1
        ? new ImageSet(Name, Path, _source, _start, Math.Min(count, Count))
        : throw new QuantNotebooksException(Invariant(
            $"Take({count}) of {Name} would be empty; take at least 1 of its {Count:N0} images."));

    /// <summary>All images but the first.</summary>
    /// <param name="count">How many to leave out, from 0 to <see cref="Count"/> - 1, for a set is never empty.</param>
    /// <exception cref="QuantNotebooksException"><paramref name="count"/> is negative, or no image would be left.</exception>
    public ImageSet Skip(int count)
    {
        if (count < 0)
            throw new QuantNotebooksException(Invariant($"Skip({count}) of {Name}: the number of images to skip cannot be negative."));
        if (count >= Count)
            throw new QuantNotebooksException(Invariant($"Skip({count}) of {Name} would be empty; it has {Count:N0} images."));
        return new ImageSet(Name, Path, _source, _start + count, Count - count);
    }

    /// <summary>The set in words, for example <c>calibration: 64 of 2,048 images (0..63), 28x28 grey, labelled</c>.</summary>
    public override string ToString()
    {
        var which = Count == _source.Count
            ? Invariant($"{Count:N0} images")
            : Invariant($"{Count:N0} of {_source.Count:N0} images ({_start}..{_start + Count - 1})");
        var size = _source.CommonShape?.ToString() ?? "of several sizes";
        return $"{Name}: {which}, {size}, {(Labels is null ? "no labels" : "labelled")}";
    }

    private static ImageSet LoadFile(string path)
    {
        if (!File.Exists(path))
            throw new QuantNotebooksException(
                $"{path} does not exist; give an IDX images file ({IdxPair.Pattern}) or a folder that holds one.");
        if (IdxPair.OfImagesFile(path) is { } pair)
            return new ImageSet(pair.Stem, path, IdxImageSource.Read(pair));
        throw new QuantNotebooksException(IdxPair.ImagesFileOfLabels(path) is { } images
            ? $"{path} holds labels; give the images beside it: {images}"
            : $"{path} is not a kind of images that is supported today: IDX files named {IdxPair.Pattern}, or a folder of them.");
    }

    private static ImageSet LoadFolder(string path)
    {
        var pairs = IdxPair.InFolder(path);
        if (pairs.Count == 0)
            throw NoImages(path);
        var parts = pairs.Select(pair => (pair.ImagesFile, (IImageSource)IdxImageSource.Read(pair))).ToList();
        var name = System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path)));
        return new ImageSet(name, path, ConcatenatedSource.Create(parts));
    }

    private static QuantNotebooksException NoImages(string folder)
    {
        var inside = Directory.EnumerateDirectories(folder)
            .Order(StringComparer.Ordinal)
            .FirstOrDefault(inner => IdxPair.InFolder(inner).Count > 0);
        var hint = inside is null ? "" : $"; did you mean {inside}?";
        return new QuantNotebooksException(
            $"The folder {folder} holds no images of a kind that is supported today: IDX files named {IdxPair.Pattern}{hint}");
    }

    /// <summary>
    /// Hashes whether there are labels, then for each image height, width, channels, label (32-bit little-endian) and pixels.
    /// </summary>
    private string ComputeSha256()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> head = stackalloc byte[16];
        hash.AppendData([Labels is null ? (byte)0 : (byte)1]);
        for (var i = 0; i < Count; i++)
        {
            var image = this[i];
            BinaryPrimitives.WriteInt32LittleEndian(head, image.Height);
            BinaryPrimitives.WriteInt32LittleEndian(head[4..], image.Width);
            BinaryPrimitives.WriteInt32LittleEndian(head[8..], image.Channels);
            BinaryPrimitives.WriteInt32LittleEndian(head[12..], Labels?[i] ?? 0);
            hash.AppendData(head);
            hash.AppendData(image.Pixels.Span);
        }

        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
