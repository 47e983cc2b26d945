using QuantNotebooks.Equalization;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using static QuantNotebooks.Core.Tests.GraphBuilder;

namespace QuantNotebooks.Core.Tests.Equalization;

/// <summary>High-bias absorption, elimination of dead channels, and statistics in the original's units.</summary>
public sealed class BiasAndDeadChannelTests
{
    private static readonly float[] Input = [.. Enumerable.Range(0, 2 * 2 * 6 * 6).Select(index => MathF.Sin(index * 1.3f))];

    private static double Difference(Network before, Network after) => ModelRun.RelativeDifference(
        ModelRun.Tensors(before.ToModel(), Input, RandomGraph.InputShape, optimize: false)["y"].Values,
        ModelRun.Tensors(after.ToModel(), Input, RandomGraph.InputShape, optimize: false)["y"].Values);

    /// <summary>Conv, batch normalization with means (10, 1, 10) and sigmas (1, 1, 4), ReLU, then a convolution of that kernel.</summary>
    private static Network HighBias(int kernel, int pad, string activation = "Relu") => new GraphBuilder().Input("x", 0, 2, 6, 6)
        .Constant("a", [3, 2, 1, 1], 0.5f, 0.5f, 0.5f, -0.5f, 0.3f, 0.2f).Constant("gamma", [3], 1, 1, -4).Constant("beta", [3], 10, 1, 10)
        .Constant("mean", [3], 0, 0, 0).Constant("variance", [3], 1, 1, 1).RandomConstant("b", 2, 3, kernel, kernel)
        .Node("Conv", ["x", "a"], "t").Node("BatchNormalization", ["t", "gamma", "beta", "mean", "variance"], "n").Node(activation, ["n"], "u")
        .Node("Conv", ["u", "b"], "y", Ints("pads", pad, pad, pad, pad)).Output("y").Load();

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 0)]
    public void A_high_bias_moves_into_the_layer_that_reads_it(int kernel, int pad)
    {
        var network = HighBias(kernel, pad);
        var result = network.AbsorbHighBias();
        var layer = Assert.Single(result.Layers);
        // max(0, mean - 3 sigma), with |gamma| for sigma.
        Assert.Equal([7f, 0f, 0f], layer.Absorbed);
        Assert.Equal(network.Layers[0].Bias[0] - 7, result.Network.Layers[0].Bias[0], 1e-5f);
        Assert.Equal([3f, 1f, 10f], result.Network.Layers[0].BatchNormalization!.Mean);
        Assert.InRange(Difference(network, result.Network), 0, 1e-6);
        Assert.Same(network, result.Network.Parent);
    }

    [Fact]
    public void Zero_padding_and_other_activations_are_left_alone_with_the_reason()
    {
        var padded = HighBias(3, 1).AbsorbHighBias();
        Assert.Contains("pads with zeros", Assert.Single(padded.Layers).Skipped, StringComparison.Ordinal);
        Assert.True(padded.Certificate.BitExact);
        Assert.Contains("not ReLU", Assert.Single(HighBias(1, 0, "Sigmoid").AbsorbHighBias().Layers).Skipped, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, -2, true)]
    [InlineData(0, 2, true)]
    [InlineData(1, -2, true)]
    [InlineData(1, 2, false)]
    public void A_dead_channel_is_folded_into_its_readers_where_their_border_allows(int pad, float constant, bool folds)
    {
        var network = new GraphBuilder().Input("x", 0, 2, 6, 6).Constant("a", [2, 2, 1, 1], 0, 0, 1, -1).Constant("bias", [2], constant, 0.5f).RandomConstant("b", 2, 2, 3, 3)
            .Node("Conv", ["x", "a", "bias"], "t").Node("Relu", ["t"], "u").Node("Conv", ["u", "b"], "y", Ints("pads", pad, pad, pad, pad)).Output("y")
            .Load(new LoadOptions { KeepDeadChannels = true });
        var result = network.EliminateDeadChannels();
        var channel = Assert.Single(result.Channels);
        Assert.Equal(folds, channel.Kept is null);
        Assert.Equal(folds, result.Network.Layers[1].Weights[..9].IndexOfAnyExcept(0f) < 0);
        Assert.InRange(Difference(network, result.Network), 0, 1e-6);
    }

    [Fact]
    public void MobileNets_dead_channel_is_eliminated_without_a_change_of_the_function()
    {
        var network = TestData.Load(TestData.MobileNetV1, keepDeadChannels: true);
        var result = network.EliminateDeadChannels(TestData.Calibration.Take(8));
        Assert.Null(Assert.Single(result.Channels).Kept);
        Assert.InRange(result.Certificate.MaxRelativeDifference!.Value, 0, 1e-5);
        var layer = network.Layers.Single(layer => !layer.DeadChannels.IsEmpty);
        Assert.True(result.Network.Layers[layer.Index].WeightRangeRatio() < layer.WeightRangeRatio() / 20);
    }

    [Fact]
    public void Statistics_of_an_equalized_network_compare_in_the_originals_units()
    {
        // Powers of two change no rounding of weights in one channel, so with weights left in floating point both measure the same signal.
        var images = TestData.Calibration.Take(8);
        var scheme = QuantizationScheme.Int8PerTensor with { WeightBits = null, ActivationBits = null };
        var network = TestData.Load(TestData.ResNet14);
        var equalized = network.Equalize(EqualizationMethod.CrossLayer, options: new EqualizationOptions { PowerOfTwo = true }).Network;
        var (before, after) = (network.MeasureMeanShift(images, scheme), equalized.MeasureMeanShift(images, scheme));
        var compared = 0;
        foreach (var layer in network.Layers)
        {
            var factors = equalized.ChannelFactors(equalized.Layers[layer.Index]);
            var (expected, scaled) = (before.Layers[layer.Index].Before, after.Layers[layer.Index].Before);
            if (!factors.IsEmpty) Assert.NotEqual(expected.SignalPower, scaled.SignalPower, 1e-3 * expected.SignalPower);
            compared += factors.Length;
            var unscaled = scaled.UnscaledBy(factors);
            for (var channel = 0; channel < layer.Channels; channel++)
            {
                Assert.Equal(expected.Channels[channel].Float.Mean, unscaled.Channels[channel].Float.Mean, 1e-4 * expected.Channels[channel].Sigma + 1e-9);
                Assert.Equal(expected.Channels[channel].Sigma, unscaled.Channels[channel].Sigma, 1e-4 * expected.Channels[channel].Sigma);
            }
        }
        Assert.True(compared > 100);
    }
}
