using System.Text;
using QuantNotebooks.Images;

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
