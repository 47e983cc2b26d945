using System.Runtime.InteropServices;
using System.Security.Cryptography;
using CsCheck;
using QuantNotebooks.Images;

namespace QuantNotebooks.Core.Tests.Images;

/// <summary>What is known of an image's content once it was decoded: the hash of a set asks for no image again.</summary>
public sealed class ImageDigestsTests
{
    [Fact]
    public void An_image_that_was_decoded_is_not_decoded_for_the_hash()
    {
        Gen.Select(Gen.Int[0, 4], Gen.Int[1, 6], Gen.Bool, Gen.Int[0, 9].Array[0, 12]).Sample((skip, count, spread, asked) =>
        {
            var before = asked.ToHashSet();
            var counted = new CountingSource(10);
            var set = new ImageSet("s", "s", counted);
            foreach (var index in before) _ = set[index];
            Assert.Equal(before.Count, counted.Decoded);
            var part = spread ? set.Skip(skip).Spread(count) : set.Skip(skip).Take(count);
            var taken = Enumerable.Range(0, part.Count).Select(index => part.NameOf(index)).Select(int.Parse).ToList();
            Assert.Equal(before.IsSupersetOf(taken), part.KnownSha256 is not null);
            Assert.Equal(before.Count, counted.Decoded);
            var hash = part.Sha256;
            Assert.Equal(hash, part.KnownSha256);
            Assert.Equal(before.Union(taken).Count(), counted.Decoded);
            // The same as of a set of which nothing was known.
            Assert.Equal(hash, (spread ? new ImageSet("s", "s", new CountingSource(10)).Skip(skip).Spread(count) : new ImageSet("s", "s", new CountingSource(10)).Skip(skip).Take(count)).Sha256);
        });
    }

    [Fact]
    public void The_images_that_can_be_read_are_known_once_they_were_looked_for()
    {
        var counted = new CountingSource(10) { Broken = 3 };
        var whole = new ImageSet("s", "s", counted).WithoutBroken(TestContext.Current.CancellationToken);
        Assert.Equal((9, 9), (whole.Count, counted.Decoded));
        _ = whole.Sha256;
        Assert.Equal(9, counted.Decoded);
    }

    [Fact]
    public void Sets_that_differ_are_told_apart_by_the_first_image_that_does()
    {
        var (one, other) = (new CountingSource(10), new CountingSource(10) { First = 7 });
        Assert.False(new ImageSet("a", "a", one).HasSameImagesAs(new ImageSet("b", "b", other)));
        Assert.Equal((1, 1), (one.Decoded, other.Decoded));
        Assert.True(new ImageSet("a", "a", one).HasSameImagesAs(new ImageSet("b", "b", new CountingSource(10))));
        Assert.False(new ImageSet("a", "a", one).HasSameImagesAs(new ImageSet("b", "b", new CountingSource(11))));
        var (pixels, labels) = (IdxBytes.Images(2, 1, 1, 5, 6), IdxBytes.Labels(1, 0));
        Assert.False(IdxBytes.Set(pixels, labels).HasSameImagesAs(IdxBytes.Set(pixels)));
        Assert.False(IdxBytes.Set(pixels, labels).HasSameImagesAs(IdxBytes.Set(pixels, IdxBytes.Labels(1, 1))));
    }

    [Fact]
    public void Of_tensors_the_shape_and_the_values_count()
    {
        using var folder = new TemporaryFolder();
        float[] values = [1, 2, 3, 4, 5, 6];
        var set = ImageSet.Load(folder.Write("x.npy", NpyBytes.Floats("(3, 1, 2)", values)));
        var read = new float[4];
        set.ReadTensors(1, 2, read);
        byte[] hashed = [0];
        for (var index = 0; index < 3; index++)
            hashed = [.. hashed, 0, 0, 0, 0, .. SHA256.HashData([1, 0, 0, 0, 2, 0, 0, 0, .. MemoryMarshal.AsBytes(values.AsSpan(2 * index, 2))])];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(hashed)), set.Sha256);
        Assert.NotEqual(set.Sha256, ImageSet.Load(folder.Write("y.npy", NpyBytes.Floats("(3, 2, 1)", values))).Sha256);
    }
}
