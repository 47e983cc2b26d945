using CsCheck;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx.Schema;
using static QuantNotebooks.Core.Tests.GraphBuilder;

namespace QuantNotebooks.Core.Tests.Networks;

/// <summary>Constants after a layer fold into it, and the function stays what ONNX Runtime computes on the unfolded graph.</summary>
public sealed class AffineFoldingTests
{
    private static readonly float[] Input = [.. Enumerable.Range(0, 2 * 3 * 5 * 5).Select(value => MathF.Sin(value * 0.7f) * 2)];
    private static readonly long[] Shape = [2, 3, 5, 5];

    private static void AssertSameFunction(ModelProto model, Network network, double tolerance = 1e-5) => Assert.InRange(
        ModelRun.RelativeDifference(
            ModelRun.Tensors(model, Input, Shape)["y"].Values,
            ModelRun.Tensors(network.ToModel(), Input, Shape)["y"].Values), 0, tolerance);

    [Theory]
    [InlineData("Mul", new long[] { 4, 1, 1 }, false)]
    [InlineData("Mul", new long[] { 1, 4, 1, 1 }, true)]
    [InlineData("Mul", new long[0], false)]
    [InlineData("Add", new long[] { 1, 4, 1, 1 }, false)]
    [InlineData("Add", new long[] { 1 }, true)]
    [InlineData("Sub", new long[] { 4, 1, 1 }, false)]
    [InlineData("Div", new long[] { 1, 4, 1, 1 }, false)]
    public void Arithmetic_with_a_constant_folds(string operation, long[] shape, bool constantFirst)
    {
        var builder = new GraphBuilder().Input("x", 0, 3, 5, 5).RandomConstant("w", 4, 3, 3, 3).RandomConstant("c", shape)
            .Node("Conv", ["x", "w"], "conv", Ints("pads", 1, 1, 1, 1)).Node(operation, constantFirst ? ["c", "conv"] : ["conv", "c"], "sum").Node("Relu", ["sum"], "y").Output("y");
        var network = builder.Load();
        Assert.Equal(["Conv", "Relu"], network.Graph.Nodes.Select(node => node.OpType));
        AssertSameFunction(builder.Model, network);
    }

    [Theory]
    [InlineData("Mul", new long[] { 5, 1 }, false)]
    [InlineData("Add", new long[] { 5, 5 }, false)]
    [InlineData("Div", new long[] { 4, 1, 1 }, true)]
    [InlineData("Sub", new long[] { 4, 1, 1 }, true)]
    [InlineData("Add", new long[] { 2, 4, 1, 1 }, false)]
    public void What_is_no_map_of_each_channel_stays(string operation, long[] shape, bool constantFirst)
    {
        var builder = new GraphBuilder().Input("x", 0, 3, 5, 5).RandomConstant("w", 4, 3, 3, 3).RandomConstant("c", shape)
            .Node("Conv", ["x", "w"], "conv", Ints("pads", 1, 1, 1, 1)).Node(operation, constantFirst ? ["c", "conv"] : ["conv", "c"], "y").Output("y");
        var network = builder.Load();
        Assert.Equal(["Conv", operation], network.Graph.Nodes.Select(node => node.OpType));
        AssertSameFunction(builder.Model, network);
    }

    [Fact]
    public void A_chain_folds_whole_and_the_batch_normalization_statistics_follow_it()
    {
        var builder = new GraphBuilder().Input("x", 0, 3, 5, 5).RandomConstant("w", 4, 3, 1, 1)
            .Constant("gamma", [4], 2, -3, 1, 0.5f).Constant("beta", [4], 0.5f, -0.5f, 0, 1).Constant("mean", [4], 0.1f, 0.2f, 0, 0)
            .Constant("variance", [4], 1, 4, 0, 2).Constant("scale", [1], -2f).Constant("offset", [4, 1, 1], 1, 2, 3, 4)
            .Node("Conv", ["x", "w"], "a").Node("BatchNormalization", ["a", "gamma", "beta", "mean", "variance"], "b")
            .Node("Mul", ["scale", "b"], "c").Node("Add", ["c", "offset"], "y").Output("y");
        var network = builder.Load(new LoadOptions { KeepDeadChannels = true });
        var layer = Assert.Single(network.Layers);
        Assert.Single(network.Graph.Nodes);
        AssertSameFunction(builder.Model, network);
        Assert.Equal([0f, 3f, 3f, 2f], layer.BatchNormalization!.Mean);
        Assert.Equal([4f, 6f, 2f, 1f], layer.BatchNormalization.StandardDeviation);
        Assert.Equal((2, 3f), (Assert.Single(layer.DeadChannels).Channel, layer.DeadChannels[0].Constant));
    }

    [Theory]
    [InlineData("sigmoid", ActivationKind.Swish, 2)]
    [InlineData("beta", ActivationKind.Swish, 3)]
    [InlineData("clip", ActivationKind.HardSwish, 4)]
    [InlineData("hard-sigmoid", ActivationKind.HardSwish, 2)]
    public void Activations_written_as_several_nodes_are_one(string form, ActivationKind expected, int nodes)
    {
        var builder = new GraphBuilder(opset: 9).Input("x", 0, 3, 5, 5).RandomConstant("w", 4, 3, 1, 1)
            .Constant("three", [1], 3f).Constant("six", [1], 6f).Constant("beta", [1], 1.7f).Node("Conv", ["x", "w"], "c");
        _ = form switch
        {
            "sigmoid" => builder.Node("Sigmoid", ["c"], "g").Node("Mul", ["g", "c"], "y"),
            "beta" => builder.Node("Mul", ["c", "beta"], "s").Node("Sigmoid", ["s"], "g").Node("Mul", ["c", "g"], "y"),
            "hard-sigmoid" => builder.Node("HardSigmoid", ["c"], "g", Float("alpha", 1 / 6f), Float("beta", 0.5f)).Node("Mul", ["c", "g"], "y"),
            _ => builder.Node("Add", ["c", "three"], "s").Node("Clip", ["s"], "g", Float("min", 0), Float("max", 6)).Node("Mul", ["c", "g"], "p").Node("Div", ["p", "six"], "y"),
        };
        var network = builder.Output("y").Load();
        var layer = Assert.Single(network.Layers);
        Assert.Equal((expected, nodes, "y"), (layer.Activation.Kind, layer.ActivationNodes.Length, layer.Output));
        Assert.Empty(network.NotAnalysed);
        AssertSameFunction(builder.Model, network);
    }

    [Fact]
    public void A_gate_that_another_node_reads_too_is_left_alone()
    {
        var network = new GraphBuilder().Input("x", 0, 3, 5, 5).RandomConstant("w", 4, 3, 1, 1).Node("Conv", ["x", "w"], "c")
            .Node("Sigmoid", ["c"], "g").Node("Mul", ["c", "g"], "p").Node("Add", ["p", "g"], "y").Output("y").Load();
        Assert.Equal(ActivationKind.None, Assert.Single(network.Layers).Activation.Kind);
    }

    /// <summary>Chains of random pieces: whatever folds, the function stays.</summary>
    [Fact]
    public void Random_chains_keep_their_function() => Gen.Int[0, 7].Array[1, 6].Sample((int[] pieces) =>
    {
        var builder = new GraphBuilder().Input("x", 0, 3, 5, 5).RandomConstant("w0", 4, 3, 3, 3).RandomConstant("c", 4, 1, 1).RandomConstant("s", 1)
            .RandomConstant("depthwise", 4, 1, 3, 3).RandomConstant("pointwise", 4, 4, 1, 1).RandomConstant("mean", 4).RandomConstant("beta", 4)
            .Constant("variance", [4], 0.5f, 1, 2, 3).Constant("gamma", [4], 1, -0.5f, 2, 1)
            .Node("Conv", ["x", "w0"], "t0", Ints("pads", 1, 1, 1, 1));
        for (var index = 0; index < pieces.Length; index++)
        {
            var (from, to) = ($"t{index}", index == pieces.Length - 1 ? "y" : $"t{index + 1}");
            _ = pieces[index] switch
            {
                0 => builder.Node("Mul", [from, "c"], to),
                1 => builder.Node("Add", ["s", from], to),
                2 => builder.Node("Sub", [from, "c"], to),
                3 => builder.Node("BatchNormalization", [from, "gamma", "beta", "mean", "variance"], to),
                4 => builder.Node("Relu", [from], to),
                5 => builder.Node("Conv", [from, "depthwise"], to, Int("group", 4), Ints("pads", 1, 1, 1, 1)),
                6 => builder.Node("Conv", [from, "pointwise"], to),
                _ => builder.Node("Identity", [from], to),
            };
        }
        AssertSameFunction(builder.Output("y").Model, builder.Load(), 5e-5);
    }, iter: 150);
}
