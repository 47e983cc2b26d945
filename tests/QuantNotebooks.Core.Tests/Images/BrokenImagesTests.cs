using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;

namespace QuantNotebooks.Core.Tests.Images;

/// <summary>Broken images stop a run by name, or are left out on request.</summary>
public sealed class BrokenImagesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public BrokenImagesTests()
    {
        for (var i = 0; i < 7; i++)
            _folder.Write($"{(i % 2 == 0 ? "upright" : "upside-down")}/{i}.png", Line((byte)(20 * i)));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_first_broken_image_stops_the_run_by_name()
    {
        var file = _folder.Write("upside-down/3.png", Line(9)[..200]);
        var error = Assert.Throws<QuantNotebooksException>(() => TestData.Load(TestData.TextDirection).Evaluate(ImageSet.Load(_folder.Path)));
        Assert.Equal($"{file} is damaged: it breaks off before its last pixel.", error.Message);
    }

    [Fact]
    public void Left_out_they_are_named_and_nothing_else_changes()
    {
        var whole = ImageSet.Load(_folder.Path);
        Assert.Same(whole, whole.WithoutBroken());
        var broken = _folder.Write("upside-down/3.png", [1, 2, 3]);
        _folder.Write("upright/0.png", []);

        var left = ImageSet.Load(_folder.Path).Take(6).WithoutBroken();

        int[] kept = [1, 2, 4, 5];
        Assert.Equal(kept.Select(i => whole[i]), Enumerable.Range(0, left.Count).Select(i => left[i]));
        Assert.Equal(kept.Select(i => whole.Labels![i]), left.Labels!);
        Assert.Equal(kept.Select(i => whole.NameOf(i)), Enumerable.Range(0, left.Count).Select(left.NameOf));
        Assert.Equal(
            [
                new(Path.Combine("upright", "0.png"), $"{_folder.Path}/upright/0.png is empty."),
                new(Path.Combine("upside-down", "3.png"), $"{broken} is not an image that can be read, or its header is damaged: PNG, JPEG, BMP and WebP are read."),
            ],
            left.Skipped);
        Assert.Equal(left.Skipped, left.Skip(1).Take(1).Skipped);
        Assert.EndsWith("labelled, 2 broken ones skipped", left.ToString(), StringComparison.Ordinal);
        Assert.Equal(4, TestData.Load(TestData.TextDirection).Evaluate(left).Images.Count);
    }

    [Fact]
    public void A_set_without_any_good_image_is_an_error()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("a.png", []);
        Assert.Equal(
            $"None of the 1 images of {Path.GetFileName(folder.Path)} can be decoded. The first: {file} is empty.",
            Assert.Throws<QuantNotebooksException>(() => ImageSet.Load(folder.Path).WithoutBroken()).Message);
    }

    private static byte[] Line(byte value)
    {
        var pixels = new byte[3 * 48 * 192];
        new Random(value).NextBytes(pixels);
        return PngBytes.Rgb8(48, 192, pixels);
    }
}
