namespace QuantNotebooks.Images;

/// <summary>Writes one channel of images as one plane [H, W] of a network's input: a table gives each pixel value's number.</summary>
internal sealed class PixelPlane
{
    private const int PixelValues = 256;

    private readonly float[] _valueOf = new float[PixelValues];
    private readonly float _border;
    private readonly ChannelOrder _order;
    private readonly int _channel;
    private readonly Padding _pad;
    private readonly int _width;

    /// <param name="preprocessing">Says the values.</param>
    /// <param name="channel">The channel of the network's input.</param>
    public PixelPlane(Preprocessing preprocessing, int channel)
    {
        for (var pixel = 0; pixel < PixelValues; pixel++)
            _valueOf[pixel] = preprocessing.Normalize(pixel, channel);
        _border = preprocessing.Normalize(preprocessing.PadValue, channel);
        _order = preprocessing.Channels;
        _channel = channel;
        _pad = preprocessing.Pad;
        _width = preprocessing.Size.Width;
    }

    /// <param name="image">An image that fills the plane but for the padding; what it lacks on the right or below is padded too.</param>
    /// <param name="plane">[H, W].</param>
    public void Fill(Image image, Span<float> plane)
    {
        var pixels = image.Pixels.Span;
        var step = image.Channels;
        var first = PixelChannels.Source(image.Channels, _order, _channel);
        plane[..(_pad.Top * _width)].Fill(_border);
        for (var y = 0; y < image.Height; y++)
        {
            var source = pixels.Slice(y * image.Width * step, image.Width * step);
            var row = plane.Slice((_pad.Top + y) * _width, _width);
            row[.._pad.Left].Fill(_border);
            var inner = row.Slice(_pad.Left, image.Width);
            for (int x = 0, from = first; x < inner.Length; x++, from += step)
                inner[x] = _valueOf[source[from]];
            row[(_pad.Left + image.Width)..].Fill(_border);
        }

        plane[((_pad.Top + image.Height) * _width)..].Fill(_border);
    }
}
