using QuantNotebooks.Core.Tests.Images;
using QuantNotebooks.Images;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Sweep;

/// <summary>Reading ahead gives what reading one by one gives, in order, a bounded number of batches ahead.</summary>
public sealed class BatchReaderTests
{
    private const int Values = 32 * 32;

    [Fact]
    public void Batches_are_those_that_are_filled_one_by_one_bit_for_bit()
    {
        var network = TestData.Load(TestData.ResNet14);
        var images = TestData.Test.Skip(5).Take(150);
        var expected = new float[150 * Values];
        network.Task!.Input.Preprocessing.Fill(images, 0, 150, expected);
        var batches = new ImageBatches(network, images);
        using var pool = new TensorPool();
        using var reader = batches.Open(pool, CancellationToken.None);
        for (var batch = 0; batch < batches.Count; batch++)
        {
            using var tensor = reader.Next();
            Assert.Equal([batches.ImagesIn(batch), 1, 32, 32], tensor.Shape);
            Assert.Equal(expected.AsSpan(batch * 32 * Values, batches.ImagesIn(batch) * Values), tensor.Floats);
        }
    }

    [Fact]
    public void No_more_than_three_batches_are_decoded_before_the_first_is_used()
    {
        var source = new CountingSource(1000);
        var batches = new ImageBatches(TestData.Load(TestData.ResNet14), new ImageSet("counted", "counted", source));
        using var pool = new TensorPool();
        using (var reader = batches.Open(pool, CancellationToken.None))
        {
            using var first = reader.Next();
            SpinWait.SpinUntil(() => source.Decoded >= 96, TimeSpan.FromSeconds(20));
            Thread.Sleep(50);
            Assert.Equal(96, source.Decoded);
            using var second = reader.Next();
            SpinWait.SpinUntil(() => source.Decoded >= 128, TimeSpan.FromSeconds(20));
        }
        Assert.Equal(128, source.Decoded);
    }

    [Fact]
    public void A_broken_image_is_reported_with_its_own_batch_and_not_before()
    {
        var source = new CountingSource(100) { Broken = 40 };
        var batches = new ImageBatches(TestData.Load(TestData.ResNet14), new ImageSet("counted", "counted", source));
        using var pool = new TensorPool();
        using var reader = batches.Open(pool, CancellationToken.None);
        using (reader.Next()) { }
        Assert.Equal("40 is broken", Assert.Throws<QuantNotebooksException>(() => reader.Next()).Message);
    }

    [Fact]
    public void Stopping_stops_between_two_images()
    {
        using var stop = new CancellationTokenSource();
        var source = new CountingSource(100) { WhenDecoded = index => { if (index == 3) stop.Cancel(); } };
        var batches = new ImageBatches(TestData.Load(TestData.ResNet14), new ImageSet("counted", "counted", source));
        using var pool = new TensorPool();
        using var reader = batches.Open(pool, stop.Token);
        Assert.ThrowsAny<OperationCanceledException>(() => reader.Next());
    }
}
