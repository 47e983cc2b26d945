namespace QuantNotebooks.Images;

/// <summary>Where the images of an <see cref="ImageSet"/> come from: one implementation a file format.</summary>
/// <remarks>
/// Immutable and safe to use from several threads. An image is decoded when it is asked for, so a source need not keep its
/// pixels in memory, and each image may have its own size.
/// </remarks>
internal interface IImageSource
{
    /// <summary>The number of images, at least 1.</summary>
    int Count { get; }

    /// <summary>The shape that all images have, or null when they differ or it is not known before decoding.</summary>
    ImageShape? CommonShape { get; }

    /// <summary>What is known of each image beside its pixels.</summary>
    ImageAnnotations Annotations { get; }

    /// <summary>What to call an image in messages: its file within the set, or its number.</summary>
    string NameOf(int index);

    /// <summary>Decodes the image at a position from 0 to <see cref="Count"/> - 1.</summary>
    /// <exception cref="QuantNotebooksException">The image cannot be read; the message names its file.</exception>
    Image Decode(int index);
}
