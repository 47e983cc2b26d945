using System.Security.Cryptography;
using CsCheck;
using QuantNotebooks.Images;

namespace QuantNotebooks.Core.Tests.Images;

public sealed class ImageSetTests
{
    /// <summary>Three images of 1x2 with the pixels 0..5, labelled 7, 8, 9.</summary>
    private static readonly ImageSet Three = IdxBytes.Set(IdxBytes.Images(3, 1, 2, 0, 1, 2, 3, 4, 5), IdxBytes.Labels(7, 8, 9), "three");

    private static readonly Gen<ImageSet> AnySet =
        from height in Gen.Int[1, 4]
        from width in Gen.Int[1, 4]
        from count in Gen.Int[1, 12]
        from pixels in Gen.Byte.Array[count * height * width]
        from labels in Gen.Byte.Array[count]
        from labelled in Gen.Bool
        select IdxBytes.Set(IdxBytes.Images(count, height, width, pixels), labelled ? IdxBytes.Labels(labels) : null);

    [Fact]
    public void Reads_pixels_sizes_and_labels_of_a_hand_made_pair()
    {
        var image = Three[1];
        Assert.Equal((1, 2, 1), (image.Height, image.Width, image.Channels));
        Assert.Equal([2, 3], image.Pixels.ToArray());
        Assert.Equal([7, 8, 9], Three.Labels);
        Assert.Equal(3, Three.Count);
    }

    [Theory]
    [InlineData("x-images-idx3-ubyte", "x-labels-idx1-ubyte")]
    [InlineData("x-images-idx3-ubyte.gz", "x-labels-idx1-ubyte.gz")]
    [InlineData("x-images-idx3-ubyte.gz", "x-labels-idx1-ubyte")]
    [InlineData("x-images-idx3-ubyte", "x-labels-idx1-ubyte.gz")]
    public void Finds_labels_beside_the_images(string imagesName, string labelsName)
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write(imagesName, Packed(imagesName, IdxBytes.Images(2, 1, 1, 5, 6)));
        folder.Write(labelsName, Packed(labelsName, IdxBytes.Labels(1, 0)));

        var set = ImageSet.Load(file);

        Assert.Equal("x", set.Name);
        Assert.Equal(file, set.Path);
        Assert.Equal([1, 0], set.Labels);
        Assert.Equal(set.Sha256, ImageSet.Load(folder.Path).Sha256);
    }

    [Fact]
    public void Labels_may_be_absent()
    {
        using var folder = new TemporaryFolder();
        var set = ImageSet.Load(folder.Write("x-images-idx3-ubyte", IdxBytes.Images(1, 1, 1, 5)));
        Assert.Null(set.Labels);
        Assert.Equal("x: 1 images, 1x1 grey, no labels", set.ToString());
    }

    [Fact]
    public void A_folder_joins_its_pairs_in_ordinal_order_and_reads_each_once()
    {
        using var folder = new TemporaryFolder();
        folder.Write("b-images-idx3-ubyte", IdxBytes.Images(1, 1, 1, 3));
        folder.Write("b-labels-idx1-ubyte", IdxBytes.Labels(30));
        folder.Write("B-images-idx3-ubyte.gz", IdxBytes.Gzip(IdxBytes.Images(2, 1, 1, 1, 2)));
        folder.Write("B-labels-idx1-ubyte.gz", IdxBytes.Gzip(IdxBytes.Labels(10, 20)));
        folder.Write("b-images-idx3-ubyte.gz", IdxBytes.Gzip(IdxBytes.Images(1, 1, 1, 3)));

        var set = ImageSet.Load(folder.Path);

        Assert.Equal([1, 2, 3], PixelsOf(set));
        Assert.Equal([10, 20, 30], set.Labels);
        Assert.Equal(Path.GetFileName(folder.Path), set.Name);
    }

    [Fact]
    public void Joining_gives_the_images_of_each_part_in_turn() =>
        Gen.Byte.Array[1, 6].Array[1, 5].Sample(parts =>
        {
            var sources = parts.Select((pixels, i) =>
            {
                using var file = IdxFile.Open(new MemoryStream(IdxBytes.Images(pixels.Length, 1, 1, pixels)), "part", IdxFile.ImagesMagic);
                return ($"part {i}", (IImageSource)IdxImageSource.Read(file, null, "part", null));
            }).ToList();
            var set = new ImageSet("joined", "joined", ConcatenatedSource.Create(sources));
            Assert.Equal(parts.SelectMany(pixels => pixels), PixelsOf(set));
        });

    [Fact]
    public void Take_and_Skip_compose_like_ranges() =>
        Gen.Select(AnySet, Gen.Int[0, 20], Gen.Int[1, 20], Gen.Int[0, 20], Gen.Int[1, 20]).Sample((set, skip1, take1, skip2, take2) =>
        {
            var part = set;
            var expected = Enumerable.Range(0, set.Count).ToArray();
            foreach (var (skip, take) in new[] { (skip1 % part.Count, take1), (skip2, take2) })
            {
                var skipped = skip % part.Count;
                part = part.Skip(skipped).Take(take);
                expected = [.. expected.Skip(skipped).Take(take)];
            }

            Assert.Equal(expected.Select(i => set[i]), Enumerable.Range(0, part.Count).Select(i => part[i]));
            Assert.Equal(set.Labels is null ? null : expected.Select(i => set.Labels[i]), part.Labels);
        });

    [Fact]
    public void Take_gives_what_there_is() => Assert.Equal(3, Three.Take(int.MaxValue).Count);

    [Fact]
    public void An_empty_selection_is_an_error_that_says_how_many_images_there_are()
    {
        Fails("Take(0) of three would be empty; take at least 1 of its 3 images.", () => Three.Take(0));
        Fails("Skip(3) of three would be empty; it has 3 images.", () => Three.Skip(3));
        Fails("Skip(-1) of three: the number of images to skip cannot be negative.", () => Three.Skip(-1));
        Fails("three has no image 3: its 3 images are numbered from 0 to 2.", () => Three[3]);
        Fails("three has no image -1: its 3 images are numbered from 0 to 2.", () => Three[-1]);
    }

    [Fact]
    public void Sha256_covers_labels_sizes_and_pixels_of_the_selection()
    {
        byte[] image = [1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 3];
        byte[] hashed = [1, 8, 0, 0, 0, .. SHA256.HashData(image)];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(hashed)), Three.Skip(1).Take(1).Sha256);

        string[] different =
        [
            Three.Sha256, Three.Take(2).Sha256, Three.Skip(1).Sha256,
            IdxBytes.Set(IdxBytes.Images(3, 1, 2, 0, 1, 2, 3, 4, 5)).Sha256,
            IdxBytes.Set(IdxBytes.Images(3, 2, 1, 0, 1, 2, 3, 4, 5), IdxBytes.Labels(7, 8, 9)).Sha256,
            IdxBytes.Set(IdxBytes.Images(3, 1, 2, 0, 1, 2, 3, 4, 5), IdxBytes.Labels(7, 8, 0)).Sha256,
        ];
        Assert.Equal(different.Length, different.Distinct().Count());
    }

    [Fact]
    public void A_part_says_in_words_which_images_it_holds() =>
        Assert.Equal("three: 2 of 3 images (1..2), 1x2 grey, labelled", Three.Skip(1).ToString());

    [Fact]
    public void Images_compare_by_content()
    {
        var same = IdxBytes.Set(IdxBytes.Images(1, 1, 2, 0, 1))[0];
        Assert.Equal(Three[0], same);
        Assert.Equal(Three[0].GetHashCode(), same.GetHashCode());
        Assert.NotEqual(Three[0], Three[1]);
        Assert.NotEqual(Three[0], new Image(2, 1, 1, same.Pixels));
        Fails("An image of 2x2 with 3 channels needs 12 pixel values, not 2.", () => new Image(2, 2, 3, same.Pixels));
        Fails("An image cannot have 0 rows, 2 columns and 1 channels; each must be at least 1.", () => new Image(0, 2, 1, same.Pixels));
    }

    [Fact]
    public void Labels_cannot_be_changed_through_the_list() =>
        Assert.Throws<NotSupportedException>(() => ((IList<int>)Three.Labels!)[0] = 1);

    private static byte[] Packed(string name, byte[] bytes) => name.EndsWith(".gz", StringComparison.Ordinal) ? IdxBytes.Gzip(bytes) : bytes;

    private static IEnumerable<byte> PixelsOf(ImageSet set) => Enumerable.Range(0, set.Count).SelectMany(i => set[i].Pixels.ToArray());

    private static void Fails(string message, Func<object> act) => Assert.Equal(message, Assert.Throws<QuantNotebooksException>(act).Message);
}
