using QuantNotebooks.Export;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Shift;

/// <summary>Statistics that go through files and are merged, against one run over all images.</summary>
public sealed class SavedShiftTests : IDisposable
{
    private static readonly QuantizationScheme Scheme = QuantizationScheme.Int8PerTensor.WithBits(6);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string File(string name) => Path.Combine(_folder.Path, name);

    [Theory]
    [MemberData(nameof(TestData.Networks), MemberType = typeof(TestData))]
    public void Shards_through_files_in_any_grouping_are_one_run(string name)
    {
        var network = TestData.Load(name);
        var whole = TestData.Calibration.Take(150);
        var options = new MeanShiftOptions { Split = true, Ranges = network.Calibrate(TestData.Calibration.Skip(200).Take(64), Scheme) };
        var expected = network.MeasureMeanShift(whole, Scheme, options);
        var parts = Enumerable.Range(1, 4).Select(number =>
        {
            var (first, count) = new Shard(number, 4).Of(network, whole);
            SavedShift.Of(network.MeasureMeanShift(whole.Skip(first).Take(count), Scheme, options), whole, first).Save(File($"s{number}.qns"));
            return StatisticsFile.Load(File($"s{number}.qns"));
        }).ToArray();
        AssertSame(expected, parts[0].Merge(parts[1]).Merge(parts[2]).Merge(parts[3]).ToReport(network, whole));
        AssertSame(expected, parts[3].Merge(parts[1].Merge(parts[2])).Merge(parts[0]).ToReport(network, whole));
    }

    [Fact]
    public void What_does_not_belong_together_is_refused_with_the_reason()
    {
        var network = TestData.Load(TestData.ResNet14);
        var whole = TestData.Calibration.Take(64);
        var ranges = network.Calibrate(whole, Scheme);
        SavedShift Part(int first, int count, QuantizationScheme? scheme = null, bool split = false) => SavedShift.Of(
            network.MeasureMeanShift(whole.Skip(first).Take(count), scheme ?? Scheme, new() { Ranges = ranges, Split = split }), whole, first);
        var one = Part(0, 8);
        string Refusal(Action action) => Assert.Throws<QuantNotebooksException>(action).Message;
        Assert.Contains("images 4 to 11 are in both", Refusal(() => one.Merge(Part(4, 8))), StringComparison.Ordinal);
        Assert.Contains("different schemes (W6A6 per tensor and W4A4 per tensor)", Refusal(() => one.Merge(Part(8, 8, Scheme.WithBits(4)))), StringComparison.Ordinal);
        Assert.Contains("was split", Refusal(() => one.Merge(Part(8, 8, split: true))), StringComparison.Ordinal);
        Assert.Contains("different activation ranges", Refusal(() => one.Merge(Part(8, 8) with { Ranges = network.Calibrate(whole.Take(3), Scheme) })), StringComparison.Ordinal);
        Assert.Contains("images 8 to 63 of 64 are missing", Refusal(() => one.ToReport(network, whole)), StringComparison.Ordinal);
        Assert.Contains("not the network", Refusal(() => one.ToReport(TestData.Load(TestData.MobileNetV1), whole)), StringComparison.Ordinal);
        var complete = Part(0, 64);
        Assert.True(complete.IsComplete);
        Assert.Contains("images 0 to 63 are others", Refusal(() => complete.ToReport(network, TestData.Test.Take(64))), StringComparison.Ordinal);
        Assert.Contains("3 shards are too many", Refusal(() => new Shard(1, 3).Of(network, whole)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_or_foreign_file_is_refused_by_its_name()
    {
        var network = TestData.Load(TestData.ResNet14);
        var whole = TestData.Calibration.Take(4);
        var file = File("s.qns");
        SavedShift.Of(network.MeasureMeanShift(whole, Scheme), whole).Save(file);
        var bytes = System.IO.File.ReadAllBytes(file);
        for (var position = 0; position < bytes.Length; position += 997)
        {
            var damaged = bytes.ToArray();
            damaged[position] ^= 1;
            System.IO.File.WriteAllBytes(file, damaged);
            Assert.Contains(file, Assert.Throws<QuantNotebooksException>(() => StatisticsFile.Load(file)).Message, StringComparison.Ordinal);
        }
        System.IO.File.WriteAllBytes(file, bytes[..(bytes.Length / 2)]);
        Assert.Contains("damaged", Assert.Throws<QuantNotebooksException>(() => StatisticsFile.Load(file)).Message, StringComparison.Ordinal);
        System.IO.File.WriteAllText(file, "{}");
        Assert.Contains("not a file of statistics", Assert.Throws<QuantNotebooksException>(() => StatisticsFile.Load(file)).Message, StringComparison.Ordinal);
        Assert.Contains("There is no file", Assert.Throws<QuantNotebooksException>(() => StatisticsFile.Load(File("none.qns"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shards_cover_every_image_once() => CsCheck.Check.Sample(CsCheck.Gen.Select(CsCheck.Gen.Int[1, 2048], CsCheck.Gen.Int[1, 9]), (count, shards) =>
    {
        var network = TestData.Load(TestData.ResNet14);
        var images = TestData.Calibration.Take(count);
        if (shards > (count + 31) / 32) return;
        var next = 0;
        for (var number = 1; number <= shards; number++)
        {
            var (first, length) = new Shard(number, shards).Of(network, images);
            Assert.Equal(next, first);
            Assert.True(length > 0);
            next += length;
        }
        Assert.Equal(count, next);
    }, iter: 20);

    private static void AssertSame(MeanShiftReport expected, MeanShiftReport actual)
    {
        Assert.Equal(expected.Images.Sha256, actual.Images.Sha256);
        foreach (var (one, other) in expected.Layers.Zip(actual.Layers))
        {
            Assert.Equal(one.OutputQuantizer, other.OutputQuantizer);
            AssertRelative(one.Before.RootQnsr, other.Before.RootQnsr);
            AssertRelative(one.After.RootQnsr, other.After.RootQnsr);
            AssertRelative(one.Before.Mssr, other.Before.Mssr);
            for (var channel = 0; channel < one.Layer.Channels; channel++)
            {
                var (first, second) = (one.Before.Channels[channel], other.Before.Channels[channel]);
                Assert.Equal(first.Error.Count, second.Error.Count);
                // A mean near zero is a difference of large sums: its own scale is that of the error, not the mean.
                Assert.Equal(first.MeanShift, second.MeanShift, 1e-12 * Math.Sqrt(first.NoisePower));
                AssertRelative(first.StandardError, second.StandardError);
                AssertRelative(first.Sigma, second.Sigma);
                Assert.Equal((first.Float.Minimum, first.Float.Maximum), (second.Float.Minimum, second.Float.Maximum));
                Assert.Equal(one.Split!.Channels[channel].Inherited, other.Split!.Channels[channel].Inherited, 1e-12 * Math.Sqrt(first.Float.Power));
            }
        }
    }

    private static void AssertRelative(double expected, double actual) => Assert.Equal(expected, actual, 1e-12 * Math.Abs(expected));
}
