namespace QuantNotebooks.Images;

/// <summary>How an image is brought to the size that a network takes, before padding.</summary>
public enum ResizeMode
{
    /// <summary>Not at all: the image plus its padding must have the size already.</summary>
    None,

    /// <summary>Height and width each to the wanted number of pixels, whatever the aspect ratio.</summary>
    Stretch,

    /// <summary>The shorter side to the wanted number of pixels, the other in proportion; a crop removes the rest.</summary>
    ShortestSide,
}
