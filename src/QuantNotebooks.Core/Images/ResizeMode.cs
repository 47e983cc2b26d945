namespace QuantNotebooks.Images;

/// <summary>How an image is brought to the size that a network takes, before padding.</summary>
public enum ResizeMode
{
    /// <summary>Not at all: the image plus its padding must have the size already, or a crop cuts it out.</summary>
    None,

    /// <summary>Height and width each to the wanted number of pixels, whatever the aspect ratio.</summary>
    Stretch,

    /// <summary>The shorter side to <see cref="Preprocessing.ShortestSide"/>, the other in proportion, rounded down (torchvision's <c>Resize(n)</c>); a crop removes the rest.</summary>
    ShortestSide,

    /// <summary>
    /// The height to the wanted number of pixels, the width in proportion, rounded up, but at most to the wanted one; what is then missing on the right is padded (PaddleOCR's way
    /// with lines of text).
    /// </summary>
    FitHeight,
}
