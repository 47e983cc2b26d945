namespace QuantNotebooks.Images;

/// <summary>How the pixels of an image of another size are computed.</summary>
public enum Interpolation
{
    /// <summary>
    /// What networks that use the resize mode are usually trained with: <see cref="Antialias"/>, but <see cref="Bilinear"/> for <see cref="ResizeMode.FitHeight"/>.
    /// </summary>
    Usual,

    /// <summary>
    /// A triangle filter that widens as an image shrinks, so that every pixel counts: Pillow's <c>BILINEAR</c>, which torchvision uses, bit for bit.
    /// </summary>
    Antialias,

    /// <summary>
    /// Between the four nearest pixels however much an image shrinks: OpenCV's <c>INTER_LINEAR</c>, which PaddleOCR uses, bit for bit.
    /// </summary>
    Bilinear,
}
