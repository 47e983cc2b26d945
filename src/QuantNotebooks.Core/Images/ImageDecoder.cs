using SkiaSharp;
using static System.FormattableString;

namespace QuantNotebooks.Images;

/// <summary>Decodes PNG, JPEG, BMP and WebP files.</summary>
/// <remarks>
/// <para>
/// The pixels are those of the file: no colour profile is applied, and alpha is dropped without blending (as Pillow's <c>convert("RGB")</c> and OpenCV's
/// <c>imread</c> do). Grey files give one channel, all others red, green, blue; palettes are looked up; of 16-bit values the upper 8 bits are taken; of an animation
/// the first picture is. A photograph is turned upright as its EXIF orientation says (as OpenCV does; Pillow leaves that to the caller).
/// </para>
/// <para>The kind is told by the content, not by the name. A file that breaks off is an error, not a picture that is half grey.</para>
/// </remarks>
internal static class ImageDecoder
{
    /// <summary>8192 x 8192: decoding takes 4 bytes a pixel, and a header of a few bytes may claim any size.</summary>
    private const long MostPixels = 1L << 26;

    private const long MostFileBytes = 1L << 28;

    /// <exception cref="QuantNotebooksException">The file cannot be read or decoded; the message names it.</exception>
    public static Image Decode(string file) => Decode(InputFile.Explained(file, () => ReadAll(file)), file);

    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What to call the file in messages.</param>
    /// <exception cref="QuantNotebooksException">The bytes are no image of these kinds.</exception>
    public static Image Decode(byte[] bytes, string name)
    {
        if (bytes.Length == 0)
            throw new QuantNotebooksException($"{name} is empty.");
        using var data = SKData.CreateCopy(bytes);
        using var codec = SKCodec.Create(data) ?? throw new QuantNotebooksException(
            $"{name} is not an image that can be read, or its header is damaged: {ImageFiles.Kinds} are read.");
        if (codec.EncodedFormat is not (SKEncodedImageFormat.Png or SKEncodedImageFormat.Jpeg or SKEncodedImageFormat.Bmp or SKEncodedImageFormat.Webp))
            throw new QuantNotebooksException($"{name} is a {codec.EncodedFormat} image; {ImageFiles.Kinds} are read.");
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        if ((long)width * height > MostPixels)
            throw new QuantNotebooksException(Invariant(
                $"{name} declares {height:N0}x{width:N0} pixels (height x width); at most {MostPixels:N0} pixels are read, so scale it down."));
        var isGrey = codec.Info.ColorType == SKColorType.Gray8;
        // Without a colour space Skia leaves the file's values alone.
        var info = new SKImageInfo(width, height, isGrey ? SKColorType.Gray8 : SKColorType.Rgba8888, isGrey ? SKAlphaType.Opaque : SKAlphaType.Unpremul);
        var raw = new byte[info.BytesSize];
        var result = GetPixels(codec, info, raw);
        if (result != SKCodecResult.Success)
            throw new QuantNotebooksException($"{name} is damaged: {Reason(result)}.");
        var image = new Image(height, width, isGrey ? 1 : 3, isGrey ? raw : WithoutAlpha(raw));
        return ImageOrientation.Upright(image, codec.EncodedOrigin);
    }

    private static unsafe SKCodecResult GetPixels(SKCodec codec, SKImageInfo info, byte[] pixels)
    {
        fixed (byte* start = pixels)
            return codec.GetPixels(info, (nint)start);
    }

    private static byte[] WithoutAlpha(byte[] rgba)
    {
        var rgb = new byte[rgba.Length / 4 * 3];
        for (int from = 0, to = 0; to < rgb.Length; from += 4, to += 3)
            (rgb[to], rgb[to + 1], rgb[to + 2]) = (rgba[from], rgba[from + 1], rgba[from + 2]);
        return rgb;
    }

    private static byte[] ReadAll(string file)
    {
        var length = new FileInfo(file).Length;
        return length <= MostFileBytes
            ? File.ReadAllBytes(file)
            : throw new QuantNotebooksException(Invariant($"{file} has {length:N0} bytes; an image file of at most {MostFileBytes:N0} is read."));
    }

    private static string Reason(SKCodecResult result) => result switch
    {
        SKCodecResult.IncompleteInput => "it breaks off before its last pixel",
        SKCodecResult.ErrorInInput => "its data cannot be decoded",
        _ => $"it cannot be decoded ({result})",
    };
}
