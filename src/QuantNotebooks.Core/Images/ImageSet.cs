using System.Buffers.Binary;
using System.Collections.ObjectModel;
using System.Security.Cryptography;
using System.Text;
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
        Labels = Part(source.Annotations.Labels, start, count);
        Texts = Part(source.Annotations.Texts, start, count);
        _sha256 = new Lazy<string>(ComputeSha256);
    }

    /// <summary>A short name: the folder's, or the file's without what its format adds. Parts of a set keep its name.</summary>
    public string Name { get; }

    /// <summary>The path that was loaded, as it was given.</summary>
    public string Path { get; }

    /// <summary>The number of images, at least 1.</summary>
    public int Count { get; }

    /// <summary>The class of each image in order, <see cref="Count"/> numbers, or null when the images have no labels.</summary>
    public IReadOnlyList<int>? Labels { get; }

    /// <summary>
    /// The name of each label, in the order of their numbers, or null when <see cref="Labels"/> are the numbers of a network's classes. Named labels belong
    /// to the classes that a network's sidecar gives the same names, whatever their numbers.
    /// </summary>
    public ValueList<string>? LabelNames => _source.Annotations.LabelNames;

    /// <summary>The text on each image in order, <see cref="Count"/> texts, or null when they are not known.</summary>
    public IReadOnlyList<string>? Texts { get; }

    /// <summary>
    /// SHA-256 in lower-case hexadecimal over the sizes, pixels, labels and texts of exactly these images, computed when first asked for.
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

    /// <summary>What to call an image: its file within the set, or its number where the images have no files of their own.</summary>
    /// <param name="index">The position, from 0 to <see cref="Count"/> - 1.</param>
    public string NameOf(int index) => _source.NameOf(_start + index);

    /// <summary>Loads a set of images.</summary>
    /// <remarks>
    /// Image files are decoded when they are used, one by one; IDX files are read at once. In a folder of classes the classes take turns, so that
    /// the first images of the set are of all classes.
    /// </remarks>
    /// <param name="path">
    /// A folder of images (PNG, JPEG, BMP, WebP): without labels; or with a table <c>labels.csv</c> of <c>file,label</c> or <c>file,text</c>, which then lists the
    /// images of the set; or one sub-folder a class. Or an IDX images file (<c>x-images-idx3-ubyte</c> or <c>x-images-idx3-ubyte.gz</c>; its labels
    /// <c>x-labels-idx1-ubyte[.gz]</c> are found beside it and may be absent), or a folder of such files, which are joined in ordinal order of their names.
    /// </param>
    /// <exception cref="QuantNotebooksException">
    /// The path does not exist, holds nothing that can be read, or a file is damaged; IDX images of different sizes or labels for some
    /// of the files only cannot be joined.
    /// </exception>
    public static ImageSet Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var (name, source) = ImageSources.Open(path);
        return new ImageSet(name, path, source);
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
        var size = _source.CommonShape is { } shape ? $", {shape}" : "";
        var known = Labels is not null ? "labelled" : Texts is not null ? "with texts" : "no labels";
        return $"{Name}: {which}{size}, {known}";
    }

    private static ReadOnlyCollection<T>? Part<T>(T[]? items, int start, int count) =>
        items is null ? null : new ReadOnlyCollection<T>(new ArraySegment<T>(items, start, count));

    /// <summary>
    /// Hashes what is known of the images (0 nothing, 1 numbered labels, 2 texts, 3 named labels), then for each image height, width, channels, label (32-bit
    /// little-endian; 0 where there is none or it has a name), the label's name or the text, if any (its length in bytes, UTF-8), and the pixels.
    /// </summary>
    private string ComputeSha256()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> head = stackalloc byte[16];
        var names = LabelNames;
        hash.AppendData([(byte)(names is not null ? 3 : Texts is not null ? 2 : Labels is not null ? 1 : 0)]);
        for (var i = 0; i < Count; i++)
        {
            var image = this[i];
            BinaryPrimitives.WriteInt32LittleEndian(head, image.Height);
            BinaryPrimitives.WriteInt32LittleEndian(head[4..], image.Width);
            BinaryPrimitives.WriteInt32LittleEndian(head[8..], image.Channels);
            BinaryPrimitives.WriteInt32LittleEndian(head[12..], names is null ? Labels?[i] ?? 0 : 0);
            hash.AppendData(head);
            if ((names?[Labels![i]] ?? Texts?[i]) is { } text)
            {
                var bytes = Encoding.UTF8.GetBytes(text);
                BinaryPrimitives.WriteInt32LittleEndian(head, bytes.Length);
                hash.AppendData(head[..4]);
                hash.AppendData(bytes);
            }

            hash.AppendData(image.Pixels.Span);
        }

        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
