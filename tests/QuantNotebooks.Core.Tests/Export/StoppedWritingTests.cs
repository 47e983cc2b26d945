using CsCheck;
using QuantNotebooks.Export;

namespace QuantNotebooks.Core.Tests.Export;

/// <summary>A file whose writing is stopped stays what it was, and nothing is left beside it.</summary>
public sealed class StoppedWritingTests
{
    [Fact]
    public void A_network_that_is_not_written_to_its_end_leaves_the_file_before()
    {
        using var folder = new TemporaryFolder();
        var (network, file) = (TestData.Load(TestData.TextRecognition), Path.Combine(folder.Path, "network.onnx"));
        File.WriteAllText(file, "before");
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => network.Save(file, source.Token));
        Assert.Equal("before", File.ReadAllText(file));
        var written = 0;
        using var within = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => ReportFile.Write(file, stream =>
        {
            for (; written < 1000; written++)
            {
                if (written == 500) within.Cancel();
                stream.Write(new byte[1000]);
            }
        }, within.Token));
        // It is seen when the next piece goes to the file, 64 KiB later at most.
        Assert.InRange(written, 500, 566);
        Assert.Equal("before", File.ReadAllText(file));
        Assert.Equal([file], Directory.GetFiles(folder.Path));
        network.Save(file);
        Assert.Equal(network.Sha256, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file))));
    }

    [Fact]
    public void Pieces_make_the_whole_however_it_is_handed_over() =>
        Gen.Int[0, 150_000].Array[1, 6].Sample(lengths =>
        {
            using var folder = new TemporaryFolder();
            var file = Path.Combine(folder.Path, "file");
            byte[][] parts = [.. lengths.Select((length, seed) => { var part = new byte[length]; new Random(seed).NextBytes(part); return part; })];
            ReportFile.Write(file, stream =>
            {
                foreach (var part in parts) stream.Write(part);
            });
            Assert.Equal(parts.SelectMany(part => part), File.ReadAllBytes(file));
        }, iter: 30);

    /// <summary>More than goes without a wait for the disk.</summary>
    [Fact]
    public void Large_files_are_whole()
    {
        using var folder = new TemporaryFolder();
        var (file, content) = (Path.Combine(folder.Path, "file"), new byte[70_000_001]);
        new Random(1).NextBytes(content);
        ReportFile.Write(file, content);
        Assert.True(content.AsSpan().SequenceEqual(File.ReadAllBytes(file)));
    }
}
