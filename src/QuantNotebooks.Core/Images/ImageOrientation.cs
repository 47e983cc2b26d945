using SkiaSharp;

namespace QuantNotebooks.Images;

/// <summary>Turns a photograph as its EXIF orientation says, so that it stands upright.</summary>
internal static class ImageOrientation
{
    public static Image Upright(Image image, SKEncodedOrigin origin)
    {
        if (origin == SKEncodedOrigin.TopLeft)
            return image;
        var (height, width, channels) = (image.Height, image.Width, image.Channels);
        var swaps = origin is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        var (newHeight, newWidth) = swaps ? (width, height) : (height, width);
        var pixels = new byte[image.Pixels.Length];
        var source = image.Pixels.Span;
        var to = 0;
        for (var y = 0; y < newHeight; y++)
        {
            for (var x = 0; x < newWidth; x++)
            {
                // Where the picture's first row and first column lie in the file decides which stored pixel is shown at (y, x).
                var (row, column) = origin switch
                {
                    SKEncodedOrigin.TopRight => (y, width - 1 - x),
                    SKEncodedOrigin.BottomRight => (height - 1 - y, width - 1 - x),
                    SKEncodedOrigin.BottomLeft => (height - 1 - y, x),
                    SKEncodedOrigin.LeftTop => (x, y),
                    SKEncodedOrigin.RightTop => (height - 1 - x, y),
                    SKEncodedOrigin.RightBottom => (height - 1 - x, width - 1 - y),
                    SKEncodedOrigin.LeftBottom => (x, width - 1 - y),
                    _ => (y, x),
                };
                source.Slice((row * width + column) * channels, channels).CopyTo(pixels.AsSpan(to));
                to += channels;
            }
        }

        return new Image(newHeight, newWidth, channels, pixels);
    }
}
