using CsCheck;
using QuantNotebooks.Networks;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Core.Tests.Networks;

/// <summary>Loading keeps the function of whatever can be put together; ONNX Runtime on the graph as it is written is the oracle.</summary>
public sealed class ZooTests
{
    private static readonly int[] Opsets = [7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 22, 23];

    private static readonly Gen<(int SpatialAxes, int Opset, int[] Pieces)> Graphs =
        Gen.Select(Gen.OneOfConst(0, 1, 2, 2, 2, 3), Gen.OneOfConst(Opsets), Gen.Int[0, int.MaxValue - 1].Array[0, 8]);

    [Fact]
    public void A_loaded_network_computes_what_the_file_does() => Graphs.Sample(choice =>
    {
        var zoo = ZooGraph.Create(choice.SpatialAxes, choice.Opset, choice.Pieces);
        var network = Network.FromModel(zoo.Model, new NetworkFacts("zoo", "zoo.onnx"), LoadOptions.Default);
        Assert.Equal(zoo.Layers, network.Layers.Length);
        ModelChecker.Check(network.ToModel());
        var input = new float[zoo.InputShape.Aggregate(1L, (product, length) => product * length)];
        for (var index = 0; index < input.Length; index++) input[index] = MathF.Sin(index * 0.7f) * 2;
        var expected = ModelRun.Tensors(zoo.Model, input, zoo.InputShape, optimize: false);
        var actual = ModelRun.Tensors(network.ToModel(), input, zoo.InputShape);
        // Where values cancel, as in a mean that a normalization takes away, no two orders of adding agree to 1e-5: what an input moved by 1e-6 does says how far.
        for (var index = 0; index < input.Length; index++) input[index] *= index % 2 == 0 ? 1 + 1e-6f : 1 - 1e-6f;
        var moved = ModelRun.Tensors(zoo.Model, input, zoo.InputShape, optimize: false);
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        foreach (var (name, (shape, values)) in expected)
        {
            Assert.Equal(shape, actual[name].Shape);
            Assert.InRange(ModelRun.RelativeDifference(values, actual[name].Values), 0, Math.Max(1e-5, 4 * ModelRun.RelativeDifference(values, moved[name].Values)));
        }
    }, iter: LongRun.Cases(300), print: choice => $"{choice}\n{string.Join('\n', ZooGraph.Create(choice.SpatialAxes, choice.Opset, choice.Pieces).Pieces)}");
}
