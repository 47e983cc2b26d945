using System.Text;
using QuantNotebooks.Images;
using SkiaSharp;

namespace QuantNotebooks.Core.Tests.Images;

/// <summary>Mutated files: whatever they hold, the readers succeed or say what is wrong, within bounded memory.</summary>
public sealed class ReaderFuzzTests
{
    private static readonly byte[] Interesting = [0x00, 0x01, 0x03, 0x08, 0x1F, 0x7F, 0x80, 0x8B, 0xFF, (byte)'"', (byte)'{', (byte)'[', (byte)'\\', (byte)'-'];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Mutated_IDX_files(bool compressed)
    {
        byte[] pixels = [.. Enumerable.Range(0, 96).Select(i => (byte)i)];
        var images = IdxBytes.Images(4, 6, 4, pixels);
        var labels = IdxBytes.Labels(0, 1, 2, 3);
        if (compressed)
            (images, labels) = (IdxBytes.Gzip(images), IdxBytes.Gzip(labels));
        var random = new Random(3);
        var read = 0;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 5_000; i++)
        {
            var (mutatedImages, mutatedLabels) = (Mutate(images, random), random.Next(4) == 0 ? Mutate(labels, random) : labels);
            if (Succeeds(() => Assert.Equal(64, IdxBytes.Set(mutatedImages, mutatedLabels).Sha256.Length)))
                read++;
        }

        var average = (GC.GetAllocatedBytesForCurrentThread() - before) / 5_000;
        Assert.InRange(average, 0, 256 << 10);
        Assert.InRange(read, 1, 4_999);
    }

    [Fact]
    public void Mutated_image_files()
    {
        // A few pixels of each kind, as Skia itself writes them, and a PNG with more chunks.
        using var bitmap = new SKBitmap(new SKImageInfo(9, 7, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (var i = 0; i < 63; i++) bitmap.SetPixel(i % 9, i / 9, new SKColor((byte)(i * 4), (byte)(255 - i), (byte)(i * i)));
        byte[][] files =
        [
            bitmap.Encode(SKEncodedImageFormat.Png, 90).ToArray(), bitmap.Encode(SKEncodedImageFormat.Jpeg, 90).ToArray(), bitmap.Encode(SKEncodedImageFormat.Webp, 90).ToArray(),
            BmpBytes.Rgb(7, 9, bitmap.GetPixelSpan()), PngBytes.File(3, 4, 8, PngBytes.Palette, new byte[12], ("PLTE", [1, 2, 3, 4, 5, 6]), ("tRNS", [9])),
        ];
        var random = new Random(5);
        var read = 0;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 3_000; i++)
        {
            var mutated = Mutate(files[i % files.Length], random);
            if (Succeeds(() => Assert.True(ImageDecoder.Decode(mutated, "fuzz").Pixels.Length > 0)))
                read++;
        }

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 3_000, 0, 4 << 20);
        Assert.InRange(read, 1, 2_999);
    }

    [Fact]
    public void Mutated_tables()
    {
        var table = Encoding.UTF8.GetBytes("file,label\na.png,cat\nin/b.jpg,\"dog, \"\"big\"\"\"\n\"c.bmp\",3\n");
        var random = new Random(6);
        var read = 0;
        for (var i = 0; i < 5_000; i++)
        {
            var text = Encoding.Latin1.GetString(Mutate(table, random));
            if (Succeeds(() => Assert.NotEmpty(LabelFile.Parse(new StringReader(text), "fuzz").Rows)))
                read++;
        }

        Assert.InRange(read, 1, 4_999);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Mutated_NumPy_files(bool zipped)
    {
        var array = NpyBytes.Floats("(3, 2, 2)", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
        var file = zipped ? NpyBytes.Zip(("labels.npy", NpyBytes.File("<i2", "(3,)", new byte[6])), ("x.npy", array)) : array;
        using var folder = new TemporaryFolder();
        var random = new Random(7);
        var read = 0;
        var count = zipped ? 3_000 : 1_000;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < count; i++)
        {
            var mutated = Mutate(file, random);
            if (Succeeds(() => Assert.Equal(64, Load(mutated).Sha256.Length)))
                read++;
        }

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / count, 0, 256 << 10);
        Assert.InRange(read, 1, count - 1);

        ImageSet Load(byte[] bytes) => zipped
            ? new ImageSet("fuzz", "fuzz", NpzSource.Read(new MemoryStream(bytes), "fuzz"))
            : ImageSet.Load(folder.Write("x.npy", bytes));
    }

    [Fact]
    public void Mutated_sidecars()
    {
        var json = Encoding.UTF8.GetBytes("""
            {"input":{"name":"x","layout":"NCHW","channels":"gray","size":[32,32],"resize":"none","crop":"none","pad":[2,2,2,2],
            "padValue":0,"scale":0.00392156862745098,"mean":[0.286],"std":[0.353]},
            "task":{"kind":"classification","labels":["T-shirt \u00e9 \ud83d\ude00","Bag"]}}
            """);
        var random = new Random(4);
        var read = 0;
        for (var i = 0; i < 10_000; i++)
        {
            var text = Encoding.Latin1.GetString(Mutate(json, random));
            if (Succeeds(() =>
            {
                var description = TaskDescription.Parse(text, "fuzz");
                Assert.Equal(description, TaskDescription.Parse(description.ToJson(), "again"));
            }))
            {
                read++;
            }
        }

        Assert.InRange(read, 1, 9_999);
    }

    /// <summary>True when it ran, false when it refused; anything else is thrown on and fails the test.</summary>
    private static bool Succeeds(Action act)
    {
        try
        {
            act();
            return true;
        }
        catch (QuantNotebooksException error)
        {
            Assert.False(error.Message.AsSpan().ContainsAny('\n', '\r'), error.Message);
            return false;
        }
    }

    private static byte[] Mutate(byte[] original, Random random)
    {
        var bytes = new List<byte>(original);
        for (var edits = random.Next(1, 4); edits > 0 && bytes.Count > 0; edits--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = Interesting[random.Next(Interesting.Length)]; break;
                case 2: bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at)); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 17), bytes.Count - at))); break;
                case 4: bytes.Insert(at, (byte)random.Next(256)); break;
                default: bytes.RemoveRange(at, random.Next(8) == 0 ? bytes.Count - at : 1); break;
            }
        }

        return [.. bytes];
    }
}
