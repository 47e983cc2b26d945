using QuantNotebooks.Core.Tests.Images;
using QuantNotebooks.Correction;
using QuantNotebooks.Equalization;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Pruning;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sensitivity;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Core.Tests.Shift;

/// <summary>Numbers at the ends of float32, a million channels, one weight, equal weights: every figure is defined, or the place is named where it is not.</summary>
public sealed class StressTests : IDisposable
{
    private static readonly QuantizationScheme Coarse = QuantizationScheme.Int8PerTensor.WithBits(4) with { Bias = BiasPrecision.Float };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Powers of two scale float32 exactly, so all that is measured must scale with them: 2^-100 is 8e-31, 2^100 is 1e30.</summary>
    [Theory]
    [InlineData(-100, 0)]
    [InlineData(100, 0)]
    [InlineData(0, -100)]
    [InlineData(0, 100)]
    [InlineData(60, -100)]
    public void A_power_of_two_scales_what_is_measured_and_changes_nothing_else(int ofWeights, int ofInputs)
    {
        var (usual, scaled) = (Measure(0, 0), Measure(ofWeights, ofInputs));
        var unit = Math.ScaleB(1, ofWeights + ofInputs);
        Assert.Equal(usual.Before.RootQnsr, scaled.Before.RootQnsr, 1e-9);
        Assert.Equal(usual.Before.MeanShiftShare, scaled.Before.MeanShiftShare, 1e-9);
        Assert.All(usual.Before.Channels.Zip(scaled.Before.Channels), pair =>
        {
            Assert.Equal(pair.First.MeanShift, pair.Second.MeanShift / unit, 1e-9);
            Assert.Equal(pair.First.Float.Variance, pair.Second.Float.Variance / unit / unit, 1e-9);
        });
        Assert.True(usual.Before.RootQnsr > 0.01, "there is something to measure");

        LayerShift Measure(int weights, int inputs)
        {
            var values = Enumerable.Range(0, 24).Select(index => MathF.ScaleB(MathF.Sin(index), inputs)).ToArray();
            var kernels = Enumerable.Range(0, 12).Select(index => MathF.ScaleB(MathF.Cos(index), weights)).ToArray();
            var network = new GraphBuilder().Input("x", 0, 4).Constant("w", [4, 3], kernels).Node("MatMul", ["x", "w"], "y").Output("y").Load();
            return Assert.Single(network.MeasureMeanShift(Set("(6, 4)", values), Coarse).Layers);
        }
    }

    [Fact]
    public void A_product_beyond_float32_is_named_by_layer_and_image()
    {
        var network = new GraphBuilder().Input("x", 0, 1).Constant("w", [1, 1], 1e30f).Node("MatMul", ["x", "w"], "y").Output("y").Load();
        var error = Assert.Throws<QuantNotebooksException>(() => network.MeasureMeanShift(Set("(2, 1)", 1f, 1e30f), Coarse));
        Assert.Contains("'y' of 'test'", error.Message, StringComparison.Ordinal);
        Assert.Contains("not finite", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Denormal_weights_are_zero_on_every_grid_and_all_is_noise()
    {
        // The step would be below the smallest normal number, by which nothing can be divided, so the grid has step 1.
        var network = new GraphBuilder().Input("x", 0, 2).Constant("w", [2, 1], 1e-40f, -2e-40f).Node("MatMul", ["x", "w"], "y").Output("y").Load();
        Assert.Equal([0f, 0f], LayerQuantizer.Weights(network.Layers[0], QuantizationScheme.Int8PerTensor).Weights);
        var layer = Assert.Single(network.MeasureMeanShift(Set("(3, 2)", 1, 2, 3, 4, 5, 6), QuantizationScheme.Int8PerTensor).Layers);
        Assert.Equal(0, layer.Before.Channels[0].Quantized.Power);
        Assert.True(double.IsNaN(layer.Before.RootQnsr) || Math.Abs(layer.Before.RootQnsr - 1) < 1e-6, "lost, or flushed to zero by the processor");
    }

    [Fact]
    public void A_million_channels_are_measured()
    {
        const int channels = 1_000_000;
        var weights = new float[channels];
        for (var channel = 0; channel < channels; channel++) weights[channel] = (channel % 255 - 127) / 127f;
        var network = new GraphBuilder().Input("x", 0, 1).Constant("w", [1, channels], weights).Node("MatMul", ["x", "w"], "y").Output("y").Load();
        var layer = Assert.Single(network.MeasureMeanShift(Set("(2, 1)", 1f, 0.5f), QuantizationScheme.Int8PerTensor with { ActivationBits = null }).Layers);
        Assert.Equal(channels, layer.Before.Channels.Length);
        // These weights stand on the grid of 8 bits.
        Assert.All([0, 1, channels / 2, channels - 1], channel => Assert.Equal(0.75 * weights[channel], layer.Before.Channels[channel].Quantized.Mean, 1e-6));
        Assert.InRange(layer.Before.RootQnsr, 0, 1e-6);
    }

    public static TheoryData<float, string> EqualWeights => new(
        from weight in new[] { 0.3f, -7f, 1e-30f, 1e30f, 0f } from range in new[] { "min-max", "mse", "entropy", "percentile:99" } select (weight, range));

    [Theory]
    [MemberData(nameof(EqualWeights))]
    public void Equal_weights_stand_on_their_grid(float weight, string range)
    {
        var weights = Enumerable.Repeat(weight, 6).ToArray();
        var network = new GraphBuilder().Input("x", 0, 2).Constant("w", [2, 3], weights).Node("MatMul", ["x", "w"], "y").Output("y").Load();
        foreach (var scheme in new[] { Coarse, Coarse with { SymmetricWeights = false }, Coarse with { WeightGranularity = WeightGranularity.PerChannel } })
            Assert.All(
                LayerQuantizer.Weights(network.Layers[0], scheme with { WeightRange = RangeEstimator.Parse(range) }).Weights,
                value => Assert.InRange(Math.Abs(value - weight), 0, 2e-7 * Math.Abs(weight)));
    }

    [Fact]
    public void Of_equal_weights_exactly_the_share_is_pruned()
    {
        var network = new GraphBuilder().Input("x", 0, 10).Constant("w", [10, 10], [.. Enumerable.Repeat(0.25f, 100)]).Node("MatMul", ["x", "w"], "y").Output("y").Load();
        Assert.Equal(29, network.Prune(0.29).Network.Layers[0].Weights.ToArray().Count(weight => weight == 0));
    }

    [Fact]
    public void A_single_weight_is_measured_equalized_and_pruned()
    {
        var network = new GraphBuilder().Input("x", 0, 1).Constant("w", [1, 1], 0.5f).Node("MatMul", ["x", "w"], "y").Output("y").Load();
        var images = Set("(2, 1)", 1f, -1f);
        Assert.Equal([0.5f], network.Prune(0.99).Network.Layers[0].Weights.ToArray());
        Assert.True(network.Equalize(EqualizationMethod.CrossLayer).IsUnchanged);
        var layer = Assert.Single(network.MeasureMeanShift(images, Coarse with { ActivationBits = null }).Layers);
        Assert.Equal((0.0, 0.0), (layer.Before.RootQnsr, layer.Before.Channels[0].MeanShift));
    }

    [Fact]
    public void Without_noise_decibels_are_infinite_and_without_signal_nothing_is_relative()
    {
        var network = new GraphBuilder().Input("x", 0, 2).Constant("w", [2, 1], 0f, 0f).Constant("v", [1, 1], 0.5f)
            .Node("MatMul", ["x", "w"], "zero").Node("MatMul", ["zero", "v"], "y").Output("y").Load();
        var layers = network.MeasureMeanShift(Set("(2, 2)", 1f, -1f, 0.5f, 2f), QuantizationScheme.Int8PerTensor).Layers;
        Assert.All(layers, layer =>
        {
            Assert.True(double.IsNaN(layer.Before.RootQnsr) && double.IsNaN(layer.Before.Mssr) && double.IsNaN(layer.Before.SqnrDecibels), layer.Name);
            Assert.Equal((0, 0), (layer.Before.Channels[0].MeanShift, layer.Before.Channels[0].NoisePower));
        });

        var exact = new GraphBuilder().Input("x", 0, 1).Constant("w", [1, 1], 0.5f).Node("MatMul", ["x", "w"], "y").Output("y").Load();
        var noiseless = Assert.Single(exact.MeasureMeanShift(Set("(2, 1)", 1f, -1f), Coarse with { ActivationBits = null }).Layers).Before;
        Assert.Equal((0, double.PositiveInfinity), (noiseless.RootQnsr, noiseless.SqnrDecibels));
        Assert.True(double.IsNaN(noiseless.MeanShiftShare));
    }

    [Fact]
    public void A_bias_beyond_the_steps_of_an_int32_is_held_at_its_ends()
    {
        var scheme = QuantizationScheme.Int8PerTensor;
        var network = new GraphBuilder().Input("x", 0, 1).Constant("w", [1, 3], 1e-20f, -1e-20f, 1e-20f).Node("MatMul", ["x", "w"], "y").Output("y").Load();
        var weights = LayerQuantizer.Weights(network.Layers[0], scheme);
        var input = Quantizer.Asymmetric(new ActivationRange(-1, 1), 8);
        var step = (double)input.Scale * weights.ScaleOf(0);
        Assert.Equal([int.MaxValue, int.MinValue, 2], LayerQuantizer.Integers([1f, -1f, (float)(2 * step)], weights, input, scheme)!.Integers);
    }

    [Fact]
    public void Biases_count_in_the_steps_of_their_own_channel_and_fit_16_bits()
    {
        var scheme = QuantizationScheme.Int8PerTensor with { WeightGranularity = WeightGranularity.PerChannel };
        var network = new GraphBuilder().Input("x", 0, 1).Constant("w", [1, 2], 127f, 254f).Node("MatMul", ["x", "w"], "y").Output("y").Load();
        var weights = LayerQuantizer.Weights(network.Layers[0], scheme);
        // Steps of weights 1 and 2, of the input 0.5: those of the biases are 0.5 and 1.
        var input = new Quantizer(0.5f, 0, 0, 255);
        Assert.Equal([6, 3], LayerQuantizer.Integers([3f, 3f], weights, input, scheme)!.Integers);
        // 32767 is the last that fits without a shift.
        var short16 = scheme with { Bias = BiasPrecision.Int16 };
        Assert.Equal(0, LayerQuantizer.Integers([0f, 32767f], weights, input, short16)!.Shift);
        Assert.Equal(1, LayerQuantizer.Integers([0f, 32768f], weights, input, short16)!.Shift);
    }

    [Theory]
    [InlineData(0.75f, true)]
    [InlineData(0.45f, false)]
    public void The_gate_counts_what_a_correction_adds_and_what_it_takes(float aside, bool corrects)
    {
        // Weights (1, 0.3) on the grid -1, 0, 1 lose 0.3 of the second input: 0.3 on the first image, which corrects, 0.3 x aside on the other.
        // The error's square becomes (0.3 - 0.3 aside)^2, which is less than (0.3 aside)^2 where aside is above a half.
        var network = new GraphBuilder().Input("x", 0, 2).Constant("w", [2, 1], 1f, 0.3f).Node("MatMul", ["x", "w"], "y").Output("y").Load();
        var scheme = QuantizationScheme.Int8PerTensor with { WeightBits = 2, ActivationBits = null, Bias = BiasPrecision.Float };
        var layer = Assert.Single(network.CorrectBias(Set("(2, 2)", 1f, 1f, 1f, aside), scheme, new IterativeOptions { SetAside = 1 }).Corrections);
        Assert.Equal(corrects, layer.Skipped is null);
    }

    /// <summary>Two images of signal 1 and 9. Noise of 1 and 1 is 0.8 above and below a fifth of the signal: sqrt((0.64 + 0.64) / 1 / 2) / 5; of 0.25 and 2.25 it is a fourth everywhere.</summary>
    [Theory]
    [InlineData(2f, 4f, 0.2, 0.16)]
    [InlineData(1.5f, 4.5f, 0.25, 0)]
    public void The_standard_error_of_a_ratio_knows_that_noise_grows_with_the_signal(float first, float second, double ratio, double error)
    {
        var network = new GraphBuilder().Input("x", 0, 1).Constant("w", [1, 1], 1f).Node("MatMul", ["x", "w"], "y").Output("y").Load();
        var tally = new NoiseTally(network, QuantizationScheme.Int8PerTensor, Set("(2, 1)", 1f, 3f));
        tally.Add(2, [1f, 3f], [first, second]);
        var noise = tally.Result();
        Assert.Equal(ratio, noise.Ratio, 1e-9);
        Assert.Equal(error, noise.RatioStandardError, 1e-9);
        var decibelsForAUnit = (10 * Math.Log10(ratio + 1e-6) - 10 * Math.Log10(ratio - 1e-6)) / 2e-6;
        Assert.Equal(decibelsForAUnit * error, noise.SqnrStandardErrorDecibels, 1e-6);
    }

    [Fact]
    public void The_standard_error_of_a_ratio_is_that_of_its_deviations()
    {
        var network = new GraphBuilder().Input("x", 0, 1).Constant("w", [1, 1], 1f).Node("MatMul", ["x", "w"], "y").Output("y").Load();
        var tally = new NoiseTally(network, QuantizationScheme.Int8PerTensor, Set("(2, 1)", 2f, 2f));
        // Noise 1 and 3, signal 4 and 4: the ratio is 0.5, deviations are -1 and 1, and the error is sqrt(2 / (2 - 1) / 2) / 4.
        tally.Add(2, [2f, 2f], [3f, 2 + MathF.Sqrt(3)]);
        Assert.Equal((0.5, 0.25), (Math.Round(tally.Result().Ratio, 6), Math.Round(tally.Result().RatioStandardError, 6)));
    }

    private ImageSet Set(string shape, params float[] values) => ImageSet.Load(_folder.Write("tensors.npy", NpyBytes.Floats(shape, values)));
}
