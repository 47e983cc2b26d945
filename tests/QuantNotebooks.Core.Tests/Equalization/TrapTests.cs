using QuantNotebooks.Equalization;
using QuantNotebooks.Networks;
using static QuantNotebooks.Core.Tests.GraphBuilder;

namespace QuantNotebooks.Core.Tests.Equalization;

/// <summary>Graphs on which tools are known to break the function: here each is exact, or refused with the reason.</summary>
public sealed class TrapTests
{
    private static readonly float[] Input = RandomGraph.Input(3);

    internal static GraphBuilder Start() => new GraphBuilder(opset: 13).Input("x", 0, 2, 6, 6)
        .RandomConstant("a", 4, 2, 1, 1).RandomConstant("b", 4, 4, 1, 1).RandomConstant("c", 4, 4, 1, 1).RandomConstant("bias", 4);

    /// <summary>Equalizes with scaled ranges and checks the function on all outputs; returns what was found.</summary>
    internal static (EqualizationResult Result, Network Network) Exact(GraphBuilder builder)
    {
        var network = builder.Load();
        var result = network.Equalize(EqualizationMethod.CrossLayer);
        var powers = network.Equalize(EqualizationMethod.CrossLayer, options: new EqualizationOptions { PowerOfTwo = true });
        var expected = ModelRun.Tensors(network.ToModel(), Input, RandomGraph.InputShape, optimize: false);
        var actual = ModelRun.Tensors(result.Network.ToModel(), Input, RandomGraph.InputShape, optimize: false);
        var exact = ModelRun.Tensors(powers.Network.ToModel(), Input, RandomGraph.InputShape, optimize: false);
        foreach (var (name, (_, values)) in expected)
        {
            Assert.InRange(ModelRun.RelativeDifference(values, actual[name].Values), 0, 1e-5);
            Assert.Equal(values, exact[name].Values);
        }
        return (result, network);
    }

    private static string Reason(EqualizationResult result, string from, string to) =>
        Assert.Single(result.Refused, edge => edge.From == from && edge.To == to).Reason;

    [Fact]
    public void A_constant_added_between_layers_is_scaled_along()
    {
        var (result, _) = Exact(Start().Constant("k", [4, 1, 1], 1, -2, 3, 4).Node("Conv", ["x", "a"], "t").Node("Relu", ["t"], "u").Node("Add", ["u", "k"], "v")
            .Node("Relu", ["v"], "w").Node("Conv", ["w", "b"], "y").Output("y"));
        Assert.Contains(Assert.Single(result.Groups).Factors, factor => factor != 1);
    }

    [Fact]
    public void A_tensor_that_is_also_an_output_keeps_its_scale()
    {
        var (result, _) = Exact(Start().Node("Conv", ["x", "a"], "t").Node("Relu", ["t"], "u").Node("Conv", ["u", "b"], "y").Output("y").Output("u"));
        Assert.Empty(result.Groups);
        Assert.Equal("an output of the network", Reason(result, "Conv/t", "Conv/y"));
        Assert.Same(result.Network, result.Network.Parent ?? result.Network);
    }

    [Fact]
    public void Shared_weights_are_scaled_apart()
    {
        var (result, _) = Exact(Start().Node("Conv", ["x", "a"], "t").Node("Relu", ["t"], "u").Node("Conv", ["u", "b"], "v").Node("Relu", ["v"], "w").Node("Conv", ["w", "b"], "y").Output("y"));
        Assert.Equal(2, result.Groups.Length);
    }

    [Fact]
    public void Padding_with_a_value_is_refused_and_with_zero_passes()
    {
        GraphBuilder Padded(float value) => Start().Integers("pads", 0, 0, 1, 1, 0, 0, 1, 1).Constant("value", [], value)
            .Node("Conv", ["x", "a"], "t").Node("Relu", ["t"], "u").Node("Pad", ["u", "pads", "value"], "p").Node("Conv", ["p", "b"], "y").Output("y");
        var (refused, _) = Exact(Padded(1));
        Assert.Equal("Pad with a value that is not zero", Reason(refused, "Conv/t", "Pad/p"));
        Assert.Single(Exact(Padded(0)).Result.Groups);
    }

    [Fact]
    public void Channels_that_nothing_makes_or_reads_blow_nothing_up()
    {
        var (result, _) = Exact(new GraphBuilder().Input("x", 0, 2, 6, 6).Constant("a", [3, 2, 1, 1], 0, 0, 1, 2, 3, 4).Constant("bias", [3], 5, 1, 1)
            .Constant("b", [2, 3, 1, 1], 1, 2, 0, 4, 5, 0).Node("Conv", ["x", "a", "bias"], "t").Node("Relu", ["t"], "u").Node("Conv", ["u", "b"], "y").Output("y"));
        var factors = Assert.Single(result.Groups).Factors;
        Assert.Equal((1.0, factors[1]), (factors[0], factors[2]));
        Assert.Equal(Math.Sqrt(5.0 / 2), factors[1], 1e-6);
    }

    [Fact]
    public void Residual_branches_that_cross_share_their_factors()
    {
        var (result, _) = Exact(Start().Node("Conv", ["x", "a", "bias"], "t").Node("Relu", ["t"], "u").Node("Conv", ["u", "b"], "v").Node("Add", ["u", "v"], "s")
            .Node("Conv", ["s", "c"], "w").Node("Add", ["w", "s"], "q").Node("Add", ["q", "u"], "r").RandomConstant("d", 2, 4, 1, 1).Node("Conv", ["r", "d"], "y").Output("y"));
        var group = Assert.Single(result.Groups);
        Assert.Equal(["Conv/t", "Conv/v", "Conv/w"], group.Producers);
        Assert.Equal(["Conv/v", "Conv/w", "Conv/y"], group.Consumers);
    }

    [Fact]
    public void A_clip_is_kept_exactly_by_bounds_per_channel()
    {
        var (result, network) = Exact(Start().Constant("zero", [], 0f).Constant("six", [], 0.5f).Node("Conv", ["x", "a", "bias"], "t").Node("Clip", ["t", "zero", "six"], "u")
            .Node("Conv", ["u", "b"], "y").Output("y"));
        Assert.Equal(["Conv", "Clip", "Conv"], network.Graph.Nodes.Select(node => node.OpType));
        Assert.Equal(["Conv", "Relu", "Min", "Conv"], result.Network.Graph.Nodes.Select(node => node.OpType));
        Assert.True(result.Network.Layers[0].Activation.HasChannelBounds);
        Assert.Empty(result.Network.NotAnalysed);
        // And again: bounds that are constants of Min already are scaled along.
        var again = result.Network.Equalize(EqualizationMethod.CrossLayer);
        Assert.Equal(["Conv", "Relu", "Min", "Conv"], again.Network.Graph.Nodes.Select(node => node.OpType));
    }

    [Theory]
    [InlineData("Sigmoid")]
    [InlineData("HardSwish")]
    [InlineData("Tanh")]
    public void An_activation_that_is_not_homogeneous_is_refused(string activation)
    {
        var (result, _) = Exact(new GraphBuilder(opset: 14).Input("x", 0, 2, 6, 6).RandomConstant("a", 4, 2, 1, 1).RandomConstant("b", 4, 4, 1, 1)
            .Node("Conv", ["x", "a"], "t").Node(activation, ["t"], "u").Node("Conv", ["u", "b"], "y").Output("y"));
        Assert.Empty(result.Groups);
        Assert.StartsWith($"{activation} is not homogeneous", Reason(result, "Conv/t", "Conv/y"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_function_in_several_nodes_is_refused_as_a_whole()
    {
        var (result, _) = Exact(Start().Constant("three", [], 3f).Constant("zero", [], 0f).Constant("six", [], 6f).Node("Conv", ["x", "a"], "t").Node("Add", ["t", "three"], "s")
            .Node("Clip", ["s", "zero", "six"], "g").Node("Mul", ["t", "g"], "p").Node("Div", ["p", "six"], "u").Node("Conv", ["u", "b"], "y").Output("y"));
        Assert.StartsWith("HardSwish is not homogeneous", Reason(result, "Conv/t", "Conv/y"), StringComparison.Ordinal);
    }

    [Fact]
    public void Factors_pass_what_a_gate_multiplies_and_not_the_gate()
    {
        var (result, _) = Exact(Start().Node("Conv", ["x", "a", "bias"], "t").Node("Relu", ["t"], "u").Node("GlobalAveragePool", ["u"], "p").Node("Conv", ["p", "b"], "g")
            .Node("HardSigmoid", ["g"], "h").Node("Mul", ["u", "h"], "m").Node("Conv", ["m", "c"], "y").Output("y"));
        var group = Assert.Single(result.Groups);
        Assert.Equal(["Conv/t"], group.Producers);
        Assert.Equal(["Conv/g", "Conv/y"], group.Consumers);
        Assert.StartsWith("HardSigmoid is not homogeneous", Reason(result, "Conv/g", "HardSigmoid/h"), StringComparison.Ordinal);
    }
}
