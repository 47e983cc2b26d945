using System.Buffers.Binary;
using System.Collections.ObjectModel;
using System.Runtime.InteropServices;
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
    private readonly ImageDigests _digests;
    private readonly int _start;
    private readonly Lazy<string> _sha256;

    internal ImageSet(string name, string path, IImageSource source)
        : this(name, path, source, new ImageDigests(source.Count), 0, source.Count)
    {
    }

    private ImageSet(string name, string path, IImageSource source, ImageDigests digests, int start, int count, ValueList<SkippedImage>? skipped = null)
    {
        Name = name;
        Path = path;
        _source = source;
        _digests = digests;
        _start = start;
        Count = count;
        Skipped = skipped ?? [];
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
    /// SHA-256 in lower-case hexadecimal over the sizes, pixels, labels and texts of exactly these images, computed when first asked for; images that were
    /// decoded before, by whatever used them, are not decoded for it again.
    /// It does not depend on names, paths or compression.
    /// </summary>
    /// <exception cref="QuantNotebooksException">An image cannot be decoded.</exception>
    public string Sha256 => _sha256.Value;

    /// <summary><see cref="Sha256"/> where it is known without decoding an image, for each was decoded before; else null.</summary>
    public string? KnownSha256 => Enumerable.Range(_start, Count).All(index => !_digests.Find(index).IsEmpty) ? Sha256 : null;

    /// <summary>The images that <see cref="WithoutBroken"/> left out; empty where it was not asked for or found none. Parts of a set keep it.</summary>
    public ValueList<SkippedImage> Skipped { get; }

    /// <summary>
    /// The shape of one tensor, such as [C, H, W], where the set holds float32 tensors that are a network's input already; null where it holds images.
    /// </summary>
    public ValueList<int>? TensorShape => (_source as ITensorSource)?.Shape;

    /// <summary>Decodes the image at a position.</summary>
    /// <param name="index">The position, from 0 to <see cref="Count"/> - 1.</param>
    /// <exception cref="QuantNotebooksException">There is no such position, the image cannot be decoded, or the set holds tensors.</exception>
    public Image this[int index]
    {
        get
        {
            if (index < 0 || index >= Count) throw NoImage(index);
            var image = _source.Decode(_start + index);
            _digests.Note(_start + index, [image.Height, image.Width, image.Channels], image.Pixels.Span);
            return image;
        }
    }

    /// <summary>What to call an image: its file within the set, or its number where the images have no files of their own.</summary>
    /// <param name="index">The position, from 0 to <see cref="Count"/> - 1.</param>
    /// <exception cref="QuantNotebooksException">There is no such position.</exception>
    public string NameOf(int index) => index >= 0 && index < Count ? _source.NameOf(_start + index) : throw NoImage(index);

    /// <summary>Loads a set of images.</summary>
    /// <remarks>
    /// Image files are decoded when they are used, one by one; IDX files are read at once. In a folder of classes the classes take turns, so that
    /// the first images of the set are of all classes.
    /// </remarks>
    /// <param name="path">
    /// A folder of images (PNG, JPEG, BMP, WebP): without labels; or with a table <c>labels.csv</c> of <c>file,label</c> or <c>file,text</c>, which then lists the
    /// images of the set; or one sub-folder a class. Or an IDX images file (<c>x-images-idx3-ubyte</c> or <c>x-images-idx3-ubyte.gz</c>; its labels
    /// <c>x-labels-idx1-ubyte[.gz]</c> are found beside it and may be absent), or a folder of such files, which are joined in ordinal order of their names. Or
    /// NumPy's <c>.npy</c> or <c>.npz</c> of float32 tensors [N, ...], which are taken as a network's input as they are.
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
        ? new ImageSet(Name, Path, _source, _digests, _start, Math.Min(count, Count), Skipped)
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
        return new ImageSet(Name, Path, _source, _digests, _start + count, Count - count, Skipped);
    }

    /// <summary>That many images, evenly spaced over the set, in its order: of a set that is sorted by class, some of every class.</summary>
    /// <param name="count">How many, at least 1; all images when there are fewer.</param>
    /// <exception cref="QuantNotebooksException"><paramref name="count"/> is below 1.</exception>
    public ImageSet Spread(int count)
    {
        if (count < 1) throw new QuantNotebooksException(Invariant($"Spread({count}) of {Name} would be empty; take at least 1 of its {Count:N0} images."));
        if (count >= Count) return this;
        int[] indices = [.. Enumerable.Range(0, count).Select(index => _start + (int)((long)index * Count / count))];
        IImageSource selected = _source is ITensorSource tensors ? new SelectedTensorSource(tensors, indices) : new SelectedSource(_source, indices);
        return new ImageSet(Name, Path, selected, _digests.At(indices), 0, count, Skipped);
    }

    /// <summary>
    /// The images that can be decoded; <see cref="Skipped"/> of the result names the others. Without it, the first broken image that is used is an error.
    /// </summary>
    /// <remarks>Decodes every image once, in parallel, and keeps none.</remarks>
    /// <param name="cancellation">Stops between two images.</param>
    /// <exception cref="QuantNotebooksException">Not one image can be decoded.</exception>
    public ImageSet WithoutBroken(CancellationToken cancellation = default)
    {
        cancellation = cancellation.OrAmbient();
        if (TensorShape is not null)
            return this;
        var reasons = new string?[Count];
        Parallel.For(0, Count, new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount }, index =>
        {
            try
            {
                _ = this[index];
            }
            catch (QuantNotebooksException broken)
            {
                reasons[index] = broken.Message;
            }
        });
        var good = Enumerable.Range(0, Count).Where(index => reasons[index] is null).Select(index => _start + index).ToArray();
        if (good.Length == Count)
            return this;
        if (good.Length == 0)
            throw new QuantNotebooksException(Invariant($"None of the {Count:N0} images of {Name} can be decoded. The first: {reasons[0]}"));
        var skipped = Enumerable.Range(0, Count).Where(index => reasons[index] is not null).Select(index => new SkippedImage(NameOf(index), reasons[index]!));
        return new ImageSet(Name, Path, new SelectedSource(_source, good), _digests.At(good), 0, good.Length, [.. Skipped, .. skipped]);
    }

    /// <summary>Copies consecutive tensors of a set of tensors, [count, ...].</summary>
    internal void ReadTensors(int start, int count, Span<float> destination)
    {
        var source = (ITensorSource)_source;
        source.Read(_start + start, count, destination);
        var length = source.Shape.Aggregate(1, (product, size) => product * size);
        for (var index = 0; index < count; index++)
            _digests.Note(_start + start + index, source.Shape.AsSpan(), MemoryMarshal.AsBytes(destination.Slice(index * length, length)));
    }

    /// <summary>Whether another set holds the same images in the same order, with the same labels and texts; of sets that differ few images are decoded.</summary>
    /// <exception cref="QuantNotebooksException">An image cannot be decoded.</exception>
    public bool HasSameImagesAs(ImageSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Count != other.Count) return false;
        for (var index = 0; index < Count; index++)
            if (!DigestOf(index).SequenceEqual(other.DigestOf(index))) return false;
        return Sha256 == other.Sha256;
    }

    /// <summary>The set in words, for example <c>calibration: 64 of 2,048 images (0..63), 28x28 grey, labelled</c>.</summary>
    public override string ToString()
    {
        var which = Count == _source.Count
            ? Invariant($"{Count:N0} images")
            : Invariant($"{Count:N0} of {_source.Count:N0} images ({_start}..{_start + Count - 1})");
        var size = TensorShape is { } tensor ? $", tensors of {tensor}" : _source.CommonShape is { } shape ? $", {shape}" : "";
        var known = Labels is not null ? "labelled" : Texts is not null ? "with texts" : "no labels";
        var skipped = Skipped.Count == 0 ? "" : Invariant($", {Skipped.Count:N0} broken ones skipped");
        return $"{Name}: {which}{size}, {known}{skipped}";
    }

    private QuantNotebooksException NoImage(int index) => new(Invariant($"{Name} has no image {index}: its {Count:N0} images are numbered from 0 to {Count - 1}."));

    private static ReadOnlyCollection<T>? Part<T>(T[]? items, int start, int count) =>
        items is null ? null : new ReadOnlyCollection<T>(new ArraySegment<T>(items, start, count));

    /// <summary>
    /// Hashes what is known of the images (0 nothing, 1 numbered labels, 2 texts, 3 named labels), then for each image its label (32-bit little-endian; 0 where
    /// there is none or it has a name), the label's name or the text, if any (its length in bytes, UTF-8), and the SHA-256 of its height, width and channels
    /// and pixels, or of its shape and values.
    /// </summary>
    private string ComputeSha256()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> number = stackalloc byte[sizeof(int)];
        var names = LabelNames;
        hash.AppendData([(byte)(names is not null ? 3 : Texts is not null ? 2 : Labels is not null ? 1 : 0)]);
        for (var index = 0; index < Count; index++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(number, names is null ? Labels?[index] ?? 0 : 0);
            hash.AppendData(number);
            if ((names?[Labels![index]] ?? Texts?[index]) is { } text)
            {
                var bytes = Encoding.UTF8.GetBytes(text);
                BinaryPrimitives.WriteInt32LittleEndian(number, bytes.Length);
                hash.AppendData(number);
                hash.AppendData(bytes);
            }
            hash.AppendData(DigestOf(index));
        }
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    private ReadOnlySpan<byte> DigestOf(int index)
    {
        var known = _digests.Find(_start + index);
        if (!known.IsEmpty) return known;
        if (TensorShape is { } shape) ReadTensors(index, 1, new float[shape.Aggregate(1, (product, size) => product * size)]);
        else _ = this[index];
        return _digests.Find(_start + index);
    }
}
