using static System.FormattableString;

namespace QuantNotebooks.Images;

/// <summary>One decoded image: 8-bit pixels, before any preprocessing.</summary>
/// <remarks>Immutable; two images are equal when their sizes and pixels are.</remarks>
public sealed record Image
{
    /// <summary>Creates an image of pixels that are already in memory; they are not copied.</summary>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="width">Columns, at least 1.</param>
    /// <param name="channels">Values per pixel, at least 1: 1 for grey, 3 for red, green, blue.</param>
    /// <param name="pixels">The values 0..255, shape [height, width, channels], row by row.</param>
    /// <exception cref="QuantNotebooksException">
    /// A size is below 1, or <paramref name="pixels"/> does not hold height x width x channels values.
    /// </exception>
    public Image(int height, int width, int channels, ReadOnlyMemory<byte> pixels)
    {
        if (height < 1 || width < 1 || channels < 1)
            throw new QuantNotebooksException(Invariant(
                $"An image cannot have {height} rows, {width} columns and {channels} channels; each must be at least 1."));
        if ((Int128)height * width * channels != pixels.Length)
            throw new QuantNotebooksException(Invariant(
                $"An image of {height}x{width} with {channels} channels needs {(Int128)height * width * channels} pixel values, not {pixels.Length}."));
        Height = height;
        Width = width;
        Channels = channels;
        Pixels = pixels;
    }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>Values per pixel: 1 for grey, 3 for red, green, blue.</summary>
    public int Channels { get; }

    /// <summary>The values 0..255 in HWC order, shape [Height, Width, Channels].</summary>
    public ReadOnlyMemory<byte> Pixels { get; }

    /// <summary>Whether the sizes and all pixels are the same.</summary>
    /// <param name="other">The image to compare with.</param>
    public bool Equals(Image? other) =>
        other is not null && Shape == other.Shape && Pixels.Span.SequenceEqual(other.Pixels.Span);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Shape);
        hash.AddBytes(Pixels.Span);
        return hash.ToHashCode();
    }

    /// <summary>The size in words, for example <c>28x28 grey</c> (height x width).</summary>
    public override string ToString() => Shape.ToString();

    internal ImageShape Shape => new(Height, Width, Channels);
}
