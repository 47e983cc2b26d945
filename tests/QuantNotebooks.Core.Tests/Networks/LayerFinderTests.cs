using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using static QuantNotebooks.Core.Tests.GraphBuilder;

namespace QuantNotebooks.Core.Tests.Networks;

/// <summary>Layers of every kind are recognized, and folding keeps the function of graphs built to trap it.</summary>
public sealed class LayerFinderTests
{
    [Fact]
    public void A_matrix_product_and_the_bias_after_it_are_one_layer()
    {
        var network = new GraphBuilder().Input("x", 0, 5, 3).RandomConstant("w", 3, 4).RandomConstant("b", 4)
            .Node("MatMul", ["x", "w"], "product").Node("Add", ["b", "product"], "sum").Node("Relu", ["sum"], "y").Output("y").Load();
        var layer = Assert.Single(network.Layers);
        Assert.Equal((LayerOperator.MatMul, 4, "sum", "y"), (layer.Operator, layer.Channels, layer.PreActivation, layer.Output));
        Assert.True(layer.HasBias);
        Assert.Equal(ActivationKind.Relu, layer.Activation.Kind);
    }

    [Theory]
    [InlineData(0, new long[] { 3, 4 })]
    [InlineData(1, new long[] { 4, 3 })]
    public void Gemm_channels_follow_transB(int transposed, long[] shape)
    {
        var weights = Enumerable.Range(0, 12).Select(value => (float)value).ToArray();
        var network = new GraphBuilder().Input("x", 0, 3).Constant("w", shape, weights)
            .Node("Gemm", ["x", "w"], "y", Int("transB", transposed)).Output("y").Load();
        var layer = Assert.Single(network.Layers);
        Assert.Equal(4, layer.Channels);
        var owned = new List<float>();
        layer.Layout.ForEachRun(1, (start, length) => owned.AddRange(layer.Weights.Slice(start, length)));
        Assert.Equal(transposed == 1 ? [3f, 4f, 5f] : [1f, 5f, 9f], owned);
    }

    [Fact]
    public void Transposed_convolution_channels_lie_on_the_second_axis()
    {
        // [I = 4, O/groups = 3, 2] with 2 groups: output channel 4 is channel 1 of group 1, which reads inputs 2 and 3.
        var weights = Enumerable.Range(0, 24).Select(value => (float)value).ToArray();
        var network = new GraphBuilder().Input("x", 0, 4, 9).Constant("w", [4, 3, 2], weights)
            .Node("ConvTranspose", ["x", "w"], "y", Int("group", 2)).Output("y").Load();
        var layer = Assert.Single(network.Layers);
        Assert.Equal((LayerOperator.ConvTranspose, 6), (layer.Operator, layer.Channels));
        var owned = new List<float>();
        layer.Layout.ForEachRun(4, (start, length) => owned.AddRange(layer.Weights.Slice(start, length)));
        Assert.Equal([14f, 15f, 20f, 21f], owned);
    }

    [Fact]
    public void Convolutions_are_told_apart_by_their_groups()
    {
        var network = new GraphBuilder().Input("x", 0, 4, 8, 8)
            .RandomConstant("a.weight", 8, 4, 3, 3).RandomConstant("b.weight", 8, 1, 3, 3).RandomConstant("c.weight", 6, 4, 1, 1)
            .Node("Conv", ["x", "a.weight"], "a").Node("Conv", ["a", "b.weight"], "b", Int("group", 8)).Node("Conv", ["b", "c.weight"], "c", Int("group", 2))
            .Output("c").Load();
        Assert.Equal(
            [("a", LayerOperator.Conv), ("b", LayerOperator.DepthwiseConv), ("c", LayerOperator.GroupedConv)],
            network.Layers.Select(layer => (layer.Name, layer.Operator)));
    }

    [Fact]
    public void A_depthwise_convolution_may_make_several_channels_of_one()
    {
        var network = new GraphBuilder().Input("x", 0, 4, 8).RandomConstant("w", 12, 1, 3).Node("Conv", ["x", "w"], "y", Int("group", 4)).Output("y").Load();
        Assert.Equal((LayerOperator.DepthwiseConv, 12, 4), (network.Layers[0].Operator, network.Layers[0].Channels, network.Layers[0].InputChannels));
    }

    [Fact]
    public void Clip_bounds_are_read_in_both_their_forms()
    {
        var old = new GraphBuilder(opset: 9).Input("x", 0, 1, 4).RandomConstant("w", 2, 1, 1)
            .Node("Conv", ["x", "w"], "c").Node("Clip", ["c"], "y", Float("min", -1), Float("max", 2.5f)).Output("y").Load();
        var current = new GraphBuilder(opset: 13).Input("x", 0, 1, 4).RandomConstant("w", 2, 1, 1).Constant("six", [], 6f)
            .Node("Conv", ["x", "w"], "c").Node("Clip", ["c", "", "six"], "y").Output("y").Load();
        Assert.Equal(new Activation(ActivationKind.Clip, -1, 2.5), old.Layers[0].Activation);
        Assert.Equal(new Activation(ActivationKind.Clip, double.NegativeInfinity, 6), current.Layers[0].Activation);
    }

    [Fact]
    public void A_clip_with_bounds_per_channel_is_a_layers_activation_and_a_junctions()
    {
        var network = new GraphBuilder().Input("x", 0, 1, 4).RandomConstant("w", 2, 1, 1).RandomConstant("v", 2, 1, 1)
            .Constant("high", [2, 1], 3f, 12f).Constant("low", [2, 1], -1f, 0.5f).Constant("both", [], 4f)
            .Node("Conv", ["x", "w"], "c").Node("Relu", ["c"], "r").Node("Min", ["r", "high"], "a")
            .Node("Conv", ["x", "v"], "d").Node("Max", ["low", "d"], "m").Node("Min", ["m", "both"], "b")
            .Node("Add", ["a", "b"], "s").Node("Relu", ["s"], "t").Node("Min", ["t", "high"], "y").Output("y").Load();
        Assert.Equal(["a", "b"], network.Layers.Select(layer => layer.Output));
        Assert.Equal(new Activation(ActivationKind.Clip, 0, 12) { ChannelMaximums = [3, 12] }, network.Layers[0].Activation);
        Assert.Equal(new Activation(ActivationKind.Clip, -1, 4) { ChannelMinimums = [-1, 0.5f] }, network.Layers[1].Activation);
        Assert.Empty(network.NotAnalysed);
        Assert.Equal(["a", "b", "x", "y"], QuantizerPlacement.Of(network, QuantNotebooks.Quantization.QuantizationScheme.Int8PerTensor).Tensors);
    }

    [Fact]
    public void An_activation_of_a_tapped_tensor_is_not_part_of_the_layer()
    {
        var network = new GraphBuilder().Input("x", 0, 1, 4).RandomConstant("w", 2, 1, 1)
            .Node("Conv", ["x", "w"], "c").Node("Relu", ["c"], "y").Output("y").Output("c").Load();
        Assert.Equal(ActivationKind.None, Assert.Single(network.Layers).Activation.Kind);
        Assert.Contains("follows no layer alone", Assert.Single(network.NotAnalysed).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_that_two_layers_share_are_each_layers_own_after_loading()
    {
        var builder = new GraphBuilder().Input("x", 0, 2, 6, 6).RandomConstant("w", 2, 2, 1, 1)
            .Constant("gamma", [2], 2, 3).Constant("beta", [2], 0.5f, -0.5f).Constant("mean", [2], 0.1f, 0.2f).Constant("variance", [2], 1, 4)
            .Node("Conv", ["x", "w"], "a").Node("BatchNormalization", ["a", "gamma", "beta", "mean", "variance"], "n").Node("Relu", ["n"], "r")
            .Node("Conv", ["r", "w"], "y").Output("y");
        var network = builder.Load();
        Assert.Equal(2, network.Layers.Select(layer => layer.WeightName).Distinct().Count());
        var input = Enumerable.Range(0, 3 * 72).Select(value => MathF.Sin(value)).ToArray();
        Assert.InRange(ModelRun.RelativeDifference(
            ModelRun.Tensors(builder.Model, input, [3, 2, 6, 6])["y"].Values,
            ModelRun.Tensors(network.ToModel(), input, [3, 2, 6, 6])["y"].Values), 0, 1e-6);
    }

    [Fact]
    public void Batch_normalization_whose_input_is_used_twice_stays_and_is_reported()
    {
        var builder = new GraphBuilder().Input("x", 0, 2, 6).RandomConstant("w", 2, 2, 1)
            .Constant("gamma", [2], 2, 3).Constant("beta", [2], 0.5f, -0.5f).Constant("mean", [2], 0.1f, 0.2f).Constant("variance", [2], 1, 4)
            .Node("Conv", ["x", "w"], "a").Node("BatchNormalization", ["a", "gamma", "beta", "mean", "variance"], "n").Node("Add", ["a", "n"], "y").Output("y");
        var network = builder.Load();
        Assert.Equal("BatchNormalization", Assert.Single(network.NotAnalysed).Operator);
        var input = Enumerable.Range(0, 24).Select(value => MathF.Cos(value)).ToArray();
        Assert.Equal(
            ModelRun.Tensors(builder.Model, input, [2, 2, 6])["y"].Values,
            ModelRun.Tensors(network.ToModel(), input, [2, 2, 6])["y"].Values);
    }

    [Fact]
    public void Identities_and_dropout_vanish_and_constants_are_found_behind_them()
    {
        var builder = new GraphBuilder().Input("x", 0, 2, 6).RandomConstant("w0", 3, 2, 1).RandomConstant("b0", 3)
            .Node("Identity", ["w0"], "w").Node("Identity", ["x"], "i").Node("Conv", ["i", "w", "b0"], "c").Node("Dropout", ["c"], "d").Node("Relu", ["d"], "y").Output("y");
        var network = builder.Load();
        Assert.Equal(["Conv", "Relu"], network.Graph.Nodes.Select(node => node.OpType));
        Assert.Equal(ActivationKind.Relu, Assert.Single(network.Layers).Activation.Kind);
    }
}
