using QuantNotebooks.Correction;
using QuantNotebooks.Correction.Analytic;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Core.Tests.Correction;

/// <summary>Analytic correction against Monte Carlo, and beside what is measured on images.</summary>
public sealed class AnalyticCorrectionTests
{
    private static readonly QuantizationScheme FourBits = QuantizationScheme.Int8PerTensor with { WeightBits = 4, ActivationBits = null };

    public static TheoryData<string> Activations => ["linear", "relu", "clip", "relu6", "leaky", "prelu", "hardswish", "hardsigmoid"];

    private static (Activation Activation, Func<double, double> Function) Case(string name) => name switch
    {
        "linear" => (Activation.None, x => x),
        "relu" => (new Activation(ActivationKind.Relu), x => Math.Max(0, x)),
        "clip" => (new Activation(ActivationKind.Clip, -0.7, 1.3), x => Math.Clamp(x, -0.7, 1.3)),
        "relu6" => (new Activation(ActivationKind.Clip, 0, 6), x => Math.Clamp(x, 0, 6)),
        "leaky" => (new Activation(ActivationKind.LeakyRelu) { Alpha = 0.2 }, x => x > 0 ? x : 0.2 * x),
        "prelu" => (new Activation(ActivationKind.PRelu) { ChannelSlopes = [-0.5f] }, x => x > 0 ? x : -0.5 * x),
        "hardswish" => (new Activation(ActivationKind.HardSwish), x => x * Math.Clamp(x / 6 + 0.5, 0, 1)),
        _ => (new Activation(ActivationKind.HardSigmoid) { Alpha = 0.2, Beta = 0.5 }, x => Math.Clamp(0.2 * x + 0.5, 0, 1)),
    };

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(1.959963984540054, 0.975)]
    [InlineData(-1, 0.15865525393145707)]
    [InlineData(3.9, 0.9999519036559824)]
    [InlineData(-4.1, 2.0657506912546683e-05)]
    [InlineData(-8, 6.220960574271785e-16)]
    public void Normal_distribution_function(double z, double expected) =>
        Assert.Equal(expected, NormalDistribution.Cumulative(z), 1e-12 * Math.Max(1e-4, expected));

    [Theory]
    [MemberData(nameof(Activations))]
    public void Moments_behind_an_activation_are_those_of_a_million_draws(string name)
    {
        var (activation, function) = Case(name);
        var random = new Random(1);
        foreach (var (mean, deviation) in ((double, double)[])[(0, 1), (1.5, 0.6), (-1.2, 0.9), (3, 4), (7, 1.5)])
        {
            var (sum, squares) = (0.0, 0.0);
            const int draws = 200_000;
            for (var draw = 0; draw < draws; draw++)
            {
                // Both signs of a draw: half the work, and the odd part of the noise is gone.
                var z = deviation * Normal(random);
                var (one, other) = (function(mean + z), function(mean - z));
                sum += one + other;
                squares += one * one + other * other;
            }
            var expected = sum / (2 * draws);
            var variance = squares / (2 * draws) - expected * expected;
            var actual = PiecewisePolynomial.Of(activation, 0)!.Moments(mean, deviation);
            var spread = Math.Sqrt(variance) + Math.Abs(expected);
            Assert.Equal(expected, actual.Mean, 0.01 * spread);
            Assert.Equal(variance, actual.Variance, 0.01 * spread * spread);
        }
        Assert.Equal(function(0.4), PiecewisePolynomial.Of(activation, 0)!.Moments(0.4, 0).Mean, 1e-12);
    }

    /// <summary>Map size, kernel, stride, dilation, pad, groups of the layer whose shift is asked for.</summary>
    [Theory]
    [InlineData(7, 3, 1, 1, 1, 4, "relu")]
    [InlineData(7, 3, 2, 1, 1, 4, "relu6")]
    [InlineData(7, 5, 1, 1, 2, 1, "hardswish")]
    [InlineData(7, 3, 1, 1, 1, 1, "linear")]
    [InlineData(14, 3, 1, 2, 2, 2, "leaky")]
    [InlineData(14, 5, 1, 1, 2, 4, "prelu")]
    [InlineData(28, 3, 2, 1, 1, 4, "clip")]
    [InlineData(28, 3, 1, 1, 1, 1, "hardswish")]
    [InlineData(28, 3, 1, 1, 1, 2, "relu")]
    [InlineData(56, 3, 1, 1, 1, 1, "prelu")]
    [InlineData(56, 3, 2, 1, 1, 4, "relu6")]
    [InlineData(56, 3, 1, 1, 1, 4, "linear")]
    [InlineData(56, 3, 1, 1, 1, 2, "clip")]
    [InlineData(56, 3, 1, 2, 2, 4, "leaky")]
    public void A_layers_own_shift_is_that_of_drawn_maps(int size, int kernel, int stride, int dilation, int pad, int groups, string activationName)
    {
        const int channels = 4;
        var (_, function) = Case(activationName);
        // Two of the four gammas are negative: a channel's deviation is |gamma|.
        float[] gamma = [0.9f, -1.1f, 0.6f, -0.8f], beta = [0.3f, -0.4f, 1.1f, 0.2f];
        var network = TwoConvolutions(size, kernel, stride, dilation, pad, groups, activationName, gamma, beta);
        var layer = network.Layers[1];
        var analytic = AnalyticShift.Of(network, FourBits, TestData.Calibration.Take(1), CancellationToken.None);
        Assert.Equal("nothing says the mean of the network's input", analytic[0].Unknown);

        var change = LayerQuantizer.Weights(layer, FourBits).Weights.Zip(layer.Weights.ToArray(), (q, w) => (double)q - w).ToArray();
        var (inGroup, outGroup) = (channels / groups, layer.Channels / groups);
        var positions = Enumerable.Range(0, (size + 2 * pad - (kernel - 1) * dilation - 1) / stride + 1).ToArray();
        var shift = new double[layer.Channels];
        var random = new Random(3);
        // The layer is linear: what it makes of the maps' mean is the mean of what it makes of the maps. Each draw counts with both signs.
        var mean = new double[channels, size, size];
        var maps = Math.Max(100, 300_000 / (size * size));
        for (var map = 0; map < maps; map++)
            for (var c = 0; c < channels; c++)
                for (var y = 0; y < size; y++)
                    for (var x = 0; x < size; x++)
                    {
                        var z = gamma[c] * Normal(random);
                        mean[c, y, x] += (function(beta[c] + z) + function(beta[c] - z)) / (2 * maps);
                    }
        for (var o = 0; o < shift.Length; o++)
            foreach (var (row, column) in positions.SelectMany(row => positions.Select(column => (row, column))))
                for (var c = 0; c < inGroup; c++)
                    for (var ky = 0; ky < kernel; ky++)
                        for (var kx = 0; kx < kernel; kx++)
                        {
                            var (y, x) = (row * stride - pad + ky * dilation, column * stride - pad + kx * dilation);
                            if (y < 0 || y >= size || x < 0 || x >= size) continue;
                            shift[o] += change[((o * inGroup + c) * kernel + ky) * kernel + kx] * mean[o / outGroup * inGroup + c, y, x]
                                / (positions.Length * positions.Length);
                        }
        var scale = shift.Max(Math.Abs);
        for (var o = 0; o < shift.Length; o++) Assert.Equal(shift[o], analytic[1].Shift![o], 0.01 * scale);
    }

    [Theory]
    [MemberData(nameof(TestData.Networks), MemberType = typeof(TestData))]
    public void It_finds_what_is_measured_on_images(string name)
    {
        var network = TestData.Load(name);
        var scheme = QuantizationScheme.Int8PerTensor.WithBits(5) with { Bias = BiasPrecision.Float };
        var images = TestData.Calibration.Take(64);
        var measured = network.MeasureMeanShift(images, scheme, new MeanShiftOptions { Split = true });
        var analytic = AnalyticShift.Of(network, scheme, images, CancellationToken.None);
        var pairs = new List<(double Expected, double Actual)>();
        foreach (var layer in network.Layers)
        {
            if (analytic[layer.Index].Shift is not { } shift) continue;
            for (var channel = 0; channel < layer.Channels; channel++)
            {
                if (measured.Layers[layer.Index].Before.Channels[channel] is not { IsConstant: false } moments) continue;
                pairs.Add((measured.Layers[layer.Index].Split!.Channels[channel].Weights / moments.Sigma, shift[channel] / moments.Sigma));
            }
        }
        Assert.Equal([0], analytic.Index().Where(layer => layer.Item.Unknown is not null).Select(layer => layer.Index));
        var (meanX, meanY) = (pairs.Average(pair => pair.Expected), pairs.Average(pair => pair.Actual));
        var correlation = pairs.Sum(pair => (pair.Expected - meanX) * (pair.Actual - meanY))
            / Math.Sqrt(pairs.Sum(pair => Math.Pow(pair.Expected - meanX, 2)) * pairs.Sum(pair => Math.Pow(pair.Actual - meanY, 2)));
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: correlation {correlation:F4} over {pairs.Count} channels");
        Assert.True(correlation > 0.9, $"correlation {correlation} over {pairs.Count} channels");
        // The correction's own account of it is the same.
        var predictions = network.CorrectBiasAnalytically(images, scheme).Predictions!;
        Assert.Equal(pairs.Count, predictions.Channels.Count());
        Assert.Equal(correlation, predictions.Correlation, 1e-9);
    }

    [Fact]
    public void It_takes_most_of_the_shift_away_and_says_which_layer_it_leaves()
    {
        var network = TestData.Load(TestData.MobileNetV1);
        var scheme = QuantizationScheme.Int8PerTensor.WithBits(5);
        var result = network.CorrectBiasAnalytically(TestData.Calibration.Take(64), scheme, TestData.Calibration.Skip(64).Take(64));
        Assert.Equal("analytic", result.Method);
        Assert.Equal([network.Layers[0].Name], result.Corrections.Where(layer => layer.Skipped is not null).Select(layer => layer.Name));
        Assert.True(result.Network.Layers[0].Bias.SequenceEqual(network.Layers[0].Bias));
        var before = result.Corrections.Sum(layer => layer.HeldOutBefore!.ShiftPower / layer.HeldOutBefore.SignalPower);
        var after = result.Corrections.Sum(layer => layer.HeldOutAfter!.ShiftPower / layer.HeldOutAfter.SignalPower);
        // What is left is the first layer's, and what rounding the inputs and not the weights causes.
        Assert.True(after < 0.7 * before, $"held-out shift power went from {before} to {after}");
    }

    [Fact]
    public void Means_go_through_sums_concatenations_and_pooling()
    {
        // Two branches with known distributions, added, concatenated with one of them, averaged, multiplied: the means are linear.
        var network = new GraphBuilder().Input("input", 0, 1, 32, 32)
            .RandomConstant("a.weight", 3, 1, 5, 5).RandomConstant("b.weight", 3, 1, 5, 5).RandomConstant("c.weight", 5, 6)
            .Constant("one", [3], 1, 1, 1).Constant("zero", [3], 0, 0, 0)
            .Constant("ga", [3], 0.5f, -1, 2).Constant("ba", [3], 1, 0, -1).Constant("gb", [3], 1, 0.3f, 0.4f).Constant("bb", [3], 0, 2, 1)
            .Node("Conv", ["input", "a.weight"], "a").Node("BatchNormalization", ["a", "ga", "ba", "zero", "one"], "an").Node("Relu", ["an"], "ar")
            .Node("Conv", ["input", "b.weight"], "b").Node("BatchNormalization", ["b", "gb", "bb", "zero", "one"], "bn")
            .Node("Add", ["ar", "bn"], "s").Node("Concat", ["s", "bn"], "t", GraphBuilder.Int("axis", 1))
            .Node("GlobalAveragePool", ["t"], "p").Node("Flatten", ["p"], "f").Node("Gemm", ["f", "c.weight"], "y", GraphBuilder.Int("transB", 1)).Output("y")
            .Load();
        network = network.With([], network.Facts with { Task = TestData.Load(TestData.ResNet14).Task });
        var layer = network.Layers[2];
        double[] relu = [.. new[] { (1.0, 0.5), (0, 1), (-1, 2) }.Select(pair =>
            pair.Item1 * NormalDistribution.Cumulative(pair.Item1 / pair.Item2) + pair.Item2 * NormalDistribution.Density(pair.Item1 / pair.Item2))];
        double[] mean = [relu[0] + 0, relu[1] + 2, relu[2] + 1, 0, 2, 1];
        var change = LayerQuantizer.Weights(layer, FourBits).Weights.Zip(layer.Weights.ToArray(), (q, w) => (double)q - w).ToArray();
        var shift = AnalyticShift.Of(network, FourBits, TestData.Calibration.Take(1), CancellationToken.None)[2].Shift!;
        for (var o = 0; o < 5; o++) Assert.Equal(mean.Select((value, c) => value * change[o * 6 + c]).Sum(), shift[o], 1e-5);
    }

    [Theory]
    [InlineData(3, 2, 1, "Relu")]
    [InlineData(2, 2, 0, "LeakyRelu")]
    [InlineData(3, 1, 1, "none")]
    public void The_maximum_of_a_window_is_that_of_drawn_maps(int kernel, int stride, int pad, string activation)
    {
        const int size = 9;
        float[] gamma = [0.9f, -1.1f, 0.6f], beta = [0.3f, -0.4f, 1.1f];
        var builder = new GraphBuilder().Input("input", 0, 1, 32, 32).RandomConstant("a.weight", 3, 1, 24, 24)
            .Constant("gamma", [3], gamma).Constant("beta", [3], beta).Constant("mean", [3], 0, 0, 0).Constant("variance", [3], 1, 1, 1)
            .Node("Conv", ["input", "a.weight"], "a").Node("BatchNormalization", ["a", "gamma", "beta", "mean", "variance"], "n");
        if (activation == "none") builder.Node("Identity", ["n"], "f");
        else if (activation == "Relu") builder.Node("Relu", ["n"], "f");
        else builder.Node("LeakyRelu", ["n"], "f", GraphBuilder.Float("alpha", 0.2f));
        var network = builder.RandomConstant("b.weight", 2, 3, 1, 1)
            .Node("MaxPool", ["f"], "m", GraphBuilder.Ints("kernel_shape", kernel, kernel), GraphBuilder.Ints("strides", stride, stride), GraphBuilder.Ints("pads", pad, pad, pad, pad))
            .Node("Conv", ["m", "b.weight"], "y").Output("y").Load();
        network = network.With([], network.Facts with { Task = TestData.Load(TestData.ResNet14).Task });
        var (shifts, approximated) = AnalyticShift.WithApproximations(network, FourBits, TestData.Calibration.Take(1), CancellationToken.None);
        Assert.StartsWith("MaxPool", Assert.Single(approximated), StringComparison.Ordinal);

        var random = new Random(5);
        var positions = (size + 2 * pad - kernel) / stride + 1;
        var mean = new double[3];
        const int maps = 3000;
        for (var map = 0; map < maps; map++)
            for (var c = 0; c < 3; c++)
            {
                var drawn = new double[size, size];
                for (var y = 0; y < size; y++)
                    for (var x = 0; x < size; x++)
                    {
                        var value = beta[c] + gamma[c] * Normal(random);
                        drawn[y, x] = activation switch { "Relu" => Math.Max(0, value), "LeakyRelu" => value > 0 ? value : (double)0.2f * value, _ => value };
                    }
                for (var row = 0; row < positions; row++)
                    for (var column = 0; column < positions; column++)
                    {
                        var largest = double.NegativeInfinity;
                        for (var y = Math.Max(0, row * stride - pad); y < Math.Min(size, row * stride - pad + kernel); y++)
                            for (var x = Math.Max(0, column * stride - pad); x < Math.Min(size, column * stride - pad + kernel); x++)
                                largest = Math.Max(largest, drawn[y, x]);
                        mean[c] += largest / ((double)maps * positions * positions);
                    }
            }
        var layer = network.Layers[1];
        var change = LayerQuantizer.Weights(layer, FourBits).Weights.Zip(layer.Weights.ToArray(), (q, w) => (double)q - w).ToArray();
        for (var o = 0; o < 2; o++)
        {
            var terms = Enumerable.Range(0, 3).Select(c => change[o * 3 + c] * mean[c]).ToArray();
            Assert.Equal(terms.Sum(), shifts[1].Shift![o], 0.01 * terms.Sum(Math.Abs));
        }
    }

    private static Network TwoConvolutions(int size, int kernel, int stride, int dilation, int pad, int groups, string activation, float[] gamma, float[] beta)
    {
        const int channels = 4;
        var builder = new GraphBuilder().Input("input", 0, 1, 32, 32)
            .Constant("gamma", [channels], gamma).Constant("beta", [channels], beta).Constant("mean", [channels], 0, 0, 0, 0).Constant("variance", [channels], 1, 1, 1, 1);
        // The maps' size comes from 32: a kernel without padding makes it smaller, a transposed convolution larger.
        if (size <= 32) builder.RandomConstant("a.weight", channels, 1, 33 - size, 33 - size).Node("Conv", ["input", "a.weight"], "a");
        else builder.RandomConstant("a.weight", 1, channels, 2, 2).Node(
            "ConvTranspose", ["input", "a.weight"], "a", GraphBuilder.Ints("strides", 2, 2), GraphBuilder.Ints("pads", 4, 4, 4, 4));
        builder.Node("BatchNormalization", ["a", "gamma", "beta", "mean", "variance"], "n");
        var after = "f";
        switch (activation)
        {
            case "relu": builder.Node("Relu", ["n"], "f"); break;
            case "relu6": builder.Constant("low", [], 0).Constant("high", [], 6).Node("Clip", ["n", "low", "high"], "f"); break;
            case "clip": builder.Constant("low", [], -0.7f).Constant("high", [], 1.3f).Node("Clip", ["n", "low", "high"], "f"); break;
            case "leaky": builder.Node("LeakyRelu", ["n"], "f", GraphBuilder.Float("alpha", 0.2f)); break;
            case "prelu": builder.Constant("slope", [1, 1, 1], -0.5f).Node("PRelu", ["n", "slope"], "f"); break;
            case "hardswish": builder.Node("HardSwish", ["n"], "f"); break;
            default: after = "n"; break;
        }
        var network = builder.RandomConstant("b.weight", channels, channels / groups, kernel, kernel)
            .Node("Conv", [after, "b.weight"], "y", GraphBuilder.Ints("strides", stride, stride), GraphBuilder.Ints("dilations", dilation, dilation),
                GraphBuilder.Ints("pads", pad, pad, pad, pad), GraphBuilder.Int("group", groups))
            .Output("y").Load();
        return network.With([], network.Facts with { Task = TestData.Load(TestData.ResNet14).Task });
    }
}
