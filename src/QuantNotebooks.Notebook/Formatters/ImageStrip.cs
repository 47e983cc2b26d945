using System.Globalization;
using System.Net;
using QuantNotebooks.Images;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>An image set in a notebook: what it is, and its first pictures with their labels.</summary>
internal static class ImageStrip
{
    private const int Shown = 12;
    private const int LongestSide = 96;
    private const int LongestSideOfWide = 240;
    private const int LongestLine = 480;

    public static ResultPage Page(ImageSet images)
    {
        var notes = new List<string> { $"From {images.Path}" };
        if (images.Labels is { } labels)
            notes.Insert(0, images.LabelNames is { } names ? $"Labels: {string.Join(", ", names.Take(Shown))}{(names.Count > Shown ? ", ..." : "")}." : $"{NumberText.Count(labels.Distinct().Count())} different labels, from {NumberText.Count(labels.Min())} to {NumberText.Count(labels.Max())}.");
        notes.AddRange(images.Skipped.Take(Shown).Select(skipped => $"Skipped: {skipped.Reason}"));
        return new ResultPage(images.ToString(), null, [], notes, images.TensorShape is null ? Strip(images) : "");
    }

    /// <summary>Pictures side by side.</summary>
    public static string Of(IEnumerable<Image> images)
    {
        Image[] first = [.. images.Take(Shown + 1)];
        return Strip([.. first.Take(Shown)], index => $"image {index.ToString(CultureInfo.InvariantCulture)}, {first[index]}", _ => "", hasMore: first.Length > Shown);
    }

    /// <summary>One picture, with its size.</summary>
    public static string Of(Image image) => $"<div style=\"font-size:11px\">{Captioned(image, $"image, {image}", image.ToString()).Html}</div>";

    /// <summary>A line of text, as wide as it must be to be read.</summary>
    public static string Line(Image image, string alternative)
    {
        var (width, height, png) = Picture(image, LongestLine);
        return string.Create(CultureInfo.InvariantCulture, $"<img alt=\"{WebUtility.HtmlEncode(alternative)}\" width=\"{width}\" height=\"{height}\" ")
            + $"style=\"display:block;max-width:100%;height:auto\" src=\"data:image/png;base64,{Convert.ToBase64String(png)}\">";
    }

    private static string Strip(ImageSet images) => Strip(
        [.. Enumerable.Range(0, Math.Min(Shown, images.Count)).Select(index => images[index])], index => $"image {index.ToString(CultureInfo.InvariantCulture)}", index => LabelOf(images, index), hasMore: false);

    private static string Strip(Image[] images, Func<int, string> alternative, Func<int, string> caption, bool hasMore)
    {
        var cells = images.Select((image, index) => Captioned(image, alternative(index), caption(index))).ToArray();
        return SideBySide.Strip([.. cells.Select(cell => cell.Html), .. hasMore ? ["…"] : (string[])[]], cells.Select(cell => cell.Width).DefaultIfEmpty().Max());
    }

    private static (string Html, int Width) Captioned(Image image, string alternative, string caption)
    {
        // A line of text as small as a square picture can't be read.
        var isWide = Math.Max(image.Width, image.Height) >= 3 * Math.Min(image.Width, image.Height);
        var (width, height, png) = Picture(image, isWide ? LongestSideOfWide : LongestSide);
        var zoom = Math.Max(1, 56 / Math.Max(width, height));
        var html = string.Create(CultureInfo.InvariantCulture, $"<img alt=\"{WebUtility.HtmlEncode(alternative)}\" width=\"{width * zoom}\" height=\"{height * zoom}\" ")
            + $"style=\"image-rendering:pixelated\" src=\"data:image/png;base64,{Convert.ToBase64String(png)}\">";
        return (caption.Length == 0 ? html : $"{html}<div>{WebUtility.HtmlEncode(caption)}</div>", width * zoom);
    }

    private static string LabelOf(ImageSet images, int index) => images switch
    {
        { Texts: { } texts } => texts[index],
        { Labels: { } labels, LabelNames: { } names } => names[labels[index]],
        { Labels: { } labels } => labels[index].ToString(CultureInfo.InvariantCulture),
        _ => "",
    };

    // Large images are thinned to every n-th pixel; more than RGB, or two channels, show their first as grey.
    private static (int Width, int Height, byte[] Png) Picture(Image image, int longestSide)
    {
        var step = (Math.Max(image.Width, image.Height) + longestSide - 1) / longestSide;
        var (width, height) = ((image.Width + step - 1) / step, (image.Height + step - 1) / step);
        var channels = image.Channels == 3 ? 3 : 1;
        var source = image.Pixels.Span;
        var pixels = new byte[width * height * channels];
        var next = 0;
        for (var row = 0; row < height; row++)
            for (var column = 0; column < width; column++)
                for (var channel = 0; channel < channels; channel++)
                    pixels[next++] = source[(row * step * image.Width + column * step) * image.Channels + channel];
        return (width, height, Png.Encode(width, height, channels, pixels));
    }
}
