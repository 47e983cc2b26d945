using QuantNotebooks.Images;
using SkiaSharp;

namespace QuantNotebooks.Core.Tests.Images;

/// <summary>Files whose pixels are known without a decoder.</summary>
public sealed class ImageDecoderTests
{
    [Fact]
    public void Grey_stays_one_channel() =>
        Assert.Equal(new Image(1, 3, 1, new byte[] { 0, 128, 255 }), Decode(PngBytes.File(1, 3, 8, PngBytes.Grey, [0, 128, 255])));

    [Fact]
    public void Colours_stay_as_they_are_whatever_profile_comes_with_them() => Assert.Equal(
        new Image(1, 2, 3, new byte[] { 10, 20, 30, 200, 100, 50 }),
        Decode(PngBytes.File(1, 2, 8, PngBytes.Rgb, [10, 20, 30, 200, 100, 50], ("gAMA", [0, 1, 0x86, 0xA0]))));

    [Fact]
    public void Alpha_is_dropped_without_blending() => Assert.Equal(
        new Image(1, 3, 3, new byte[] { 10, 20, 30, 200, 100, 50, 7, 8, 9 }),
        Decode(PngBytes.File(1, 3, 8, PngBytes.Rgba, [10, 20, 30, 255, 200, 100, 50, 1, 7, 8, 9, 0])));

    [Fact]
    public void Of_grey_with_alpha_the_grey_is_left() =>
        Assert.All(Decode(PngBytes.File(1, 2, 8, PngBytes.GreyAlpha, [10, 255, 200, 3])).Pixels.ToArray().Chunk(3).Zip([10, 200]), pair => Assert.All(pair.First, value => Assert.Equal(pair.Second, value)));

    [Fact]
    public void Palettes_are_looked_up_transparent_or_not() => Assert.Equal(
        new Image(1, 3, 3, new byte[] { 4, 5, 6, 1, 2, 3, 4, 5, 6 }),
        Decode(PngBytes.File(1, 3, 8, PngBytes.Palette, [1, 0, 1], ("PLTE", [1, 2, 3, 4, 5, 6]), ("tRNS", [0, 100]))));

    [Fact]
    public void Few_bits_are_spread_over_the_whole_range() =>
        Assert.Equal(new Image(1, 4, 1, new byte[] { 0, 85, 170, 255 }), Decode(PngBytes.File(1, 4, 2, PngBytes.Grey, [0b00011011])));

    [Fact]
    public void Of_16_bits_the_upper_8_are_taken() => Assert.Equal(
        new Image(1, 1, 3, new byte[] { 10, 20, 30 }), Decode(PngBytes.File(1, 1, 16, PngBytes.Rgb, [10, 0, 20, 99, 30, 255])));

    [Fact]
    public void A_bitmap_is_read_from_the_bottom_up() => Assert.Equal(
        new Image(2, 1, 3, new byte[] { 1, 2, 3, 4, 5, 6 }), Decode(BmpBytes.Rgb(2, 1, [1, 2, 3, 0, 4, 5, 6, 0])));

    [Theory]
    [InlineData(SKEncodedImageFormat.Jpeg, 4)]
    [InlineData(SKEncodedImageFormat.Webp, 6)]
    public void Lossy_files_come_close(SKEncodedImageFormat format, int tolerance)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(16, 16, SKColorType.Rgba8888, SKAlphaType.Opaque));
        bitmap.Erase(new SKColor(200, 100, 50));
        var image = Decode(bitmap.Encode(format, 95).ToArray());
        Assert.Equal((16, 16, 3), (image.Height, image.Width, image.Channels));
        Assert.All(image.Pixels.ToArray().Chunk(3), pixel =>
        {
            Assert.InRange(pixel[0], 200 - tolerance, 200 + tolerance);
            Assert.InRange(pixel[1], 100 - tolerance, 100 + tolerance);
            Assert.InRange(pixel[2], 50 - tolerance, 50 + tolerance);
        });
    }

    /// <summary>The eight orientations of the EXIF standard, of the picture 1 2 3 / 4 5 6 as it is to be seen.</summary>
    [Theory]
    [InlineData(1, 2, 3, new byte[] { 1, 2, 3, 4, 5, 6 })]
    [InlineData(2, 2, 3, new byte[] { 3, 2, 1, 6, 5, 4 })]
    [InlineData(3, 2, 3, new byte[] { 6, 5, 4, 3, 2, 1 })]
    [InlineData(4, 2, 3, new byte[] { 4, 5, 6, 1, 2, 3 })]
    [InlineData(5, 3, 2, new byte[] { 1, 4, 2, 5, 3, 6 })]
    [InlineData(6, 3, 2, new byte[] { 3, 6, 2, 5, 1, 4 })]
    [InlineData(7, 3, 2, new byte[] { 6, 3, 5, 2, 4, 1 })]
    [InlineData(8, 3, 2, new byte[] { 4, 1, 5, 2, 6, 3 })]
    public void Every_orientation_is_turned_upright(int orientation, int height, int width, byte[] stored)
    {
        var upright = new Image(2, 3, 1, new byte[] { 1, 2, 3, 4, 5, 6 });
        Assert.Equal(upright, ImageOrientation.Upright(new Image(height, width, 1, stored), (SKEncodedOrigin)orientation));
    }

    [Fact]
    public void The_orientation_of_a_photograph_is_found()
    {
        using var bitmap = new SKBitmap(new SKImageInfo(16, 8, SKColorType.Rgba8888, SKAlphaType.Opaque));
        var jpeg = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90).ToArray();
        // An APP1 segment behind the start of the image: TIFF, little-endian, one entry, orientation (0x0112) = 6.
        byte[] exif =
        [
            0xFF, 0xE1, 0, 34, .. "Exif"u8, 0, 0, .. "II"u8, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0,
        ];
        Assert.Equal((8, 16), (Decode(jpeg).Height, Decode(jpeg).Width));
        var turned = Decode([.. jpeg[..2], .. exif, .. jpeg[2..]]);
        Assert.Equal((16, 8), (turned.Height, turned.Width));
    }

    [Fact]
    public void What_is_wrong_with_a_file_is_said_and_nothing_of_its_claimed_size_is_allocated()
    {
        var noise = new byte[1600];
        new Random(8).NextBytes(noise);
        var whole = PngBytes.File(40, 40, 8, PngBytes.Grey, noise);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Fails("it is empty.", []);
        Fails("it is not an image that can be read, or its header is damaged: PNG, JPEG, BMP and WebP are read.", "no image"u8.ToArray());
        Fails("it declares 100,000x100,000 pixels (height x width); at most 67,108,864 pixels are read, so scale it down.",
            PngBytes.File(100_000, 100_000, 8, PngBytes.Rgb, []));
        Fails("it is damaged: it breaks off before its last pixel.", whole[..(whole.Length / 2)]);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    private static Image Decode(byte[] file) => ImageDecoder.Decode(file, "it");

    private static void Fails(string message, byte[] file) => Assert.Equal(message, Assert.Throws<QuantNotebooksException>(() => Decode(file)).Message);
}
