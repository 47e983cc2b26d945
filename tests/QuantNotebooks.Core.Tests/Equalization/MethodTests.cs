using System.Numerics.Tensors;
using QuantNotebooks.Equalization;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Sweep;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Core.Tests.Equalization;

/// <summary>What the methods promise of the factors that they choose, measured on the equalized networks' own weights and activations.</summary>
public sealed class MethodTests
{
    [Theory]
    [MemberData(nameof(TestData.Networks), MemberType = typeof(TestData))]
    public void Equalized_networks_are_the_same_function(string name)
    {
        var network = TestData.Load(name, keepDeadChannels: true);
        foreach (var method in Enum.GetValues<EqualizationMethod>())
        {
            var certificate = network.Equalize(method, TestData.Calibration.Take(4)).Certificate;
            Assert.InRange(certificate.MaxRelativeDifference!.Value, 0, 1e-5);
            var powers = network.Equalize(method, TestData.Calibration.Take(4), new EqualizationOptions { PowerOfTwo = true });
            Assert.True(powers.Certificate.BitExact);
            Assert.Contains(powers.Groups.SelectMany(group => group.Factors), factor => factor != 1);
            Assert.All(powers.Groups.SelectMany(group => group.Factors), factor => Assert.Equal(Math.Round(Math.Log2(factor)), Math.Log2(factor)));
        }
    }

    /// <summary>
    /// The text recognizer gives probabilities that float32 knows to a few 1e-5 alone: its own outputs differ by as much when ONNX Runtime fuses nodes. No factor
    /// but a power of two can do better, so a larger difference is set beside that.
    /// </summary>
    [Theory]
    [InlineData(TestData.TextRecognition)]
    [InlineData(TestData.MobileNetV2)]
    public void A_larger_difference_is_no_more_than_rounding_makes_of_the_network_itself(string name)
    {
        var images = (name == TestData.TextRecognition ? ImageSet.Load(Repository.PathOf("data", "text-lines", "calibration")) : TestData.Calibration).Take(16);
        foreach (var method in new[] { EqualizationMethod.OneStep, EqualizationMethod.TwoStep, EqualizationMethod.CrossLayer })
        {
            var certificate = TestData.Load(name).Equalize(method, images).Certificate;
            Assert.Equal(certificate.MaxRelativeDifference > 1e-5, certificate.OwnRounding is not null);
            if (certificate.OwnRounding is { } own) Assert.InRange(certificate.MaxRelativeDifference!.Value, 0, 4 * own);
            if (name == TestData.MobileNetV2) Assert.Null(certificate.OwnRounding);
        }
    }

    [Fact]
    public void Weights_move_within_their_last_bit()
    {
        var network = TestData.Load(TestData.ResNet14);
        var (moved, count) = (0, 0);
        foreach (var (layer, other) in network.Layers.Zip(LastBits.Moved(network).Layers))
            for (var index = 0; index < layer.Weights.Length; index++)
            {
                var (before, after) = (BitConverter.SingleToInt32Bits(layer.Weights[index]), BitConverter.SingleToInt32Bits(other.Weights[index]));
                Assert.InRange(after - before, -1, 1);
                (moved, count) = (moved + Math.Abs(after - before), count + 1);
            }
        // A weight m 2^e, m from 1 to 2, moves by u m of half its last place, u uniform in -1 to 1, and so rounds to a neighbour with a chance of 1 - 1 / m: 0.28
        // on average where log m is uniform.
        Assert.InRange((double)moved / count, 0.24, 0.32);
    }

    [Theory]
    [MemberData(nameof(TestData.Networks), MemberType = typeof(TestData))]
    public void Cross_layer_makes_the_ranges_on_both_sides_equal(string name)
    {
        var result = TestData.Load(name).Equalize(EqualizationMethod.CrossLayer, options: new EqualizationOptions { MaxFactor = 1e6 });
        foreach (var group in result.Groups)
            for (var channel = 0; channel < group.Factors.Length; channel++)
            {
                var (made, read) = (group.Weights.After[channel], group.ConsumerWeights.After[channel]);
                if (made > 0 && read > 0 && group.Factors[channel] != 1) Assert.InRange(made / read, 1 - 1e-3, 1 + 1e-3);
            }
    }

    [Theory]
    [InlineData(TestData.MobileNetV1)]
    [InlineData(TestData.MobileNetV2)]
    [InlineData(TestData.ResNet14)]
    [InlineData(TestData.TextDirection)]
    [InlineData(TestData.TextRecognition)]
    // Beside channels that never change, whose factors stay.
    [InlineData(TestData.MobileNetV1, true)]
    public void All_factors_at_once_are_those_of_block_after_block(string name, bool keepDeadChannels = false)
    {
        var problem = new FactorProblem(FactorTrace.Of(TestData.Load(name, keepDeadChannels)));
        var (joint, iterated) = (Ones(problem), Ones(problem));
        var rounds = new CrossLayer(problem, problem.Blocks, joint, 16).SolveJointly(1e-6);
        var sweeps = new CrossLayer(problem, problem.Blocks, iterated, 16).Iterate(1e-6);
        Assert.InRange(rounds, 1, sweeps);
        for (var index = 0; index < joint.Length; index++) Assert.InRange(joint[index] / iterated[index], 1 - 1e-3, 1 + 1e-3);
    }

    private static double[] Ones(FactorProblem problem) => [.. Enumerable.Repeat(1.0, problem.Count)];

    /// <summary>
    /// A stream of one channel with a block around which its largest weights lead in a circle. Were the largest of several layers' ranges what counts, any s_A
    /// with w3 / w1 &lt;= s_B &lt;= w2 / w0 would do; with their means s_A = sqrt(w3 / w0) and s_B = s_A sqrt(w2 / w1) alone.
    /// </summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 0.2)]
    [InlineData(0.01, 50)]
    public void A_residual_block_has_one_solution_wherever_the_search_begins(double stream, double inner)
    {
        var network = new GraphBuilder().Input("x", 0, 1, 1, 1).Constant("w0", [1, 1, 1, 1], 1).Constant("w1", [1, 1, 1, 1], 2).Constant("w2", [1, 1, 1, 1], 8)
            .Constant("w3", [1, 1, 1, 1], 4).Node("Conv", ["x", "w0"], "t").Node("Relu", ["t"], "a").Node("Conv", ["a", "w1"], "u").Node("Relu", ["u"], "b")
            .Node("Conv", ["b", "w2"], "v").Node("Add", ["a", "v"], "s").Node("Conv", ["s", "w3"], "y").Output("y").Load();
        var problem = new FactorProblem(FactorTrace.Of(network));
        foreach (var solve in (Func<CrossLayer, int>[])[solver => solver.SolveJointly(1e-7), solver => solver.Iterate(1e-7)])
        {
            double[] factors = [stream, inner];
            solve(new CrossLayer(problem, problem.Blocks, factors, 1e6));
            Assert.Equal(2, factors[0], 1e-4);
            Assert.Equal(4, factors[1], 1e-4);
        }
    }

    [Theory]
    [InlineData(EqualizationMethod.OneStep)]
    [InlineData(EqualizationMethod.TwoStep)]
    public void Paper_B_lets_no_range_grow(EqualizationMethod method)
    {
        var images = TestData.Calibration.Take(16);
        var network = TestData.Load(TestData.MobileNetV2);
        var result = network.Equalize(method, images);
        var after = result.Network;
        foreach (var layer in network.Layers)
            Assert.InRange(Largest(after.Layers[layer.Index].ChannelWeightRanges()), 0, Largest(layer.ChannelWeightRanges()) * (1 + 1e-5));
        var (ranges, scaled) = (network.Calibrate(images), after.Calibrate(images));
        foreach (var layer in network.Layers)
        {
            var (before, now) = (ranges.Of(layer.Output, network), scaled.Of(after.Layers[layer.Index].Output, after));
            Assert.InRange(now.Maximum, 0, Math.Max(0, before.Maximum) * (1 + 1e-5) + 1e-6);
            Assert.InRange(now.Minimum, Math.Min(0, before.Minimum) * (1 + 1e-5) - 1e-6, 0.01);
        }
        var factors = result.Groups.SelectMany(group => group.Factors).ToArray();
        Assert.InRange(factors.Max(), 4, 16);
        if (method == EqualizationMethod.OneStep) Assert.InRange(factors.Min(), 1, 1);
        else Assert.InRange(factors.Min(), 0, 0.9);

        static float Largest(IEnumerable<float> ranges) => ranges.Max();
    }

    [Theory]
    [InlineData(TestData.MobileNetV1)]
    [InlineData(TestData.MobileNetV2)]
    [InlineData(TestData.ResNet14)]
    public void Cross_layer_and_two_step_in_one_are_the_one_after_the_other(string name)
    {
        var images = TestData.Calibration.Take(16);
        var network = TestData.Load(name, keepDeadChannels: true);
        var together = network.Equalize(EqualizationMethod.CrossLayerTwoStep, images);
        var inTurn = network.Equalize(EqualizationMethod.CrossLayer, images).Network.Equalize(EqualizationMethod.TwoStep, images).Network;
        foreach (var layer in together.Network.Layers)
        {
            var expected = inTurn.Layers[layer.Index].Weights;
            var largest = Math.Abs(TensorPrimitives.MaxMagnitude(expected));
            for (var index = 0; index < expected.Length; index++) Assert.Equal(expected[index], layer.Weights[index], 1e-4f * largest);
        }
        Assert.InRange(together.Certificate.MaxRelativeDifference!.Value, 0, 1e-5);
    }

    [Fact]
    public void One_step_by_hand()
    {
        var network = Chain(first: [1, 0, 0, 4], second: [1, 1], bias: [0, 0]);
        // k = (1, 4) and a = (1, 4): s = (min(4 / 1, 4 / 1), 1).
        Assert.Equal([4.0, 1.0], Factors(network, twoStep: false, [1, 4]));
        // A bias makes the first channel's output large already: s = min(4 / 1, 4 / 2).
        Assert.Equal([2.0, 1.0], Factors(network, twoStep: false, [2, 4]));
        // m = (1, 1/4): K = max(1, 4/4) = 1, A = max(1, 4/4) = 1, s = (1, max(1/4, 1/4)).
        Assert.Equal([1.0, 0.25], Factors(Chain(first: [1, 0, 0, 4], second: [4, 1], bias: [0, 0]), twoStep: true, [1, 4]));
    }

    [Theory]
    [InlineData(1, 4, 4.0)]
    [InlineData(2, 4, 2.0)]
    [InlineData(100, 4, 1.0)]
    public void The_third_term_by_hand(float depth, float largest, double expected)
    {
        // Without it s = (4, 1); A / p = 4 / depth, and never below 1.
        var trace = FactorTrace.Of(Chain(first: [1, 0, 0, 4], second: [1, 1], bias: [0, 0]));
        var problem = new FactorProblem(trace);
        double[] factors = [1, 1];
        var extrema = new ChannelExtrema("u", trace.Layers[0].Outputs, [0, 0], [1, largest]);
        new InverselyProportional(problem, [extrema], EqualizationOptions.Default, factors, [[depth, 0], [0]]).Solve(problem.Blocks[0], twoStep: false);
        Assert.Equal([expected, 1.0], factors);
    }

    [Fact]
    public void Depths_before_the_activation_are_measured()
    {
        var images = TestData.Calibration.Take(4);
        var network = TestData.Load(TestData.ResNet14);
        var depths = PreActivationExtrema.Measure(network, images, null, TestContext.Current.CancellationToken);
        var free = network.Equalize(EqualizationMethod.OneStep, images).Groups.SelectMany(group => group.Factors).Sum();
        var bound = network.Equalize(EqualizationMethod.OneStep, images, new EqualizationOptions { PreActivations = true }).Groups.SelectMany(group => group.Factors).Sum();
        Assert.Equal(network.Layers.Select(layer => layer.Channels), depths.Select(layer => layer.Length));
        Assert.All(depths[..^1], layer => Assert.Contains(layer, depth => depth > 0));
        Assert.InRange(bound, 0, free - 1);
    }

    private static double[] Factors(Network network, bool twoStep, float[] maxima)
    {
        var trace = FactorTrace.Of(network);
        var problem = new FactorProblem(trace);
        var factors = new double[] { 1, 1 };
        var extrema = new ChannelExtrema("u", trace.Layers[0].Outputs, [0, 0], maxima);
        new InverselyProportional(problem, [extrema], EqualizationOptions.Default, factors).Solve(problem.Blocks[0], twoStep);
        return factors;
    }

    private static Network Chain(float[] first, float[] second, float[] bias) => new GraphBuilder().Input("x", 0, 2, 1, 1)
        .Constant("a", [2, 2, 1, 1], first).Constant("bias", [2], bias).Constant("b", [1, 2, 1, 1], second)
        .Node("Conv", ["x", "a", "bias"], "t").Node("Relu", ["t"], "u").Node("Conv", ["u", "b"], "y").Output("y").Load();

    /// <summary>Factors of a single pair by the paper's formula, sqrt(k1 k2) / k1, and its bound around the geometric mean.</summary>
    [Theory]
    [InlineData(16, 1 / 2.0, 1 / 8.0)]
    [InlineData(1.5, 3 / 8.0, 1 / 6.0)]
    public void Cross_layer_by_hand(double maxFactor, double first, double second)
    {
        // k1 = (4, 16), k2 = (1, 1/4): s = (1/2, 1/8), with geometric mean 1/4.
        var problem = new FactorProblem(FactorTrace.Of(Chain(first: [4, 0, 0, 16], second: [1, 0.25f], bias: [1, 1])));
        double[] factors = [1, 1];
        new CrossLayer(problem, problem.Blocks, factors, maxFactor).SolveJointly();
        Assert.Equal(first, factors[0], 1e-4);
        Assert.Equal(second, factors[1], 1e-4);
    }

    /// <summary>A weight that is no number has no range: it is left out of its channel's, and nothing else becomes one.</summary>
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_weight_that_is_not_finite_spoils_no_factor(float weight)
    {
        var result = Chain(first: [4, weight, 0, 16], second: [1, 0.25f], bias: [1, 1]).Equalize(EqualizationMethod.CrossLayer);
        Assert.All(result.Groups.Single().Factors, factor => Assert.InRange(factor, 1.0 / 16, 16));
        Assert.Equal([true, false, true, true], result.Network.Layers[0].Weights.ToArray().Select(float.IsFinite));
    }

    [Fact]
    public void A_method_that_looks_at_activations_wants_images() => Assert.Contains(
        "need images", Assert.Throws<QuantNotebooksException>(() => TestData.Load(TestData.ResNet14).Equalize(EqualizationMethod.TwoStep)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_misspelled_method_gets_a_suggestion() => Assert.Contains(
        "did you mean 'two-step'", Assert.Throws<QuantNotebooksException>(() => EqualizationMethods.Parse("twostep")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_saved_network_remembers_its_factors_and_history()
    {
        using var folder = new TemporaryFolder();
        var network = TestData.Load(TestData.MobileNetV2);
        var equalized = network.Equalize(EqualizationMethod.CrossLayer, TestData.Calibration.Take(4)).Network;
        var file = Path.Combine(folder.Path, "equalized.onnx");
        equalized.Save(file);
        var loaded = Network.Load(file);
        Assert.Same(network, equalized.Parent);
        Assert.Equal("equalize cross-layer", loaded.History[^1].Operation);
        foreach (var layer in loaded.Layers)
        {
            Assert.Equal(equalized.ChannelFactors(equalized.Layers[layer.Index]), loaded.ChannelFactors(layer));
            Assert.Equal(equalized.Layers[layer.Index].Activation, layer.Activation);
            // Divided by its factors, a bias is the original's.
            var factors = loaded.ChannelFactors(layer);
            for (var channel = 0; channel < layer.Channels; channel++)
                Assert.Equal(network.Layers[layer.Index].Bias[channel], layer.Bias[channel] / (factors.IsEmpty ? 1 : factors[channel]), 1e-5);
        }
    }
}
