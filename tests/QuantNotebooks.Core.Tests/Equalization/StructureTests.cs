using CsCheck;
using QuantNotebooks.Equalization;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;

namespace QuantNotebooks.Core.Tests.Equalization;

/// <summary>The proof by structure: it holds for what equalization makes, and finds any weight that was not scaled as it should.</summary>
public sealed class StructureTests
{
    public static TheoryData<string> All => [.. TestData.Networks, TestData.TextDirection, TestData.TextRecognition];

    [Theory]
    [MemberData(nameof(All))]
    public void Embedded_networks_are_scaled_consistently(string name)
    {
        var network = TestData.Load(name, keepDeadChannels: true);
        var images = ImagesOf(name).Take(2);
        var result = network.Equalize(EqualizationMethod.TwoStep, images);
        Assert.True(result.Structure!.Holds, string.Join("; ", result.Structure.Faults));
        Assert.InRange(result.Structure.ScaledTensors, 3, 2 * network.Graph.Nodes.Length);
        Assert.InRange(result.Certificate.MaxRelativeDifference!.Value, 0, 1e-5);
        var powers = network.Equalize(EqualizationMethod.CrossLayer, images, new EqualizationOptions { PowerOfTwo = true });
        Assert.Empty(powers.Structure!.Faults);
        Assert.True(powers.Certificate.BitExact);
    }

    internal static ImageSet ImagesOf(string name) => name switch
    {
        TestData.TextDirection => TestData.TextDirectionTest,
        TestData.TextRecognition => TestData.TextLinesTest,
        _ => TestData.Calibration,
    };

    [Fact]
    public void Random_graphs_are_proved_and_a_weight_that_was_not_scaled_is_found() =>
        Gen.Select(Gen.Int[0, RandomGraph.Kinds - 1].Array[1, 7], Gen.Int[0, 1 << 20]).Sample((pieces, seed) =>
        {
            var network = Network.FromModel(RandomGraph.Build(pieces, seed), new NetworkFacts("random", "random.onnx"), LoadOptions.Default);
            var random = new Random(seed);
            var scaled = Network.FromModel(
                ExactnessTests.Scaled(network, () => Math.Exp(random.NextDouble() * 4 - 2), out _), new NetworkFacts("scaled", "scaled.onnx"), LoadOptions.Default);
            Assert.Empty(StructureCheck.Run(network, scaled, null).Faults);

            var layer = scaled.Layers[random.Next(scaled.Layers.Length)];
            var weights = layer.Weights.ToArray();
            // One weight alone proves nothing where nothing else fixes its channel's factor, so two of the channel are moved apart.
            var place = random.Next(weights.Length);
            if (layer.Weights.Length / layer.Channels < 2 || weights[place] == 0) return;
            weights[place] *= 1.5f;
            var broken = scaled.With([new LayerChange(layer, weights, null)], scaled.Facts);
            Assert.NotEmpty(StructureCheck.Run(network, broken, null).Faults);
        }, iter: 150);

    [Fact]
    public void A_clip_whose_bound_was_left_and_an_output_that_is_scaled_are_found()
    {
        var network = Chain("Clip", 0, 6);
        Assert.Empty(StructureCheck.Run(network, network, null).Faults);
        var layer = network.Layers[0];
        var scaled = network.With([new LayerChange(layer, [.. layer.Weights.ToArray().Select(weight => 2 * weight)], null)], network.Facts);
        Assert.Contains("a bound was not scaled", Assert.Single(StructureCheck.Run(network, scaled, null).Faults), StringComparison.Ordinal);
        var linear = Chain("Relu");
        var doubled = linear.With([new LayerChange(linear.Layers[0], [.. linear.Layers[0].Weights.ToArray().Select(weight => 2 * weight)], null)], linear.Facts);
        Assert.Equal("output y is scaled", Assert.Single(StructureCheck.Run(linear, doubled, null).Faults));
    }

    private static Network Chain(string activation, params float[] bounds)
    {
        var graph = new GraphBuilder().Input("x", 0, 2, 3, 3).Constant("a", [2, 2, 1, 1], 1, 2, 3, 4).Constant("b", [1, 2, 1, 1], 1, -1);
        for (var index = 0; index < bounds.Length; index++) graph.Constant($"bound{index}", [], bounds[index]);
        return graph.Node("Conv", ["x", "a"], "t").Node(activation, ["t", .. bounds.Select((_, index) => $"bound{index}")], "u").Node("Conv", ["u", "b"], "y").Output("y").Load();
    }
}
