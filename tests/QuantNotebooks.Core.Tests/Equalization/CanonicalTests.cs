using CsCheck;
using QuantNotebooks.Equalization;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Core.Tests.Equalization;

/// <summary>Networks that differ in nothing but scale have one canonical form.</summary>
public sealed class CanonicalTests
{
    [Fact]
    public void Random_factors_divide_out() =>
        Gen.Select(Gen.Int[0, RandomGraph.Kinds - 1].Array[1, 7], Gen.Int[0, 1 << 20]).Sample((pieces, seed) =>
        {
            var network = Network.FromModel(RandomGraph.Build(pieces, seed), new NetworkFacts("random", "random.onnx"), LoadOptions.Default);
            var random = new Random(seed);
            var scaled = Network.FromModel(
                ExactnessTests.Scaled(network, () => Math.Exp(random.NextDouble() * 4 - 2), out _), new NetworkFacts("scaled", "scaled.onnx"), LoadOptions.Default);
            var comparison = FactorizationComparison.Of(network, scaled);
            Assert.True(comparison.SameUpToScale, $"{comparison.Layer}: {comparison.LargestDifference}");
        }, iter: 100);

    [Theory]
    [InlineData(EqualizationMethod.CrossLayer)]
    [InlineData(EqualizationMethod.TwoStep)]
    public void An_equalized_network_is_the_same_and_a_changed_one_is_not(EqualizationMethod method)
    {
        var network = TestData.Load(TestData.MobileNetV2);
        var equalized = network.Equalize(method, TestData.Calibration.Take(4)).Network;
        Assert.True(FactorizationComparison.Of(network, equalized).SameUpToScale);
        var layer = equalized.Layers[3];
        var weights = layer.Weights.ToArray();
        weights[weights.AsSpan().IndexOfAnyExcept(0f)] *= 1.5f;
        var changed = equalized.With([new LayerChange(layer, weights, null)], equalized.Facts);
        Assert.False(FactorizationComparison.Of(network, changed).SameUpToScale);
    }

    [Fact]
    public void The_largest_weight_of_each_channel_is_one()
    {
        var result = TestData.Load(TestData.MobileNetV1).Equalize(EqualizationMethod.Canonical);
        foreach (var group in result.Groups.Where(group => group.Producers.Length == 1))
            Assert.All(group.Weights.After, range => Assert.True(range == 0 || Math.Abs(range - 1) < 1e-5));
    }
}
