using QuantNotebooks.Images;

namespace QuantNotebooks.Core.Tests.Images;

/// <summary>Every way in which an image file can be wrong, with the one line that the user reads.</summary>
public sealed class BadImageFilesTests
{
    private const string ImagesName = "x-images-idx3-ubyte";
    private const string LabelsName = "x-labels-idx1-ubyte";

    private const string Wanted =
        "a folder of images (PNG, JPEG, BMP and WebP), an IDX images file (x-images-idx3-ubyte or x-images-idx3-ubyte.gz) or a folder of them, or float32 tensors (.npy, .npz)";

    private static readonly byte[] TwoImages = IdxBytes.Images(2, 1, 2, 1, 2, 3, 4);

    [Fact]
    public void Wrong_magic_number() =>
        Fails(
            "FILE is not an IDX file of images: it starts with 0x89504E47 instead of 0x00000803.",
            [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10]);

    [Fact]
    public void Labels_in_the_place_of_images() =>
        Fails("FILE is not an IDX file of images: it starts with 0x00000801 (labels) instead of 0x00000803.", IdxBytes.Labels(1, 2, 3));

    [Fact]
    public void Empty_file() => Fails("FILE is cut short: it ends within the 16 bytes of its IDX header.", []);

    [Fact]
    public void Cut_header() => Fails("FILE is cut short: it ends within the 16 bytes of its IDX header.", TwoImages[..15]);

    [Fact]
    public void Cut_pixels() => Fails("FILE is cut short: its header declares 4 bytes (2 x 1 x 2), it holds 3.", TwoImages[..19]);

    [Fact]
    public void More_pixels_than_declared() =>
        Fails("FILE holds more than the 4 bytes that its header declares; its header is damaged.", [.. TwoImages, 0]);

    [Fact]
    public void No_images() => Fails("FILE is empty: its header declares 0 images.", IdxBytes.Images(0, 28, 28));

    [Fact]
    public void No_pixels() => Fails("FILE declares images without pixels: a side of length 0.", IdxBytes.Images(2, 28, 0));

    [Fact]
    public void A_cut_compressed_file_is_noticed_or_has_lost_its_checksum_only()
    {
        const int endOfDataAndChecksum = 10;
        var whole = IdxBytes.Gzip(TwoImages);
        for (var length = 0; length < whole.Length; length++)
        {
            var cut = whole[..length];
            try
            {
                Assert.Equal(IdxBytes.Set(whole).Sha256, IdxBytes.Set(cut).Sha256);
                Assert.InRange(length, whole.Length - endOfDataAndChecksum, whole.Length - 1);
            }
            catch (QuantNotebooksException error)
            {
                Assert.Contains("cut short", error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_damaged_compressed_file_fails_its_checksum()
    {
        var damaged = IdxBytes.Gzip(TwoImages);
        damaged[^8] ^= 1;
        Fails("FILE is damaged: its gzip data cannot be decompressed.", damaged);
    }

    [Fact]
    public void A_huge_header_in_a_tiny_file_allocates_nothing_of_that_size()
    {
        const uint most = int.MaxValue;
        var huge = IdxBytes.File(IdxFile.ImagesMagic, [most, most, most], [1, 2, 3]);
        var allocated = AllocatedBy(() =>
        {
            Fails(
                "FILE is cut short: its header declares 9,903,520,300,447,984,150,353,281,023 bytes (2147483647 x 2147483647 x 2147483647), it holds 3.",
                huge);
            Fails(
                "FILE is cut short: its header declares 9,903,520,300,447,984,150,353,281,023 bytes (2147483647 x 2147483647 x 2147483647), it cannot hold more than ",
                IdxBytes.Gzip(huge));
        });
        Assert.InRange(allocated, 0, 1 << 20);
    }

    [Fact]
    public void A_dimension_beyond_31_bits_is_refused() =>
        Fails("FILE declares a dimension of 4,294,967,295; its header is damaged, or the file is far too large.",
            IdxBytes.File(IdxFile.ImagesMagic, [1, uint.MaxValue, 1], [1]));

    [Fact]
    public void A_gzip_bomb_is_read_to_its_declared_size_only()
    {
        var bomb = IdxBytes.Gzip(IdxBytes.Images(1, 1, 2, new byte[50_000_000]));
        var allocated = AllocatedBy(() =>
            Assert.Contains("holds more than the 2 bytes", Assert.Throws<QuantNotebooksException>(() => IdxBytes.Set(bomb)).Message, StringComparison.Ordinal));
        Assert.InRange(allocated, 0, 1 << 20);
    }

    [Fact]
    public void A_compressed_file_that_declares_far_more_than_it_holds_is_read_gradually()
    {
        var noise = new byte[600_000];
        new Random(1).NextBytes(noise);
        var file = IdxBytes.Gzip(IdxBytes.Images(600, 1000, 1000, noise));
        var allocated = AllocatedBy(() =>
            Assert.Contains("declares 600,000,000 bytes (600 x 1000 x 1000), it holds 600,000.",
                Assert.Throws<QuantNotebooksException>(() => IdxBytes.Set(file)).Message, StringComparison.Ordinal));
        Assert.InRange(allocated, 0, 4 << 20);
    }

    [Fact]
    public void Another_number_of_labels()
    {
        using var folder = new TemporaryFolder();
        var images = folder.Write(ImagesName, TwoImages);
        var labels = folder.Write(LabelsName, IdxBytes.Labels(1, 2, 3));
        FailsToLoad($"{labels} holds 3 labels for the 2 images of {images}; there must be one label an image.", images);
    }

    [Fact]
    public void Bad_labels()
    {
        using var folder = new TemporaryFolder();
        var images = folder.Write(ImagesName, TwoImages);
        var labels = folder.Write(LabelsName, TwoImages);
        FailsToLoad($"{labels} is not an IDX file of labels: it starts with 0x00000803 (images) instead of 0x00000801.", images);
        folder.Write(LabelsName, IdxBytes.Labels(1, 2)[..9]);
        FailsToLoad($"{labels} is cut short: its header declares 2 bytes (2), it holds 1.", images);
    }

    [Fact]
    public void Files_of_a_folder_that_do_not_fit_together()
    {
        using var folder = new TemporaryFolder();
        var first = folder.Write("a-images-idx3-ubyte", TwoImages);
        var second = folder.Write("b-images-idx3-ubyte", IdxBytes.Images(1, 2, 2, 1, 2, 3, 4));
        FailsToLoad(
            $"{second} holds images of 2x2 grey but {first} beside it of 1x2 grey; all must have one size to be read as one set.",
            folder.Path);

        folder.Write("b-images-idx3-ubyte", TwoImages);
        folder.Write("a-labels-idx1-ubyte", IdxBytes.Labels(1, 2));
        FailsToLoad(
            $"{first} has labels but {second} beside it has none; either all or none may have labels to be read as one set.",
            folder.Path);
    }

    [Fact]
    public void Paths_that_hold_no_images()
    {
        using var folder = new TemporaryFolder();
        var missing = Path.Combine(folder.Path, "missing");
        FailsToLoad($"{missing} does not exist; give {Wanted}.", missing);
        FailsToLoad($"The path of the images is empty; give {Wanted}.", "");

        var other = folder.Write("cat.txt", [1]);
        FailsToLoad($"{other} is not a set of images; give {Wanted}.", other);
        var one = folder.Write(Path.Combine("one", "cat.png"), [1]);
        FailsToLoad($"{one} is one file of a set of images; give its folder.", one);
        var empty = Directory.CreateDirectory(Path.Combine(folder.Path, "empty")).FullName;
        FailsToLoad($"The folder {empty} holds no images; give {Wanted}.", empty);

        var images = folder.Write(Path.Combine("empty", "inner", ImagesName), TwoImages);
        var labels = folder.Write(Path.Combine("empty", "inner", LabelsName), IdxBytes.Labels(1, 2));
        FailsToLoad($"The folder {empty} holds no images; give {Wanted}. Did you mean {Path.Combine(empty, "inner")}?", empty);
        FailsToLoad($"{labels} holds labels; give the images beside it: {images}", labels);
    }

    private static void Fails(string message, byte[] images)
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write(ImagesName, images);
        var actual = Assert.Throws<QuantNotebooksException>(() => ImageSet.Load(file)).Message.Replace(file, "FILE", StringComparison.Ordinal);
        if (message.EndsWith('.'))
            Assert.Equal(message, actual);
        else
            Assert.StartsWith(message, actual, StringComparison.Ordinal);
    }

    private static void FailsToLoad(string message, string path) =>
        Assert.Equal(message, Assert.Throws<QuantNotebooksException>(() => ImageSet.Load(path)).Message);

    private static long AllocatedBy(Action act)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        act();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
