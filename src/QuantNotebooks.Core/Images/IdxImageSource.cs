using static System.FormattableString;

namespace QuantNotebooks.Images;

/// <summary>The grey images of an IDX pair, kept in memory as the file has them.</summary>
internal sealed class IdxImageSource : IImageSource
{
    private readonly byte[] _pixels;
    private readonly ImageShape _shape;

    private IdxImageSource(byte[] pixels, ImageShape shape, int[]? labels)
    {
        _pixels = pixels;
        _shape = shape;
        Annotations = ImageAnnotations.OfClasses(labels);
        Count = pixels.Length / (shape.Height * shape.Width);
    }

    public int Count { get; }

    public ImageShape? CommonShape => _shape;

    public ImageAnnotations Annotations { get; }

    public string NameOf(int index) => Invariant($"image {index}");

    public Image Decode(int index)
    {
        var length = _shape.Height * _shape.Width;
        return new Image(_shape.Height, _shape.Width, 1, _pixels.AsMemory(index * length, length));
    }

    /// <summary>Reads the images and, when there are any, the labels of a pair.</summary>
    /// <exception cref="QuantNotebooksException">A file is damaged, or there is not one label an image.</exception>
    public static IdxImageSource Read(IdxPair pair)
    {
        using var images = IdxFile.Open(InputFile.Open(pair.ImagesFile), pair.ImagesFile, IdxFile.ImagesMagic);
        if (pair.LabelsFile is null)
            return Read(images, null, pair.ImagesFile, null);
        using var labels = IdxFile.Open(InputFile.Open(pair.LabelsFile), pair.LabelsFile, IdxFile.LabelsMagic);
        return Read(images, labels, pair.ImagesFile, pair.LabelsFile);
    }

    internal static IdxImageSource Read(IdxFile images, IdxFile? labels, string imagesName, string? labelsName)
    {
        var count = images.Dimensions[0];
        if (labels is not null && labels.Dimensions[0] != count)
            throw new QuantNotebooksException(Invariant(
                $"{labelsName} holds {labels.Dimensions[0]:N0} labels for the {count:N0} images of {imagesName}; there must be one label an image."));
        var shape = new ImageShape(images.Dimensions[1], images.Dimensions[2], 1);
        return new IdxImageSource(images.ReadBytes(), shape, labels is null ? null : Array.ConvertAll(labels.ReadBytes(), label => (int)label));
    }
}
