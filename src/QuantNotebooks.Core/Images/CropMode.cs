namespace QuantNotebooks.Images;

/// <summary>Which part of an image that is too large is kept.</summary>
public enum CropMode
{
    /// <summary>All of it: nothing is cut off.</summary>
    None,

    /// <summary>The middle.</summary>
    Center,
}
