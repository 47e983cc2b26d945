using static System.FormattableString;

namespace QuantNotebooks.Images;

/// <summary>Finds the channels that a network takes in the images that there are.</summary>
/// <remarks>
/// Grey becomes colour by taking it three times. Colour becomes grey by the luma of ITU-R BT.601, 0.299 R + 0.587 G + 0.114 B, rounded as Pillow's
/// <c>convert("L")</c> does: (19595 R + 38470 G + 7471 B + 32768) >> 16.
/// </remarks>
internal static class PixelChannels
{
    /// <summary>The image itself, or its luma where a network takes grey and the image has colours.</summary>
    /// <exception cref="QuantNotebooksException">The image is neither grey nor RGB.</exception>
    public static Image Prepare(Image image, ChannelOrder order, string name)
    {
        if (image.Channels is not (1 or 3))
            throw new QuantNotebooksException(Invariant($"{name} is {image}; only grey and RGB images become a network's input."));
        return image.Channels == 3 && order == ChannelOrder.Gray ? Luma(image) : image;
    }

    /// <summary>The channel of a prepared image that is a channel of the network's input.</summary>
    public static int Source(int imageChannels, ChannelOrder order, int channel) =>
        imageChannels == 1 ? 0 : order == ChannelOrder.Bgr ? 2 - channel : channel;

    private static Image Luma(Image image)
    {
        var source = image.Pixels.Span;
        var pixels = new byte[source.Length / 3];
        for (int from = 0, to = 0; to < pixels.Length; from += 3, to++)
            pixels[to] = (byte)(19595 * source[from] + 38470 * source[from + 1] + 7471 * source[from + 2] + 32768 >> 16);
        return new Image(image.Height, image.Width, 1, pixels);
    }
}
