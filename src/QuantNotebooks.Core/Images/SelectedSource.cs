namespace QuantNotebooks.Images;

/// <summary>Some of another source's images, in its order.</summary>
internal sealed class SelectedSource(IImageSource source, int[] indices) : IImageSource
{
    public int Count => indices.Length;

    public ImageShape? CommonShape => source.CommonShape;

    public ImageAnnotations Annotations { get; } = source.Annotations.At(indices);

    public string NameOf(int index) => source.NameOf(indices[index]);

    public Image Decode(int index) => source.Decode(indices[index]);
}
