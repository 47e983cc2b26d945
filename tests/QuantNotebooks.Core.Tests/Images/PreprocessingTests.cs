using CsCheck;
using QuantNotebooks.Images;

namespace QuantNotebooks.Core.Tests.Images;

public sealed class PreprocessingTests
{
    private static readonly ImageSet TwoOf1x2 = IdxBytes.Set(IdxBytes.Images(2, 1, 2, 0, 255, 51, 102), name: "two");

    private static readonly Preprocessing Plain = new() { Channels = ChannelOrder.Gray, Size = new(1, 2) };

    private static readonly Preprocessing FashionLike = new()
    {
        Channels = ChannelOrder.Gray, Size = new(32, 32), Pad = Padding.All(2), Scale = 1 / 255.0, Mean = [0.2860], StandardDeviation = [0.3530],
    };

    [Fact]
    public void Without_settings_values_are_the_pixels() => Assert.Equal([0f, 255f, 51f, 102f], Filled(Plain, TwoOf1x2));

    [Fact]
    public void Scales_then_subtracts_the_mean_then_divides() =>
        Assert.Equal([-1f, 1f, -0.6f, -0.2f], Filled(Plain with { Scale = 1 / 255.0, Mean = [0.5], StandardDeviation = [0.5] }, TwoOf1x2));

    [Fact]
    public void Pads_left_top_right_bottom_in_pixel_units_before_normalization()
    {
        var padded = Plain with { Size = new(4, 5), Pad = new(Left: 1, Top: 0, Right: 2, Bottom: 3), PadValue = 10, Scale = 0.1, Mean = [0.5], StandardDeviation = [0.25] };
        const float border = (float)((10 * 0.1 - 0.5) / 0.25);
        const float black = -2f;
        const float white = (float)((255 * 0.1 - 0.5) / 0.25);
        float[] expected =
        [
            border, black, white, border, border,
            border, border, border, border, border,
            border, border, border, border, border,
            border, border, border, border, border,
        ];
        Assert.Equal(expected, Filled(padded, TwoOf1x2.Take(1)));
    }

    [Fact]
    public void Every_pixel_value_is_the_double_result_rounded_once() =>
        Gen.Select(Gen.Double[1e-6, 10], Gen.Double[-300, 300], Gen.Double[1e-3, 300], Gen.Double[0, 255]).Sample((scale, mean, std, pad) =>
        {
            var all = Enumerable.Range(0, 256).Select(value => (byte)value).ToArray();
            var preprocessing = new Preprocessing
            {
                Channels = ChannelOrder.Gray, Size = new(17, 16), Pad = new(0, 1, 0, 0), PadValue = pad, Scale = scale, Mean = [mean], StandardDeviation = [std],
            };
            var values = Filled(preprocessing, IdxBytes.Set(IdxBytes.Images(1, 16, 16, all)));
            var expected = Enumerable.Repeat(pad, 16).Concat(all.Select(value => (double)value)).Select(pixel => (float)((pixel * scale - mean) / std));
            Assert.Equal(expected, values);
        });

    [Fact]
    public void A_batch_is_its_images_one_by_one() =>
        (from height in Gen.Int[1, 5]
         from width in Gen.Int[1, 5]
         from count in Gen.Int[1, 9]
         from pixels in Gen.Byte.Array[count * height * width]
         from pad in Gen.Int[0, 3].Array[4]
         select (height, width, count, pixels, pad)).Sample(made =>
         {
             var (height, width, count, pixels, pad) = made;
             var set = IdxBytes.Set(IdxBytes.Images(count, height, width, pixels));
             var preprocessing = FashionLike with
             {
                 Size = new(height + pad[1] + pad[3], width + pad[0] + pad[2]),
                 Pad = new(pad[0], pad[1], pad[2], pad[3]),
                 PadValue = 77,
             };
             var oneByOne = new List<float>();
             for (var i = 0; i < count; i++)
             {
                 var one = new float[preprocessing.ValuesPerImage];
                 preprocessing.Fill(set, i, 1, one);
                 Assert.Equal(one, Filled(preprocessing, set.Skip(i).Take(1)));
                 oneByOne.AddRange(one);
             }

             Assert.Equal(oneByOne, Filled(preprocessing, set));
         });

    [Fact]
    public void Threads_may_fill_parts_of_one_batch()
    {
        var pixels = new byte[64 * 28 * 28];
        new Random(2).NextBytes(pixels);
        var set = IdxBytes.Set(IdxBytes.Images(64, 28, 28, pixels));
        var together = new float[64 * 32 * 32];
        Parallel.For(0, 8, part => FashionLike.Fill(set, part * 8, 8, together.AsSpan(part * 8 * 32 * 32, 8 * 32 * 32)));
        Assert.Equal(Filled(FashionLike, set), together);
    }

    [Fact]
    public void Channels_come_in_the_networks_order()
    {
        var colour = Set(new Image(1, 2, 3, new byte[] { 1, 2, 3, 4, 5, 6 }));
        Assert.Equal([1f, 4f, 2f, 5f, 3f, 6f], Filled(Plain with { Channels = ChannelOrder.Rgb }, colour));
        Assert.Equal([3f, 6f, 2f, 5f, 1f, 4f], Filled(Plain with { Channels = ChannelOrder.Bgr }, colour));
        Assert.Equal([7f, 9f, 7f, 9f, 7f, 9f], Filled(Plain with { Channels = ChannelOrder.Bgr }, Set(new Image(1, 2, 1, new byte[] { 7, 9 }))));
    }

    [Fact]
    public void Each_channel_of_the_network_has_its_own_mean_and_std()
    {
        var colour = Set(new Image(1, 1, 3, new byte[] { 10, 20, 30 }));
        var preprocessing = new Preprocessing { Channels = ChannelOrder.Bgr, Size = new(1, 2), Pad = new(1, 0, 0, 0), PadValue = 40, Mean = [1, 2, 3], StandardDeviation = [1, 2, 4] };
        Assert.Equal([39f, 29f, 19f, 9f, 37 / 4f, 7 / 4f], Filled(preprocessing, colour));
    }

    [Fact]
    public void Grey_of_colours_is_their_luma() => Gen.Byte.Array[3].Sample(pixel =>
        Assert.Equal(0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2], Filled(Plain with { Size = new(1, 1) }, Set(new Image(1, 1, 3, pixel)))[0], 0.5001));

    [Fact]
    public void Two_or_four_channels_are_refused() => Throws(
        "the one of one is 1x2 with 2 channels; only grey and RGB images become a network's input.",
        () => Plain.Fill(Set(new Image(1, 2, 2, new byte[4])), 0, 1, new float[2]));

    [Fact]
    public void A_wrong_image_size_names_the_set_its_size_and_the_networks() =>
        Fails(
            "image 0 of two is 1x2 (height x width), 5x6 with input.pad [2, 2, 2, 2]; the network takes 32x32, and input.resize of The preprocessing is \"none\".",
            FashionLike);

    [Fact]
    public void A_batch_outside_the_set_or_of_another_length_is_an_error()
    {
        Throws("two has 2 images; a batch of 2 from image 1 on is not within them.", () => Plain.Fill(TwoOf1x2, 1, 2, new float[4]));
        Throws("two has 2 images; a batch of 1 from image -1 on is not within them.", () => Plain.Fill(TwoOf1x2, -1, 1, new float[2]));
        Throws("two has 2 images; a batch of 0 from image 0 on is not within them.", () => Plain.Fill(TwoOf1x2, 0, 0, []));
        Throws(
            "two has 2 images; a batch of 2147483647 from image 1 on is not within them.",
            () => Plain.Fill(TwoOf1x2, 1, int.MaxValue, []));
        Throws("The destination holds 3 values; a batch of [2, 1, 1, 2] has 4.", () => Plain.Fill(TwoOf1x2, 0, 2, new float[3]));
    }

    [Fact]
    public void Contradictions_name_the_field()
    {
        Fails("The preprocessing: input.size is [0, 2]; height and width must be at least 1.", Plain with { Size = new(0, 2) });
        Fails(
            "The preprocessing: input.pad is [-1, 0, 0, 0]; left, top, right and bottom must be at least 0.",
            Plain with { Pad = new(-1, 0, 0, 0) });
        Fails(
            "The preprocessing: input.pad is [1, 0, 1, 0] ([left, top, right, bottom]), which leaves no room for an image in input.size 1x2.",
            Plain with { Pad = new(1, 0, 1, 0) });
        Fails("The preprocessing: input.shortestSide is for input.resize \"shortest-side\" only.", Plain with { ShortestSide = 2 });
        Fails(
            "The preprocessing: input.shortestSide is 0; it must be at least 1.",
            Plain with { Resize = ResizeMode.ShortestSide, ShortestSide = 0 });
        Fails("The preprocessing: input.padValue is 256; it must be from 0 to 255, in pixel units.", Plain with { PadValue = 256 });
        Fails("The preprocessing: input.padValue is NaN; it must be from 0 to 255, in pixel units.", Plain with { PadValue = double.NaN });
        Fails("The preprocessing: input.scale is 0; it must be a number above 0.", Plain with { Scale = 0 });
        Fails("The preprocessing: input.mean has 3 numbers; it needs one for all channels.", Plain with { Mean = [1, 2, 3] });
        Fails(
            "The preprocessing: input.std has 2 numbers; it needs one for all channels or 3, one a channel.",
            Plain with { Channels = ChannelOrder.Rgb, StandardDeviation = [1, 2] });
        Fails("The preprocessing: input.mean holds NaN; each number must be finite.", Plain with { Mean = [double.NaN] });
        Fails("The preprocessing: input.std holds 0; each number must be above 0.", Plain with { StandardDeviation = [0] });
        Fails(
            "The preprocessing: input.scale is 1E+300, which with input.mean [0] and input.std [1] gives values beyond the range of float.",
            Plain with { Scale = 1e300 });
    }

    private static float[] Filled(Preprocessing preprocessing, ImageSet images)
    {
        var values = new float[images.Count * preprocessing.ValuesPerImage];
        preprocessing.Fill(images, 0, images.Count, values);
        return values;
    }

    private static ImageSet Set(Image image) => new("one", "one", new OneImage(image));

    private static void Fails(string message, Preprocessing preprocessing) =>
        Throws(message, () => preprocessing.Fill(TwoOf1x2, 0, 1, new float[Math.Max(0, preprocessing.ValuesPerImage)]));

    private static void Throws(string message, Action act) => Assert.Equal(message, Assert.Throws<QuantNotebooksException>(act).Message);
}
