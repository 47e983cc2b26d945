using static System.FormattableString;

namespace QuantNotebooks.Images;

/// <summary>Several sources one after the other.</summary>
internal sealed class ConcatenatedSource : IImageSource
{
    private readonly IImageSource[] _parts;

    /// <summary>The position after the last image of each part.</summary>
    private readonly int[] _ends;

    private ConcatenatedSource(IImageSource[] parts, int[] ends, int[]? labels)
    {
        _parts = parts;
        _ends = ends;
        Annotations = ImageAnnotations.OfClasses(labels);
    }

    public int Count => _ends[^1];

    public ImageShape? CommonShape => _parts[0].CommonShape;

    public ImageAnnotations Annotations { get; }

    public string NameOf(int index) => Invariant($"image {index}");

    /// <summary>Puts sources together whose images have the same shape and of which all or none have labels.</summary>
    /// <param name="parts">Name and source of each part, at least one.</param>
    /// <exception cref="QuantNotebooksException">
    /// The shapes differ, only some parts have labels, or there are more than 2^31 images.
    /// </exception>
    public static IImageSource Create(IReadOnlyList<(string Name, IImageSource Source)> parts)
    {
        var (firstName, first) = parts[0];
        if (parts.Count == 1)
            return first;

        var ends = new int[parts.Count];
        long total = 0;
        for (var i = 0; i < parts.Count; i++)
        {
            var (name, source) = parts[i];
            if (source.CommonShape != first.CommonShape)
                throw new QuantNotebooksException(Invariant(
                    $"{name} holds images of {source.CommonShape} but {firstName} beside it of {first.CommonShape}; all must have one size to be read as one set."));
            if (source.Annotations.Labels is null != first.Annotations.Labels is null)
            {
                var (with, without) = first.Annotations.Labels is null ? (name, firstName) : (firstName, name);
                throw new QuantNotebooksException(
                    $"{with} has labels but {without} beside it has none; either all or none may have labels to be read as one set.");
            }

            total += source.Count;
            if (total > int.MaxValue)
                throw new QuantNotebooksException(Invariant(
                    $"{firstName} and the files beside it hold more than {int.MaxValue:N0} images together."));
            ends[i] = (int)total;
        }

        var sources = parts.Select(part => part.Source).ToArray();
        int[]? labels = first.Annotations.Labels is null ? null : [.. sources.SelectMany(source => source.Annotations.Labels!)];
        return new ConcatenatedSource(sources, ends, labels);
    }

    public Image Decode(int index)
    {
        var found = Array.BinarySearch(_ends, index);
        var part = found < 0 ? ~found : found + 1;
        return _parts[part].Decode(part == 0 ? index : index - _ends[part - 1]);
    }
}
