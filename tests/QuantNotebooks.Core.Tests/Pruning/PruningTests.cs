using CsCheck;
using QuantNotebooks.Core.Tests.Equalization;
using QuantNotebooks.Equalization;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Networks;
using QuantNotebooks.Pruning;

namespace QuantNotebooks.Core.Tests.Pruning;

/// <summary>Magnitude pruning: which weights go, that scale does not decide it with factorization, and what it costs.</summary>
public sealed class PruningTests
{
    private static Network Chain() => new GraphBuilder().Input("x", 0, 2, 1, 1).Constant("a", [2, 2, 1, 1], 1, -8, 0.5f, 2).Constant("b", [1, 2, 1, 1], 3, -0.25f)
        .Node("Conv", ["x", "a"], "t").Node("Relu", ["t"], "u").Node("Conv", ["u", "b"], "y").Output("y").Load();

    [Theory]
    [InlineData(0.5, PruningScope.Layer, new float[] { 0, -8, 0, 2 }, new float[] { 3, 0 })]
    [InlineData(0.5, PruningScope.Network, new float[] { 0, -8, 0, 2 }, new float[] { 3, 0 })]
    [InlineData(0.7, PruningScope.Network, new float[] { 0, -8, 0, 0 }, new float[] { 3, 0 })]
    [InlineData(0.2, PruningScope.Network, new float[] { 1, -8, 0.5f, 2 }, new float[] { 3, 0 })]
    [InlineData(0, PruningScope.Layer, new float[] { 1, -8, 0.5f, 2 }, new float[] { 3, -0.25f })]
    public void The_smallest_magnitudes_go(double sparsity, PruningScope scope, float[] first, float[] second)
    {
        var network = Chain();
        var result = network.Prune(sparsity, new PruningOptions { Factorization = null, Scope = scope });
        Assert.Equal(first, result.Network.Layers[0].Weights.ToArray());
        Assert.Equal(second, result.Network.Layers[1].Weights.ToArray());
        Assert.Equal((first.Count(weight => weight == 0) + second.Count(weight => weight == 0)) / 6.0, result.Sparsity, 1e-12);
        Assert.Same(network, result.Network.Parent);
        Assert.Equal("prune", result.Network.History[^1].Operation);
    }

    [Fact]
    public void The_canonical_score_by_hand()
    {
        // Canonical factors are (1/8, 1/2): scores of the first layer (1/8, 1, 1/4, 1), of the second (24, 1/2); the weights are the network's own.
        var result = Chain().Prune(0.5, new PruningOptions { Factorization = EqualizationMethod.Canonical, Scope = PruningScope.Network });
        Assert.Equal([0f, -8f, 0f, 2f], result.Network.Layers[0].Weights.ToArray());
        Assert.Equal([3f, 0f], result.Network.Layers[1].Weights.ToArray());
        Assert.Equal([new PrunedLayer("Conv/t", 4, 0, 2), new PrunedLayer("Conv/y", 2, 0, 1)], result.Layers);
    }

    [Fact]
    public void Equal_scores_go_in_order_and_no_more_than_asked_for()
    {
        var network = new GraphBuilder().Input("x", 0, 2, 1, 1).Constant("a", [2, 2, 1, 1], 1, -1, 1, 1).Node("Conv", ["x", "a"], "y").Output("y").Load();
        Assert.Equal([0f, 0f, 1f, 1f], network.Prune(0.5, new PruningOptions { Factorization = null }).Network.Layers[0].Weights.ToArray());
    }

    /// <summary>Held against sorting; many weights are equal, some zero.</summary>
    [Theory]
    [InlineData(PruningScope.Network)]
    [InlineData(PruningScope.Layer)]
    public void The_weights_that_go_are_those_that_sorting_gives(PruningScope scope)
    {
        var values = Gen.OneOf(Gen.Int[-3, 3].Select(value => value / 4f), Gen.Float[-2, 2], Gen.Float[-1e-38f, 1e-38f], Gen.Const(3e38f));
        Gen.Select(values.Array[12], values.Array[6], Gen.OneOf(Gen.Double[0, 0.999], Gen.Int[0, 17].Select(count => count / 18.0))).Sample((first, second, share) =>
        {
            var network = new GraphBuilder().Input("x", 0, 4, 1, 1).Constant("a", [3, 4, 1, 1], first).Constant("b", [2, 3, 1, 1], second)
                .Node("Conv", ["x", "a"], "t").Node("Relu", ["t"], "u").Node("Conv", ["u", "b"], "y").Output("y").Load(new LoadOptions { KeepDeadChannels = true });
            float[][] groups = scope == PruningScope.Layer ? [first, second] : [[.. first, .. second]];
            var expected = groups.SelectMany(group =>
            {
                var gone = Enumerable.Range(0, group.Length).OrderBy(index => Math.Abs(group[index])).Take((int)(share * group.Length + 1e-6)).ToHashSet();
                return group.Select((weight, index) => gone.Contains(index) ? 0 : weight);
            });
            var result = network.Prune(share, new PruningOptions { Factorization = null, Scope = scope });
            Assert.Equal(expected, result.Network.Layers.SelectMany(layer => layer.Weights.ToArray()));
            Assert.Equal(result.Network.Layers.Select(layer => layer.Weights.ToArray().Count(weight => weight == 0)), result.Layers.Select(layer => layer.Zeros));
        }, iter: 300);
    }

    /// <summary>The same function, scaled at random: with factorization the same weights go, without it others.</summary>
    [Theory]
    [InlineData(EqualizationMethod.CrossLayer, PruningScope.Layer)]
    [InlineData(EqualizationMethod.CrossLayer, PruningScope.Network)]
    [InlineData(EqualizationMethod.Canonical, PruningScope.Network)]
    public void Networks_that_differ_in_scale_alone_are_pruned_alike_with_factorization(EqualizationMethod method, PruningScope scope)
    {
        var network = TestData.Load(TestData.ResNet14);
        var random = new Random(5);
        var scaled = Network.FromModel(ExactnessTests.Scaled(network, () => Math.Exp(random.NextDouble() * 4 - 2), out _), network.Facts, LoadOptions.Default);
        var with = Disagreement(new PruningOptions { Factorization = method, Scope = scope });
        var without = Disagreement(new PruningOptions { Factorization = null, Scope = scope });
        // Only weights as large as the threshold to a few roundings may differ.
        Assert.InRange(with, 0, 1e-3);
        Assert.InRange(without, 0.05, 1);

        double Disagreement(PruningOptions options)
        {
            var (one, other) = (network.Prune(0.6, options).Network, scaled.Prune(0.6, options).Network);
            var (different, all) = (0, 0);
            foreach (var layer in one.Layers)
            {
                var (first, second) = (layer.Weights.ToArray(), other.Layers[layer.Index].Weights.ToArray());
                for (var index = 0; index < first.Length; index++)
                    if (first[index] == 0 != (second[index] == 0)) different++;
                all += first.Length;
            }
            return (double)different / all;
        }
    }

    [Fact]
    public void The_comparison_is_that_of_networks_pruned_and_evaluated_one_by_one()
    {
        var network = TestData.Load(TestData.ResNet14);
        var images = TestData.Test.Take(200);
        double[] sparsities = [0.5, 0.8];
        var report = network.MeasurePruning(images, sparsities);
        Assert.Equal(network.Evaluate(images).FloatAccuracy, report.OriginalAccuracy);
        foreach (var (point, sparsity) in report.Plain.Zip(sparsities).Concat(report.Factorized.Zip(sparsities)))
        {
            Assert.Equal(network.Prune(sparsity, point.Pruning.Options).Layers, point.Pruning.Layers);
            Assert.Equal(point.Pruning.Network.Evaluate(images).FloatAccuracy, point.Accuracy);
        }
        Assert.Equal(report.Factorized[^1].Pruning.Network, report.Network);
        Assert.True(report.Factorized[0].SqnrDecibels > report.Factorized[1].SqnrDecibels);
        Assert.Contains("cross-layer factors make most difference at", report.Finding, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pruned_network_is_saved_with_its_history()
    {
        using var folder = new TemporaryFolder();
        var pruned = TestData.Load(TestData.ResNet14).Prune(0.7).Network;
        var file = Path.Combine(folder.Path, "pruned.onnx");
        pruned.Save(file);
        var loaded = Network.Load(file);
        Assert.Equal("sparsity 0.7, factorization cross-layer, scope network", loaded.History[^1].Settings);
        foreach (var layer in loaded.Layers) Assert.Equal(pruned.Layers[layer.Index].Weights.ToArray(), layer.Weights.ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    public void A_sparsity_that_is_no_share_is_refused(double sparsity) =>
        Assert.Contains("must be a share", Assert.Throws<QuantNotebooksException>(() => Chain().Prune(sparsity)).Message, StringComparison.Ordinal);

    [Fact]
    public void What_can_not_be_compared_is_refused()
    {
        var network = TestData.Load(TestData.ResNet14);
        var images = TestData.Test.Take(2);
        Assert.Throws<QuantNotebooksException>(() => network.MeasurePruning(images, []));
        Assert.Throws<QuantNotebooksException>(() => network.MeasurePruning(images, [0.5, 0.5]));
        Assert.Throws<QuantNotebooksException>(() => network.MeasurePruning(images, options: new PruningOptions { Factorization = null }));
        Assert.Contains("need images", Assert.Throws<QuantNotebooksException>(
            () => network.Prune(0.5, new PruningOptions { Factorization = EqualizationMethod.TwoStep })).Message, StringComparison.Ordinal);
    }
}
