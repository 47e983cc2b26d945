using QuantNotebooks.Correction;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Sweep;

/// <summary>Sweeps whose tensors don't fit the memory budget.</summary>
public sealed class SpillTests
{
    private static readonly QuantizationScheme Scheme = QuantizationScheme.Int8PerTensor.WithBits(6);

    [Fact]
    public void A_correction_that_spills_gives_the_same_numbers_to_the_last_bit()
    {
        var network = TestData.Load(TestData.MobileNetV2);
        var images = TestData.Calibration.Take(200);
        var roomy = network.CorrectBias(images, Scheme);
        // A sixth of what the largest layer's two sides take: 200 x 48 x 16 x 16 x 4 bytes twice.
        var tight = network.CorrectBias(images, Scheme, new() { Memory = new MemoryBudget(3 << 20) });
        foreach (var (one, other) in roomy.Corrections.Zip(tight.Corrections))
        {
            Assert.Equal(one.Correction.AsEnumerable(), other.Correction);
            Assert.Equal(one.After.Channels.AsEnumerable(), other.After.Channels);
        }
    }

    [Fact]
    public void What_is_beyond_the_budget_is_in_a_file_without_a_name()
    {
        var network = TestData.Load(TestData.ResNet14);
        var images = TestData.Calibration.Take(96);
        SweepOutcome Run(MemoryBudget budget)
        {
            using var sweep = new LayerSweep(network, Scheme, images, new ShiftMeasurement(network, split: false), null, budget);
            var outcome = sweep.Run(new NoFilesLeft(), CancellationToken.None);
            return outcome;
        }
        Assert.Equal(0, Run(new MemoryBudget(1 << 30)).SpilledBytes);
        var outcome = Run(new MemoryBudget(1 << 20));
        Assert.True(outcome.SpilledBytes > 10 << 20);
        Assert.Equal(Run(new MemoryBudget(1 << 30)).Ranges.ByTensor, outcome.Ranges.ByTensor);
    }

    [Fact]
    public void A_measurement_needs_no_file_whatever_the_budget()
    {
        var network = TestData.Load(TestData.ResNet14);
        var images = TestData.Calibration.Take(96);
        var measurement = new ShiftMeasurement(network, split: false);
        using var sweep = new LayerSweep(network, Scheme, images, measurement, network.Calibrate(images, Scheme), new MemoryBudget(64 << 20));
        Assert.Equal(0, sweep.Run(null, CancellationToken.None).SpilledBytes);
    }

    [Theory]
    [InlineData("512MiB", 512L << 20)]
    [InlineData("1.5GiB", 3L << 29)]
    [InlineData("4gib", 4L << 30)]
    [InlineData("1048576", 1L << 20)]
    [InlineData("512", null)]
    [InlineData("4GB", null)]
    [InlineData("-1GiB", null)]
    [InlineData("", null)]
    public void Sizes_are_read_with_their_units(string text, long? bytes)
    {
        Assert.Equal(bytes is not null, MemoryBudget.TryParse(text, out var budget));
        Assert.Equal(bytes, budget?.Bytes);
    }

    private sealed class NoFilesLeft : IProgress<SweepProgress>
    {
        // While the sweep runs: a process killed here leaves nothing behind.
        public void Report(SweepProgress value)
        {
            if (OperatingSystem.IsLinux()) Assert.Empty(Directory.GetFiles(Path.GetTempPath(), "quantnb-*.tmp"));
        }
    }
}
