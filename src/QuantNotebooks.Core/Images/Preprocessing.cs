using static System.FormattableString;

namespace QuantNotebooks.Images;

/// <summary>
/// How pixels become a network's input, the "input" part of a sidecar: resize, crop, pad, then value = (pixel * scale - mean) / std.
/// </summary>
/// <remarks>
/// The tensor is laid out [N, C, H, W]. Padding comes before normalization, so a padded value is (padValue * scale - mean) / std.
/// Two descriptions that say the same are equal, wherever they were read. Immutable; safe to use from several threads.
/// </remarks>
public sealed record Preprocessing
{
    /// <summary>The channels that the network takes, in its order.</summary>
    public required ChannelOrder Channels { get; init; }

    /// <summary>The size that the network takes, padding included. Each side is at least 1.</summary>
    public required ImageSize Size { get; init; }

    /// <summary>How an image is brought to <see cref="Size"/> less <see cref="Pad"/>.</summary>
    public ResizeMode Resize { get; init; }

    /// <summary>With <see cref="ResizeMode.ShortestSide"/>: the pixels of the shorter side; if null, the shorter side of <see cref="Size"/> less <see cref="Pad"/>.</summary>
    public int? ShortestSide { get; init; }

    /// <summary>How the pixels of a resized image are computed.</summary>
    public Interpolation Interpolation { get; init; }

    /// <summary>Which part of an image that is too large is kept.</summary>
    public CropMode Crop { get; init; }

    /// <summary>Pixels added around the image.</summary>
    public Padding Pad { get; init; }

    /// <summary>The value of added pixels in pixel units, 0..255.</summary>
    public double PadValue { get; init; }

    /// <summary>What a pixel is multiplied with first, above 0; often 1/255.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>
    /// What is subtracted from a scaled pixel: one number for all channels, or one a channel in the order of <see cref="Channels"/>.
    /// </summary>
    public ValueList<double> Mean { get; init; } = [0];

    /// <summary>
    /// What the difference is divided by, above 0: one number for all channels, or one a channel in the order of <see cref="Channels"/>.
    /// </summary>
    public ValueList<double> StandardDeviation { get; init; } = [1];

    /// <summary>The file that this was read from, or another name for error messages.</summary>
    public string Source => Origin.Name ?? "The preprocessing";

    /// <summary>1 for grey, 3 for colour: the C of [N, C, H, W].</summary>
    public int ChannelCount => Channels == ChannelOrder.Gray ? 1 : 3;

    /// <summary>C x H x W, the number of float values that one image becomes.</summary>
    public long ValuesPerImage => (long)ChannelCount * Size.Height * Size.Width;

    internal Origin Origin { get; init; }

    /// <summary>The size of what an image becomes before it is padded.</summary>
    internal ImageSize InnerSize => new(Size.Height - Pad.Top - Pad.Bottom, Size.Width - Pad.Left - Pad.Right);

    /// <summary>Writes consecutive images of a set as one batch of the network's input.</summary>
    /// <remarks>May run in several threads at once, on disjoint destinations.</remarks>
    /// <param name="images">The images.</param>
    /// <param name="start">The position of the batch's first image in <paramref name="images"/>.</param>
    /// <param name="count">The number of images in the batch, N.</param>
    /// <param name="destination">Receives [N, C, H, W], exactly N x <see cref="ValuesPerImage"/> values.</param>
    /// <exception cref="QuantNotebooksException">
    /// The description is contradictory, the positions are outside the set, the destination has another length, an image cannot be decoded, or it
    /// has another size than the network takes and nothing says how to change it.
    /// </exception>
    public void Fill(ImageSet images, int start, int count, Span<float> destination) => Fill(images, start, count, destination, CancellationToken.None);

    /// <inheritdoc cref="Fill(ImageSet, int, int, Span{float})"/>
    internal void Fill(ImageSet images, int start, int count, Span<float> destination, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(images);
        RequireConsistent();
        if (start < 0 || count < 1 || start > images.Count - count)
            throw new QuantNotebooksException(Invariant(
                $"{images.Name} has {images.Count:N0} images; a batch of {count} from image {start} on is not within them."));
        if (destination.Length != (Int128)count * ValuesPerImage)
            throw new QuantNotebooksException(Invariant(
                $"The destination holds {destination.Length:N0} values; a batch of [{count}, {ChannelCount}, {Size.Height}, {Size.Width}] has {(Int128)count * ValuesPerImage:N0}."));

        var perPlane = Size.Height * Size.Width;
        var planes = new PixelPlane[ChannelCount];
        for (var channel = 0; channel < planes.Length; channel++)
            planes[channel] = new PixelPlane(this, channel);
        for (var i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var name = $"{images.NameOf(start + i)} of {images.Name}";
            var image = ImageFitting.Fit(PixelChannels.Prepare(images[start + i], Channels, name), this, name);
            for (var channel = 0; channel < planes.Length; channel++)
                planes[channel].Fill(image, destination.Slice((i * planes.Length + channel) * perPlane, perPlane));
        }
    }

    /// <summary>Checks that the fields make sense alone and together.</summary>
    /// <exception cref="QuantNotebooksException">A field is out of range, or fields contradict each other.</exception>
    internal void RequireConsistent()
    {
        Require(Size is { Height: >= 1, Width: >= 1 }, "size", $"is [{Size.Height}, {Size.Width}]; height and width must be at least 1");
        Require(Pad is { Left: >= 0, Top: >= 0, Right: >= 0, Bottom: >= 0 }, "pad",
            $"is {Pad}; left, top, right and bottom must be at least 0");
        Require((long)Pad.Left + Pad.Right < Size.Width && (long)Pad.Top + Pad.Bottom < Size.Height, "pad",
            $"is {Pad} ([left, top, right, bottom]), which leaves no room for an image in input.size {Size}");
        Require(ShortestSide is null || Resize == ResizeMode.ShortestSide, "shortestSide", $"is for input.resize \"shortest-side\" only");
        Require(ShortestSide is null or >= 1, "shortestSide", $"is {ShortestSide}; it must be at least 1");
        Require(PadValue is >= 0 and <= 255, "padValue", $"is {PadValue}; it must be from 0 to 255, in pixel units");
        Require(double.IsFinite(Scale) && Scale > 0, "scale", $"is {Scale}; it must be a number above 0");
        RequirePerChannel(Mean, "mean");
        RequirePerChannel(StandardDeviation, "std");
        foreach (var std in StandardDeviation)
            Require(std > 0, "std", $"holds {std}; each number must be above 0");
        for (var channel = 0; channel < ChannelCount; channel++)
            Require(float.IsFinite(Normalize(0, channel)) && float.IsFinite(Normalize(255, channel)), "scale",
                $"is {Scale}, which with input.mean {Mean} and input.std {StandardDeviation} gives values beyond the range of float");
    }

    private void RequirePerChannel(ValueList<double> values, string field)
    {
        Require(values.Count == 1 || values.Count == ChannelCount, field,
            $"has {values.Count} numbers; it needs one for all channels{(ChannelCount == 1 ? "" : $" or {ChannelCount}, one a channel")}");
        foreach (var value in values)
            Require(double.IsFinite(value), field, $"holds {value}; each number must be finite");
    }

    /// <summary>The value of a pixel in the network's input: computed in double precision, rounded once.</summary>
    internal float Normalize(double pixel, int channel) =>
        (float)((pixel * Scale - Mean[Mean.Count == 1 ? 0 : channel]) / StandardDeviation[StandardDeviation.Count == 1 ? 0 : channel]);

    private void Require(bool holds, string field, FormattableString problem)
    {
        if (!holds)
            throw new QuantNotebooksException($"{Source}: input.{field} {Invariant(problem)}.");
    }
}
