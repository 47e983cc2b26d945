using QuantNotebooks.Onnx.Schema;
using static QuantNotebooks.Core.Tests.GraphBuilder;

namespace QuantNotebooks.Core.Tests.Equalization;

/// <summary>Through each piece that factors are said to pass they do pass, from the layer before it to the layer behind it, and the function stays.</summary>
public sealed class PieceTests
{
    private static readonly Dictionary<string, (Action<GraphBuilder> Add, string[] Makers, string[] Readers)> Pieces = new()
    {
        ["a depthwise convolution"] = (graph => graph.RandomConstant("d", 4, 1, 3, 3).Node("Conv", ["u", "d"], "v", Int("group", 4), Ints("pads", 1, 1, 1, 1)), ["Conv/t"], ["Conv/v"]),
        ["a depthwise convolution that doubles channels"] = (graph => graph.RandomConstant("d", 8, 1, 3, 3).RandomConstant("e", 4, 8, 1, 1)
            .Node("Conv", ["u", "d"], "w", Int("group", 4), Ints("pads", 1, 1, 1, 1)).Node("Conv", ["w", "e"], "v"), ["Conv/w"], ["Conv/v"]),
        ["a grouped convolution"] = (graph => graph.RandomConstant("d", 4, 2, 1, 1).Node("Conv", ["u", "d"], "v", Int("group", 2)), ["Conv/t"], ["Conv/v"]),
        ["a transposed convolution"] = (graph => graph.RandomConstant("d", 4, 4, 3, 3).Node("ConvTranspose", ["u", "d"], "v", Ints("pads", 1, 1, 1, 1)), ["Conv/t"], ["ConvTranspose/v"]),
        ["PRelu"] = (graph => graph.Constant("slope", [4, 1, 1], 0.1f, 0.2f, 0.3f, 0.4f).Node("PRelu", ["t", "slope"], "v"), ["Conv/t"], ["Conv/y"]),
        ["LeakyRelu"] = (graph => graph.Node("LeakyRelu", ["t"], "v", Float("alpha", 0.2f)), ["Conv/t"], ["Conv/y"]),
        ["no activation"] = (graph => graph.Node("Identity", ["t"], "v"), ["Conv/t"], ["Conv/y"]),
        ["MaxPool"] = (graph => graph.Node("MaxPool", ["u"], "v", Ints("kernel_shape", 2, 2)), ["Conv/t"], ["Conv/y"]),
        ["AveragePool"] = (graph => graph.Node("AveragePool", ["u"], "v", Ints("kernel_shape", 2, 2)), ["Conv/t"], ["Conv/y"]),
        ["Pad"] = (graph => graph.Integers("pads", 0, 0, 1, 1, 0, 0, 1, 1).Node("Pad", ["u", "pads"], "v"), ["Conv/t"], ["Conv/y"]),
        ["an addition of a constant"] = (graph => graph.Constant("k", [4, 1, 1], 1, -2, 3, 4).Node("Add", ["u", "k"], "v"), ["Conv/t"], ["Conv/y"]),
        ["a subtraction from a constant"] = (graph => graph.Constant("k", [4, 1, 1], 1, -2, 3, 4).Node("Sub", ["k", "u"], "v"), ["Conv/t"], ["Conv/y"]),
        ["a channel shuffle"] = (graph => graph.Integers("apart", 0, 2, 2, 6, 6).Integers("together", 0, 4, 6, 6).Node("Reshape", ["u", "apart"], "r")
            .Node("Transpose", ["r"], "s", Ints("perm", 0, 2, 1, 3, 4)).Node("Reshape", ["s", "together"], "v"), ["Conv/t"], ["Conv/y"]),
        ["Split and Concat"] = (graph => graph.Node("Split", ["u"], ["p", "q"], Int("axis", 1)).Node("Relu", ["p"], "r").Node("Concat", ["q", "r"], "v", Int("axis", 1)), ["Conv/t"], ["Conv/y"]),
        ["a residual block"] = (graph => graph.Node("Conv", ["u", "c"], "r").Node("Relu", ["r"], "s").Node("Conv", ["s", "b"], "w").Node("Add", ["u", "w"], "v"), ["Conv/t", "Conv/w"], ["Conv/r", "Conv/y"]),
    };

    public static TheoryData<string> Names => [.. Pieces.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Factors_pass(string name)
    {
        var (add, makers, readers) = Pieces[name];
        var graph = TrapTests.Start().Node("Conv", ["x", "a", "bias"], "t").Node("Relu", ["t"], "u");
        add(graph);
        var (result, _) = TrapTests.Exact(graph.RandomConstant("z", 3, 4, 1, 1).Node("Conv", ["v", "z"], "y").Output("y"));
        var group = Assert.Single(result.Groups, group => group.Producers.SequenceEqual(makers) && group.Consumers.SequenceEqual(readers));
        Assert.Contains(group.Factors, factor => Math.Abs(factor - 1) > 1e-3);
    }

    [Fact]
    public void Concat_joins_channels_at_their_offsets()
    {
        var (result, _) = TrapTests.Exact(TrapTests.Start().RandomConstant("d", 3, 4, 1, 1).RandomConstant("z", 2, 7, 1, 1).Node("Conv", ["x", "a", "bias"], "t").Node("Relu", ["t"], "u")
            .Node("Conv", ["u", "d"], "v").Node("Concat", ["v", "u"], "s", Int("axis", 1)).Node("Conv", ["s", "z"], "y").Output("y"));
        Assert.Single(result.Groups, group => group.Producers.SequenceEqual(["Conv/v"]) && group.Consumers.SequenceEqual(["Conv/y"]) && group.Factors.Length == 3);
        Assert.Single(result.Groups, group => group.Producers.SequenceEqual(["Conv/t"]) && group.Consumers.SequenceEqual(["Conv/v", "Conv/y"]) && group.Factors.Length == 4);
    }

    [Theory]
    [InlineData("Gemm", true)]
    [InlineData("Gemm", false)]
    [InlineData("MatMul", true)]
    public void A_classifier_divides_by_the_factors_of_what_it_pools_or_flattens(string operation, bool pools)
    {
        var graph = TrapTests.Start().Node("Conv", ["x", "a", "bias"], "t").Node("Relu", ["t"], "u");
        if (pools) graph.Node("GlobalAveragePool", ["u"], "p").Node("Flatten", ["p"], "f");
        else graph.Node("Flatten", ["u"], "f");
        var (result, _) = TrapTests.Exact(graph.RandomConstant("z", pools ? 4 : 4 * 36, 3).Node(operation, ["f", "z"], "y").Output("y"));
        var group = Assert.Single(result.Groups);
        Assert.Equal(["Conv/t"], group.Producers);
        Assert.Equal(4, group.Factors.Length);
        Assert.Equal([$"{operation}/y"], group.Consumers);
    }
}
