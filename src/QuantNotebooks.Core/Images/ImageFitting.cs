using static System.FormattableString;

namespace QuantNotebooks.Images;

/// <summary>Brings images to the size that a network takes: resize, then crop.</summary>
internal static class ImageFitting
{
    /// <summary>A line of one pixel's height must not become gigabytes.</summary>
    private const long MostPixels = 1L << 27;

    /// <summary>The image as large as the network's input without its padding; narrower only where <see cref="ResizeMode.FitHeight"/> pads the rest.</summary>
    /// <param name="image">The image.</param>
    /// <param name="preprocessing">A consistent description.</param>
    /// <param name="name">What to call the image in messages.</param>
    /// <exception cref="QuantNotebooksException">The image has another size and nothing says how to change it.</exception>
    public static Image Fit(Image image, Preprocessing preprocessing, string name)
    {
        var wanted = preprocessing.InnerSize;
        var resized = Resize(image, preprocessing, wanted, name);
        var fitted = preprocessing.Crop == CropMode.Center ? CropCentre(resized, wanted) : resized;
        var mayBeNarrower = preprocessing.Resize == ResizeMode.FitHeight;
        if (fitted.Height == wanted.Height && (fitted.Width == wanted.Width || mayBeNarrower))
            return fitted;
        var pad = preprocessing.Pad;
        var after = ReferenceEquals(fitted, image) ? "" : Invariant($", {fitted.Height}x{fitted.Width} after resize and crop");
        var padded = pad == default ? "" : Invariant($", {(long)fitted.Height + pad.Top + pad.Bottom}x{(long)fitted.Width + pad.Left + pad.Right} with input.pad {pad}");
        throw new QuantNotebooksException(Invariant(
            $"{name} is {image.Height}x{image.Width} (height x width){after}{padded}; the network takes {preprocessing.Size}, and input.resize of {preprocessing.Source} is \"{TaskJson.WordOf(preprocessing.Resize)}\"."));
    }

    private static Image Resize(Image image, Preprocessing preprocessing, ImageSize wanted, string name)
    {
        var size = preprocessing.Resize switch
        {
            ResizeMode.Stretch => wanted,
            ResizeMode.ShortestSide => WithShortestSide(image, preprocessing.ShortestSide ?? Math.Min(wanted.Height, wanted.Width)),
            ResizeMode.FitHeight => new ImageSize(
                wanted.Height, (int)Math.Min(wanted.Width, Math.Ceiling(wanted.Height * ((double)image.Width / image.Height)))),
            _ => new ImageSize(image.Height, image.Width),
        };
        if ((long)Math.Max(size.Height, image.Height) * size.Width > MostPixels)
            throw new QuantNotebooksException(Invariant(
                $"{name} is {image.Height}x{image.Width} (height x width), so elongated that it would have {size} pixels after input.resize of {preprocessing.Source}."));
        return IsAntialiased(preprocessing) ? AntialiasedResize.Apply(image, size) : BilinearResize.Apply(image, size);
    }

    private static ImageSize WithShortestSide(Image image, int side)
    {
        var (shorter, longer) = (Math.Min(image.Height, image.Width), Math.Max(image.Height, image.Width));
        var other = (int)Math.Min(int.MaxValue, (long)side * longer / shorter);
        return image.Height <= image.Width ? new ImageSize(side, other) : new ImageSize(other, side);
    }

    private static bool IsAntialiased(Preprocessing preprocessing) => preprocessing.Interpolation switch
    {
        Interpolation.Antialias => true,
        Interpolation.Bilinear => false,
        _ => preprocessing.Resize != ResizeMode.FitHeight,
    };

    /// <summary>The middle of an image; a side that is shorter already stays. An odd rest is split as Python's <c>round</c> does: halves to even.</summary>
    private static Image CropCentre(Image image, ImageSize size)
    {
        var (height, width) = (Math.Min(image.Height, size.Height), Math.Min(image.Width, size.Width));
        if (height == image.Height && width == image.Width)
            return image;
        var top = (int)Math.Round((image.Height - height) / 2.0, MidpointRounding.ToEven);
        var left = (int)Math.Round((image.Width - width) / 2.0, MidpointRounding.ToEven);
        var (source, channels) = (image.Pixels, image.Channels);
        var cropped = new byte[height * width * channels];
        for (var y = 0; y < height; y++)
            source.Span.Slice(((top + y) * image.Width + left) * channels, width * channels).CopyTo(cropped.AsSpan(y * width * channels));
        return new Image(height, width, channels, cropped);
    }
}
