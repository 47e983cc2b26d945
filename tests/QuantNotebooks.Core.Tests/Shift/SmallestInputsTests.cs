using QuantNotebooks.Core.Tests.Images;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sensitivity;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Core.Tests.Shift;

/// <summary>One image, one pixel, no position at all: every figure has a defined answer.</summary>
public sealed class SmallestInputsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void One_image_of_one_pixel_has_a_shift_and_no_standard_error()
    {
        // y = 0.5 x + 0.25 with x = 1: weight 0.5 and input 1 lie on their grids, the bias on the input's times the weight's.
        var network = new GraphBuilder().Input("input", 0, 1, 1, 1).Output("y").Constant("w", [1, 1, 1, 1], 0.5f).Constant("b", [1], 0.25f)
            .Node("Conv", ["input", "w", "b"], "y").Load();
        var report = network.MeasureMeanShift(Set("(1, 1, 1, 1)", 1f), QuantizationScheme.Int8PerTensor, new() { Split = true });
        var channel = Assert.Single(Assert.Single(report.Layers).Before.Channels);
        Assert.Equal((1, 0.75, 1), (channel.Float.Count, channel.Float.Mean, channel.ImageError.Count));
        // Half a step of the bias at most: 1 / 255 * 0.5 / 127.
        Assert.InRange(Math.Abs(channel.MeanShift), 0, 0.5 / 255 * 0.5 / 127 + 1e-7);
        Assert.Equal(0, channel.Float.Variance);
        Assert.True(channel.IsConstant);
        Assert.True(double.IsNaN(channel.StandardError) && double.IsNaN(channel.ShiftInSigmas) && double.IsNaN(channel.PValue()));
        Assert.Equal(channel.MeanShift, report.Layers[0].Split!.Channels[0].Sum, 1e-7);
        var significance = ShiftSignificance.Of(report);
        Assert.Equal((0, 0), (significance.Tested, significance.Significant));
        Assert.Null(significance.Layers[0].ImagesToPin());

        var sensitivity = network.MeasureSensitivity(report.Images, QuantizationScheme.Int8PerTensor);
        Assert.Equal(1, sensitivity.Sample.Count);
        Assert.True(double.IsNaN(sensitivity.Together.RatioStandardError));
    }

    [Fact]
    public void A_layer_without_positions_has_no_figures_and_stops_nothing()
    {
        // Rows 1 to 1 of two are none: the first product is over [N, 0, 3]; the second over both rows.
        var network = new GraphBuilder().Input("input", 0, 2, 3).Output("full").Output("none")
            .Integers("one", 1).Integers("axis", 1).RandomConstant("w1", 3, 4).RandomConstant("w2", 3, 2)
            .Node("Slice", ["input", "one", "one", "axis"], "nothing").Node("MatMul", ["nothing", "w1"], "none").Node("MatMul", ["input", "w2"], "full").Load();
        var images = Set("(3, 2, 3)", [.. Enumerable.Range(0, 18).Select(index => index * 0.1f - 1)]);
        var report = network.MeasureMeanShift(images, QuantizationScheme.Int8PerTensor, new() { Split = true });
        var (none, full) = (report.Layer("MatMul/none"), report.Layer("MatMul/full"));
        Assert.All(none.Before.Channels, channel => Assert.Equal(0, channel.Float.Count));
        Assert.True(double.IsNaN(none.Before.RootQnsr) && double.IsNaN(none.Before.MeanShiftShare) && double.IsNaN(none.SignificantShare()));
        Assert.All(full.Before.Channels, channel => Assert.Equal(6, channel.Float.Count));
        Assert.True(full.Before.RootQnsr > 0);
        var alone = network.MeasureSensitivity(images, QuantizationScheme.Int8PerTensor, new() { Sample = 3 });
        Assert.Equal(0, alone.Layer("MatMul/none").Output.Ratio);
        Assert.True(alone.Layer("MatMul/full").Output.Ratio > 0);
    }

    private ImageSet Set(string shape, params float[] values) =>
        ImageSet.Load(_folder.Write("tensors.npy", NpyBytes.Floats(shape, values)));
}
