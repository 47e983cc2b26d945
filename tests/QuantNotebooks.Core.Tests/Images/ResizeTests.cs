using CsCheck;
using QuantNotebooks.Images;

namespace QuantNotebooks.Core.Tests.Images;

/// <summary>Resizing against the formula in double precision, and against what Pillow and OpenCV themselves give.</summary>
public sealed class ResizeTests
{
    private static readonly Gen<(Image Image, ImageSize Size)> AnyResize =
        from height in Gen.Int[1, 20]
        from width in Gen.Int[1, 20]
        from channels in Gen.OneOfConst(1, 3)
        from pixels in Gen.Byte.Array[height * width * channels]
        from newHeight in Gen.Int[1, 30]
        from newWidth in Gen.Int[1, 30]
        select (new Image(height, width, channels, pixels), new ImageSize(newHeight, newWidth));

    /// <summary>5x7 RGB; the values below are of its green channel.</summary>
    private static readonly Image Sample = new(5, 7, 3, Enumerable.Range(0, 5 * 7 * 3).Select(i => (byte)(i / 21 * 53 + i / 3 % 7 * 29 + i % 3 * 101)).ToArray());

    /// <summary>Made with Pillow 9.4.0, <c>resize(size, BILINEAR)</c>.</summary>
    [Fact]
    public void Antialiased_resizing_is_Pillows()
    {
        Assert.Equal([139, 184, 158, 96, 158, 97, 81, 110, 49, 94, 148, 193], Green(AntialiasedResize.Apply(Sample, new(3, 4))));
        Assert.Equal(
            [
                101, 120, 143, 165, 188, 211, 233, 170, 19, 141, 160, 183, 205, 228, 101, 81, 82, 59, 185, 204, 160, 100, 123, 62, 61, 84, 103,
                122, 141, 98, 37, 60, 83, 105, 128, 147, 17, 36, 59, 81, 104, 127, 149, 172, 191, 57, 76, 99, 121, 144, 167, 189, 212, 231,
            ],
            Green(AntialiasedResize.Apply(Sample, new(6, 9))));
    }

    /// <summary>Made with OpenCV 4.6.0, <c>resize(..., INTER_LINEAR)</c>.</summary>
    [Fact]
    public void Bilinear_resizing_is_OpenCVs()
    {
        Assert.Equal([129, 180, 156, 90, 218, 13, 63, 114, 50, 101, 152, 202], Green(BilinearResize.Apply(Sample, new(3, 4))));
        Assert.Equal(
            [
                101, 120, 143, 165, 188, 210, 233, 170, 19, 141, 160, 182, 205, 228, 101, 81, 82, 59, 185, 204, 160, 100, 122, 62, 61, 83, 103,
                122, 142, 98, 38, 60, 83, 105, 128, 147, 17, 36, 59, 82, 104, 127, 149, 172, 191, 57, 76, 99, 121, 144, 166, 189, 211, 231,
            ],
            Green(BilinearResize.Apply(Sample, new(6, 9))));
    }

    [Fact]
    public void Antialiased_resizing_is_a_mean_weighted_by_a_triangle() => AnyResize.Sample((image, size) =>
    {
        // Two roundings to whole numbers, of the columns and of the rows.
        var expected = Separable(image, size, static (pixel, centre, scale) => Math.Max(0, 1 - Math.Abs(pixel + 0.5 - centre) / Math.Max(scale, 1)));
        AssertClose(expected, AntialiasedResize.Apply(image, size), 1.01);
    });

    [Fact]
    public void Bilinear_resizing_is_between_the_four_nearest_pixels() => AnyResize.Sample((image, size) =>
    {
        // Weights of 11 bits and sums that are cut twice.
        var expected = Separable(image, size, static (pixel, centre, _) => Math.Max(0, 1 - Math.Abs(pixel + 0.5 - centre)));
        AssertClose(expected, BilinearResize.Apply(image, size), 1.01);
    });

    [Fact]
    public void The_same_size_and_one_colour_stay_as_they_are() => AnyResize.Sample((image, size) =>
    {
        var same = new ImageSize(image.Height, image.Width);
        var value = image.Pixels.Span[0];
        var flat = new Image(image.Height, image.Width, image.Channels, Enumerable.Repeat(value, image.Pixels.Length).ToArray());
        foreach (var resize in new Func<Image, ImageSize, Image>[] { AntialiasedResize.Apply, BilinearResize.Apply })
        {
            Assert.Equal(image, resize(image, same));
            Assert.All(resize(flat, size).Pixels.ToArray(), pixel => Assert.InRange(pixel, value - 1, value));
        }
    });

    [Theory]
    [InlineData(100, 200, 64, 128)]
    [InlineData(200, 100, 128, 64)]
    [InlineData(333, 500, 64, 96)]
    [InlineData(7, 7, 64, 64)]
    public void The_shortest_side_is_brought_to_size_and_the_other_rounded_down(int height, int width, int newHeight, int newWidth)
    {
        var preprocessing = Wanted(newHeight, newWidth) with { Resize = ResizeMode.ShortestSide, ShortestSide = 64 };
        Assert.Equal(new ImageShape(newHeight, newWidth, 1), Fit(preprocessing, new Image(height, width, 1, new byte[height * width])).Shape);
    }

    [Fact]
    public void The_middle_is_cut_out()
    {
        var rows = new Image(5, 8, 1, Enumerable.Range(0, 40).Select(i => (byte)i).ToArray());
        // (5 - 2) / 2 = 1.5 and (8 - 3) / 2 = 2.5 both round to the even 2.
        Assert.Equal([18, 19, 20, 26, 27, 28], Fit(Wanted(2, 3) with { Crop = CropMode.Center }, rows).Pixels.ToArray());
        Assert.Equal(rows, Fit(Wanted(5, 8) with { Crop = CropMode.Center }, rows));
    }

    [Fact]
    public void An_image_that_is_too_small_for_the_crop_is_refused()
    {
        var preprocessing = Wanted(64, 80) with { Resize = ResizeMode.ShortestSide, Crop = CropMode.Center };
        var error = Assert.Throws<QuantNotebooksException>(() => Fit(preprocessing, new Image(32, 36, 1, new byte[32 * 36])));
        Assert.Equal(
            "it is 32x36 (height x width), 64x72 after resize and crop; the network takes 64x80, and input.resize of The preprocessing is \"shortest-side\".", error.Message);
    }

    [Fact]
    public void A_line_of_one_pixels_height_does_not_become_gigabytes()
    {
        var preprocessing = Wanted(224, 224) with { Resize = ResizeMode.ShortestSide, Crop = CropMode.Center };
        var error = Assert.Throws<QuantNotebooksException>(() => Fit(preprocessing, new Image(1, 1 << 20, 1, new byte[1 << 20])));
        Assert.Contains("so elongated that it would have 224x234881024 pixels", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(24, 30, 60)]
    [InlineData(24, 31, 62)]
    [InlineData(47, 31, 32)]
    [InlineData(48, 20, 20)]
    [InlineData(10, 200, 100)]
    public void Lines_of_text_keep_their_ratio_and_are_padded_on_the_right(int height, int width, int newWidth)
    {
        var preprocessing = Wanted(48, 100) with { Resize = ResizeMode.FitHeight, PadValue = 128 };
        var white = new Image(height, width, 1, Enumerable.Repeat((byte)255, height * width).ToArray());
        var values = new float[48 * 100];
        preprocessing.Fill(new ImageSet("line", "line", new OneImage(white)), 0, 1, values);
        Assert.All(values.Chunk(100), row => Assert.Equal(Enumerable.Repeat(255f, newWidth).Concat(Enumerable.Repeat(128f, 100 - newWidth)), row));
    }

    [Theory]
    [InlineData(ResizeMode.Stretch, Interpolation.Usual, true)]
    [InlineData(ResizeMode.Stretch, Interpolation.Bilinear, false)]
    [InlineData(ResizeMode.ShortestSide, Interpolation.Usual, true)]
    [InlineData(ResizeMode.FitHeight, Interpolation.Usual, false)]
    [InlineData(ResizeMode.FitHeight, Interpolation.Antialias, true)]
    public void Each_mode_has_its_usual_interpolation(ResizeMode mode, Interpolation interpolation, bool antialiased)
    {
        var image = new Image(6, 6, 1, Sample.Pixels[..36]);
        var preprocessing = Wanted(2, 2) with { Resize = mode, Interpolation = interpolation };
        Assert.Equal((antialiased ? AntialiasedResize.Apply(image, new(2, 2)) : BilinearResize.Apply(image, new(2, 2))), Fit(preprocessing, image));
        Assert.NotEqual(AntialiasedResize.Apply(image, new(2, 2)), BilinearResize.Apply(image, new(2, 2)));
    }

    private static Preprocessing Wanted(int height, int width) => new() { Channels = ChannelOrder.Gray, Size = new(height, width) };

    private static Image Fit(Preprocessing preprocessing, Image image) => ImageFitting.Fit(image, preprocessing, "it");

    private static int[] Green(Image image) => [.. Enumerable.Range(0, image.Height * image.Width).Select(i => (int)image.Pixels.Span[3 * i + 1])];

    /// <summary>sum over y, x of wy(y) wx(x) pixel(y, x) / sums of weights; where no pixel has a weight, the nearest one counts.</summary>
    private static double[] Separable(Image image, ImageSize size, Func<int, double, double, double> weightOf)
    {
        var rows = Weights(image.Height, size.Height, weightOf);
        var columns = Weights(image.Width, size.Width, weightOf);
        var result = new List<double>();
        for (var y = 0; y < size.Height; y++)
            for (var x = 0; x < size.Width; x++)
                for (var channel = 0; channel < image.Channels; channel++)
                {
                    var sum = 0.0;
                    for (var row = 0; row < image.Height; row++)
                        for (var column = 0; column < image.Width; column++)
                            sum += rows[y][row] * columns[x][column] * image.Pixels.Span[(row * image.Width + column) * image.Channels + channel];
                    result.Add(sum);
                }

        return [.. result];
    }

    private static double[][] Weights(int size, int newSize, Func<int, double, double, double> weightOf)
    {
        var scale = (double)size / newSize;
        return [.. Enumerable.Range(0, newSize).Select(i =>
        {
            // At the edge the weights of the pixels that are there are scaled up: the same as repeating the edge pixel for a triangle no wider than a pixel.
            var weights = Enumerable.Range(0, size).Select(pixel => weightOf(pixel, (i + 0.5) * scale, scale)).ToArray();
            var sum = weights.Sum();
            return weights.Select(weight => weight / sum).ToArray();
        })];
    }

    private static void AssertClose(double[] expected, Image actual, double tolerance)
    {
        var pixels = actual.Pixels.ToArray();
        Assert.Equal(expected.Length, pixels.Length);
        for (var i = 0; i < pixels.Length; i++)
            Assert.Equal(expected[i], pixels[i], tolerance);
    }
}
