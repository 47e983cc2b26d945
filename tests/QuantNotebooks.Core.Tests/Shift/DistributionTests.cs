using QuantNotebooks.Core.Tests.Images;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Core.Tests.Shift;

public sealed class DistributionTests
{
    [Fact]
    public void Values_are_counted_in_their_bins()
    {
        using var folder = new TemporaryFolder();
        // Channel 1 is twice the input; the last value stands on the last edge and belongs to the last bin.
        var images = ImageSet.Load(folder.Write("x.npy", NpyBytes.Floats("(6, 1)", 0, 0.5f, 1, 1.25f, 3, 4)));
        var network = new GraphBuilder().Input("x", 0, 1).Constant("w", [1, 2], 1, 2).Node("MatMul", ["x", "w"], "y").Output("y").Load();
        var distribution = network.MeasureDistribution(images, QuantizationScheme.Int8PerTensor with { WeightBits = null, ActivationBits = null }, network.Layers[0].Name, 1, bins: 4);
        Assert.Equal([0, 2, 4, 6, 8], distribution.Edges);
        Assert.Equal([2, 2, 0, 2], distribution.Float);
        Assert.Equal(distribution.Float, distribution.Quantized);
        Assert.Equal((6, 9.75 * 2 / 6), (distribution.Count, distribution.FloatMean));
        Assert.Null(distribution.Grid);
        Assert.Contains("has no channel 2", Assert.Throws<QuantNotebooksException>(
            () => network.MeasureDistribution(images, QuantizationScheme.Int8PerTensor, network.Layers[0].Name, 2)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(LayerPoint.BeforeActivation)]
    [InlineData(LayerPoint.AfterActivation)]
    public void Its_means_are_those_of_the_measurement_and_its_values_lie_on_the_grid(LayerPoint point)
    {
        var (network, images, scheme) = (TestData.Load(TestData.ResNet14), TestData.Calibration.Take(20), QuantizationScheme.Int8PerTensor.WithBits(4));
        var layer = network.MeasureMeanShift(images, scheme).Layers[3];
        var measured = (point == LayerPoint.AfterActivation ? layer.After : layer.Before).Channels[5];
        var distribution = network.MeasureDistribution(images, scheme, layer.Name, 5, point, bins: 1000);
        Assert.Equal(measured.Float.Count, distribution.Count);
        Assert.Equal(measured.Float.Mean, distribution.FloatMean, 1e-6);
        Assert.Equal(measured.MeanShift, distribution.QuantizedMean - distribution.FloatMean, 1e-6);
        Assert.Equal(distribution.Count, distribution.Float.Sum());
        Assert.Equal(distribution.Count, distribution.Quantized.Sum());
        // 4 bits have 16 values; many more bins hold full-precision ones.
        if (point == LayerPoint.AfterActivation) Assert.InRange(distribution.Quantized.Count(count => count > 0), 1, 16);
        Assert.True(distribution.Float.Count(count => count > 0) > 100);
    }
}
