using QuantNotebooks.Images;

namespace QuantNotebooks.Core.Tests.Images;

/// <summary>A source of one image in memory.</summary>
internal sealed class OneImage(Image image) : IImageSource
{
    public int Count => 1;

    public ImageShape? CommonShape => null;

    public ImageAnnotations Annotations => ImageAnnotations.None;

    public string NameOf(int index) => "the one";

    public Image Decode(int index) => image;
}
