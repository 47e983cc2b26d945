using System.Text;
using QuantNotebooks.Images;
using QuantNotebooks.Tests;
using SkiaSharp;

namespace QuantNotebooks.Core.Tests.Images;

/// <summary>Damaged files: whatever they hold, the readers succeed or say what is wrong, within bounded time and memory.</summary>
public sealed class ReaderFuzzTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Damaged_IDX_files(bool compressed)
    {
        byte[] pixels = [.. Enumerable.Range(0, 96).Select(i => (byte)i)];
        var (images, labels) = (IdxBytes.Images(4, 6, 4, pixels), IdxBytes.Labels(0, 1, 2, 3));
        if (compressed) (images, labels) = (IdxBytes.Gzip(images), IdxBytes.Gzip(labels));
        TakesSome(Fuzzing.Run(
            2_000, 3, random => (Mutation.Bytes(images, random), random.Next(4) == 0 ? Mutation.Bytes(labels, random) : labels),
            files => Assert.Equal(64, IdxBytes.Set(files.Item1, files.Item2).Sha256.Length), mostBytes: 16 << 20));
    }

    [Fact]
    public void Damaged_image_files()
    {
        // A few pixels of each kind, as Skia itself writes them, and a PNG with more chunks.
        using var bitmap = new SKBitmap(new SKImageInfo(9, 7, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (var i = 0; i < 63; i++) bitmap.SetPixel(i % 9, i / 9, new SKColor((byte)(i * 4), (byte)(255 - i), (byte)(i * i)));
        byte[][] files =
        [
            bitmap.Encode(SKEncodedImageFormat.Png, 90).ToArray(), bitmap.Encode(SKEncodedImageFormat.Jpeg, 90).ToArray(), bitmap.Encode(SKEncodedImageFormat.Webp, 90).ToArray(),
            BmpBytes.Rgb(7, 9, bitmap.GetPixelSpan()), PngBytes.File(3, 4, 8, PngBytes.Palette, new byte[12], ("PLTE", [1, 2, 3, 4, 5, 6]), ("tRNS", [9])),
        ];
        TakesSome(Fuzzing.Run(
            1_500, 5, random => Mutation.Bytes(files[random.Next(files.Length)], random), file => Assert.True(ImageDecoder.Decode(file, "fuzz").Pixels.Length > 0), mostBytes: 1 << 30));
    }

    [Fact]
    public void Damaged_tables()
    {
        var table = Encoding.UTF8.GetBytes("file,label\na.png,cat\nin/b.jpg,\"dog, \"\"big\"\"\"\n\"c.bmp\",3\n");
        TakesSome(Fuzzing.Run(
            2_000, 6, random => Encoding.Latin1.GetString(Mutation.Bytes(table, random)), text => Assert.NotEmpty(LabelFile.Parse(new StringReader(text), "fuzz").Rows), mostBytes: 1 << 20));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Damaged_NumPy_files(bool zipped)
    {
        var array = NpyBytes.Floats("(3, 2, 2)", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
        var file = zipped ? NpyBytes.Zip(("labels.npy", NpyBytes.File("<i2", "(3,)", new byte[6])), ("x.npy", array)) : array;
        using var folder = new TemporaryFolder();
        TakesSome(Fuzzing.Run(1_000, 7, random => Mutation.Bytes(file, random), bytes => Assert.Equal(64, Load(bytes).Sha256.Length), mostBytes: 16 << 20));

        ImageSet Load(byte[] bytes) => zipped
            ? new ImageSet("fuzz", "fuzz", NpzSource.Read(new MemoryStream(bytes), "fuzz"))
            : ImageSet.Load(folder.Write("x.npy", bytes));
    }

    [Fact]
    public void Damaged_sidecars()
    {
        const string json = """
            {"input":{"name":"x","layout":"NCHW","channels":"gray","size":[32,32],"resize":"none","crop":"none","pad":[2,2,2,2],
            "padValue":0,"scale":0.00392156862745098,"mean":[0.286],"std":[0.353]},
            "task":{"kind":"classification","labels":["T-shirt \u00e9 \ud83d\ude00","Bag"]}}
            """;
        TakesSome(Fuzzing.Run(2_000, 4, random => Mutation.Json(json, random), text =>
        {
            var description = TaskDescription.Parse(text, "fuzz");
            Assert.Equal(description, TaskDescription.Parse(description.ToJson(), "again"));
        }, mostBytes: 1 << 20));
    }

    /// <summary>Damage that is always noticed, or never, tries the reader's first lines only.</summary>
    private static void TakesSome(FuzzingResult result) => Assert.True(result is { Accepted: > 0, Refused: > 0 }, $"{result}");
}
