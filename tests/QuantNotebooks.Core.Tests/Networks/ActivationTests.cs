using CsCheck;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx.Schema;
using static QuantNotebooks.Core.Tests.GraphBuilder;

namespace QuantNotebooks.Core.Tests.Networks;

/// <summary>Activations are known in every form that exporters write, with their constants.</summary>
public sealed class ActivationTests
{
    private static GraphBuilder Start(int opset) => new GraphBuilder(opset).Input("x", 0, 2, 4).RandomConstant("w", 3, 2, 1)
        .Constant("half", [], 0.5f).Constant("one", [1], 1f).Constant("two", [], 2f).Constant("three", [], 3f).Constant("six", [], 6f).Constant("sixth", [1], 1 / 6f)
        .Constant("root2", [], MathF.Sqrt(2)).Constant("inverseRoot2", [1, 1, 1], 1 / MathF.Sqrt(2)).Constant("cubic", [], 0.044715f).Constant("rootOfTwoOverPi", [], MathF.Sqrt(2 / MathF.PI))
        .Constant("zero", [], 0f).Constant("low", [], -0.3f).Constant("high", [], 0.7f).Constant("perChannel", [3, 1], 0.1f, 0.2f, 0.3f).Constant("minusOne", [], -1f)
        .Node("Conv", ["x", "w"], "c");

    public static TheoryData<string> Forms => [.. Written.Keys];

    private static readonly Dictionary<string, (Activation Expected, Func<GraphBuilder, GraphBuilder> Write)> Written = new()
    {
        ["ReLU"] = (new(ActivationKind.Relu), b => b.Node("Relu", ["c"], "y")),
        ["ReLU by Max"] = (new(ActivationKind.Relu), b => b.Node("Max", ["zero", "c"], "y")),
        ["LeakyReLU"] = (new(ActivationKind.LeakyRelu) { Alpha = 0.3f }, b => b.Node("LeakyRelu", ["c"], "y", Float("alpha", 0.3f))),
        ["LeakyReLU by its default"] = (new(ActivationKind.LeakyRelu) { Alpha = 0.01f }, b => b.Node("LeakyRelu", ["c"], "y")),
        ["LeakyReLU by Max"] = (new(ActivationKind.LeakyRelu) { Alpha = 0.5f }, b => b.Node("Mul", ["c", "half"], "s").Node("Max", ["c", "s"], "y")),
        ["PReLU"] = (new(ActivationKind.PRelu) { ChannelSlopes = [0.1f, 0.2f, 0.3f] }, b => b.Node("PRelu", ["c", "perChannel"], "y")),
        ["PReLU in five nodes"] = (new(ActivationKind.PRelu) { ChannelSlopes = [0.1f, 0.2f, 0.3f] }, b => b
            .Node("Relu", ["c"], "p").Node("Neg", ["c"], "n").Node("Relu", ["n"], "m").Node("Mul", ["m", "perChannel"], "s").Node("Sub", ["p", "s"], "y")),
        ["Clip"] = (new(ActivationKind.Clip, -0.3f, 0.7f), b => b.Node("Clip", ["c", "low", "high"], "y")),
        ["Clip by Min and Max"] = (new(ActivationKind.Clip, -0.3f, 0.7f), b => b.Node("Min", ["high", "c"], "m").Node("Max", ["m", "low"], "y")),
        ["ReLU6 by Relu and Min"] = (new(ActivationKind.Clip, 0, 6), b => b.Node("Relu", ["c"], "m").Node("Min", ["m", "six"], "y")),
        ["Sigmoid"] = (new(ActivationKind.Sigmoid), b => b.Node("Sigmoid", ["c"], "y")),
        ["Sigmoid by Exp"] = (new(ActivationKind.Sigmoid), b => b.Node("Neg", ["c"], "n").Node("Exp", ["n"], "e").Node("Add", ["e", "one"], "d").Node("Div", ["one", "d"], "y")),
        ["HardSigmoid"] = (new(ActivationKind.HardSigmoid) { Alpha = 0.2f, Beta = 0.5f }, b => b.Node("HardSigmoid", ["c"], "y")),
        // The first of its constants is folded into the bias, and then this is what is left.
        ["HardSigmoid by Clip"] = (new(ActivationKind.Clip, 0, 6) { ChannelScales = [1 / 6f, 1 / 6f, 1 / 6f], ChannelOffsets = [0, 0, 0] }, b => b
            .Node("Add", ["c", "three"], "s").Node("Clip", ["s", "zero", "six"], "g").Node("Mul", ["g", "sixth"], "y")),
        ["Tanh"] = (new(ActivationKind.Tanh), b => b.Node("Tanh", ["c"], "y")),
        ["HardSwish"] = (new(ActivationKind.HardSwish), b => b.Node("HardSwish", ["c"], "y")),
        ["HardSwish, divided last"] = (new(ActivationKind.HardSwish), b => b
            .Node("Add", ["c", "three"], "s").Node("Clip", ["s", "zero", "six"], "g").Node("Mul", ["c", "g"], "p").Node("Div", ["p", "six"], "y")),
        ["HardSwish, divided first"] = (new(ActivationKind.HardSwish), b => b
            .Node("Add", ["three", "c"], "s").Node("Relu", ["s"], "r").Node("Min", ["r", "six"], "g").Node("Mul", ["g", "sixth"], "d").Node("Mul", ["d", "c"], "y")),
        ["HardSwish by HardSigmoid"] = (new(ActivationKind.HardSwish), b => b
            .Node("HardSigmoid", ["c"], "g", Float("alpha", 1 / 6f)).Node("Mul", ["g", "c"], "y")),
        ["SiLU"] = (new(ActivationKind.Swish) { Beta = 1 }, b => b.Node("Sigmoid", ["c"], "g").Node("Mul", ["c", "g"], "y")),
        ["Swish"] = (new(ActivationKind.Swish) { Beta = 3 }, b => b.Node("Mul", ["three", "c"], "s").Node("Sigmoid", ["s"], "g").Node("Mul", ["c", "g"], "y")),
        ["GELU"] = (new(ActivationKind.Gelu), b => b.Node("Gelu", ["c"], "y")),
        ["GELU by Erf"] = (new(ActivationKind.Gelu), b => b
            .Node("Div", ["c", "root2"], "d").Node("Erf", ["d"], "e").Node("Add", ["e", "one"], "a").Node("Mul", ["c", "a"], "p").Node("Mul", ["p", "half"], "y")),
        ["GELU by Erf, halved first"] = (new(ActivationKind.Gelu), b => b
            .Node("Mul", ["c", "half"], "h").Node("Mul", ["c", "inverseRoot2"], "d").Node("Erf", ["d"], "e").Node("Add", ["one", "e"], "a").Node("Mul", ["h", "a"], "y")),
        ["GELU by Tanh"] = (new(ActivationKind.Gelu), b => b
            .Node("Pow", ["c", "three"], "p").Node("Mul", ["p", "cubic"], "q").Node("Add", ["c", "q"], "s").Node("Mul", ["s", "rootOfTwoOverPi"], "u").Node("Tanh", ["u"], "t")
            .Node("Add", ["t", "one"], "a").Node("Mul", ["c", "half"], "h").Node("Mul", ["h", "a"], "y")),
        ["GELU by Tanh and products"] = (new(ActivationKind.Gelu), b => b
            .Node("Mul", ["c", "c"], "v").Node("Mul", ["v", "c"], "p").Node("Mul", ["p", "cubic"], "q").Node("Add", ["q", "c"], "s").Node("Mul", ["rootOfTwoOverPi", "s"], "u")
            .Node("Tanh", ["u"], "t").Node("Add", ["one", "t"], "a").Node("Mul", ["c", "a"], "m").Node("Mul", ["half", "m"], "y")),
        ["Mish"] = (new(ActivationKind.Other) { OtherName = "Mish" }, b => b.Node("Softplus", ["c"], "s").Node("Tanh", ["s"], "t").Node("Mul", ["c", "t"], "y")),
        ["ELU"] = (new(ActivationKind.Other) { OtherName = "Elu" }, b => b.Node("Elu", ["c"], "y")),
        ["Scaled"] = (new(ActivationKind.Relu) { ChannelScales = [0.2f, 0.4f, 0.6f], ChannelOffsets = [0.5f, 0.5f, 0.5f] }, b => b
            .Node("Relu", ["c"], "r").Node("Mul", ["r", "perChannel"], "s").Node("Mul", ["s", "two"], "t").Node("Add", ["t", "half"], "y")),
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void It_is_known_in_this_form(string form)
    {
        var (expected, write) = Written[form];
        var network = write(Start(opset: 20)).Output("y").Load();
        var layer = Assert.Single(network.Layers);
        Assert.Equal("y", layer.Output);
        Assert.Empty(network.NotAnalysed);
        // Constants that are read off the values of a formula carry its rounding.
        var actual = layer.Activation;
        Assert.Equal(expected.Alpha, actual.Alpha, 1e-6);
        Assert.Equal(expected.Beta, actual.Beta, 1e-6);
        Assert.All(expected.ChannelSlopes.Zip(actual.ChannelSlopes), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
        Assert.All(expected.ChannelScales.Zip(actual.ChannelScales), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
        Assert.Equal(expected, actual with
        {
            Alpha = expected.Alpha, Beta = expected.Beta,
            ChannelSlopes = actual.ChannelSlopes.Count == expected.ChannelSlopes.Count ? expected.ChannelSlopes : actual.ChannelSlopes,
            ChannelScales = actual.ChannelScales.Count == expected.ChannelScales.Count ? expected.ChannelScales : actual.ChannelScales,
        });
    }

    /// <summary>ReLUs and bounds one after the other, for all channels or for each, are one clip: each channel's bounds give what the nodes give one after the other.</summary>
    [Fact]
    public void A_chain_of_clips_is_one_clip()
    {
        var bound = Gen.OneOf(Gen.Float[-3, 3].Array[1], Gen.Float[-3, 3].Array[3]);
        Gen.Select(Gen.Int[0, 2], bound).Array[2, 4].Sample(steps =>
        {
            var builder = Start(opset: 17);
            var values = Enumerable.Range(0, 3).Select(_ => Enumerable.Range(-40, 81).Select(point => point / 8f).ToArray()).ToArray();
            for (var step = 0; step < steps.Length; step++)
            {
                var (kind, bounds) = steps[step];
                var (from, to) = (step == 0 ? "c" : $"s{step}", step == steps.Length - 1 ? "y" : $"s{step + 1}");
                if (kind == 0) builder.Node("Relu", [from], to);
                else builder.Constant($"b{step}", bounds.Length == 1 ? [] : [3, 1], bounds).Node(kind == 1 ? "Min" : "Max", [from, $"b{step}"], to);
                for (var channel = 0; channel < 3; channel++)
                {
                    var own = bounds[bounds.Length == 1 ? 0 : channel];
                    values[channel] = Array.ConvertAll(values[channel], value => kind == 0 ? Math.Max(value, 0) : kind == 1 ? Math.Min(value, own) : Math.Max(value, own));
                }
            }
            var layer = Assert.Single(builder.Output("y").Load().Layers);
            Assert.Equal("y", layer.Output);
            for (var channel = 0; channel < 3; channel++)
                for (var point = 0; point < 81; point++)
                {
                    var value = (point - 40) / 8.0;
                    var clipped = layer.Activation.Kind == ActivationKind.Relu
                        ? Math.Max(value, 0)
                        : Math.Clamp(value, layer.Activation.MinimumOf(channel), layer.Activation.MaximumOf(channel));
                    Assert.Equal(values[channel][point], clipped);
                }
        }, iter: 300);
    }

    /// <summary>The formula that the operators are judged by is ONNX Runtime's own.</summary>
    [Theory]
    [InlineData("Relu")]
    [InlineData("LeakyRelu")]
    [InlineData("Sigmoid")]
    [InlineData("HardSigmoid")]
    [InlineData("HardSwish")]
    [InlineData("Tanh")]
    [InlineData("Gelu")]
    [InlineData("Elu")]
    [InlineData("Celu")]
    [InlineData("Selu")]
    [InlineData("Softplus")]
    [InlineData("Softsign")]
    [InlineData("Mish")]
    [InlineData("ThresholdedRelu")]
    [InlineData("Erf")]
    [InlineData("Exp")]
    [InlineData("Abs")]
    [InlineData("Neg")]
    [InlineData("Reciprocal")]
    public void Operators_are_evaluated_as_onnx_runtime_does(string operation)
    {
        var model = new GraphBuilder(opset: 20).Input("x", 0).Node(operation, ["x"], "y").Output("y").Model;
        float[] points = [-20, -3, -1, -0.5f, -0.01f, 0.01f, 0.5f, 1, 3, 20];
        var expected = ModelRun.Tensors(model, points, [points.Length])["y"].Values;
        var actual = ElementWise.Evaluate(model.Graph.Node[0], [[.. points.Select(value => (double)value)]], points.Length)!;
        for (var index = 0; index < points.Length; index++) Assert.Equal(expected[index], actual[index], 1e-6 * Math.Max(1, Math.Abs(expected[index])));
    }

    [Fact]
    public void A_formula_of_more_than_one_tensor_is_no_activation()
    {
        var network = Start(opset: 17).RandomConstant("v", 3, 2, 1).Node("Conv", ["x", "v"], "d")
            .Node("Sigmoid", ["c"], "g").Node("Mul", ["d", "g"], "y").Output("y").Load();
        Assert.Equal(["g", "d"], network.Layers.Select(layer => layer.Output));
    }

    [Fact]
    public void A_slope_that_varies_within_a_channel_is_not_taken_for_one_a_channel()
    {
        var network = Start(opset: 17).Constant("slopes", [3, 4], [.. Enumerable.Range(0, 12).Select(value => value * 0.1f)])
            .Node("PRelu", ["c", "slopes"], "y").Output("y").Load();
        Assert.Equal(ActivationKind.None, Assert.Single(network.Layers).Activation.Kind);
        Assert.Equal("PRelu", Assert.Single(network.NotAnalysed).Operator);
    }

    [Theory]
    [InlineData("SAME_UPPER", 7, 3, 2, 1)]
    [InlineData("SAME_LOWER", 8, 4, 3, 1)]
    [InlineData("SAME_UPPER", 9, 4, 1, 1)]
    [InlineData("VALID", 9, 2, 1, 3)]
    public void Automatic_padding_is_onnx_runtimes(string autoPad, int size, int kernel, int stride, int dilation)
    {
        var automatic = new AttributeProto { Name = "auto_pad", S = Google.Protobuf.ByteString.CopyFromUtf8(autoPad), Type = AttributeProto.Types.AttributeType.String };
        ModelProto Model(AttributeProto padding) => new GraphBuilder().Input("x", 0, 1, size).RandomConstant("w", 1, 1, kernel)
            .Node("Conv", ["x", "w"], "y", padding, Ints("strides", stride), Ints("dilations", dilation)).Output("y").Model;
        var layer = Assert.Single(Network.FromModel(Model(automatic), new NetworkFacts("test", "test.onnx"), LoadOptions.Default).Layers);
        var pads = layer.Convolution!.PadsFor([size]);
        float[] input = [.. Enumerable.Range(0, size).Select(value => MathF.Sin(value))];
        Assert.Equal(
            ModelRun.Tensors(Model(automatic), input, [1, 1, size])["y"].Values,
            ModelRun.Tensors(Model(Ints("pads", [.. pads.Select(pad => (long)pad)])), input, [1, 1, size])["y"].Values);
    }
}
