using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Training.Gradients;
using static QuantNotebooks.Core.Tests.GraphBuilder;

namespace QuantNotebooks.Training.Tests.Gradients;

/// <summary>Every gradient rule against central differences of a scalar reference in double.</summary>
public sealed class OperatorGradientTests
{
    private static AttributeProto Text(string name, string value) => Attributes.Text(name, value);

    /// <summary>Kernel, stride, dilation, pads before and after, size, groups, input and output channels a group.</summary>
    public static TheoryData<int, int, int, int, int, int, int, int, int> Convolutions => new()
    {
        { 1, 1, 1, 0, 0, 4, 1, 3, 2 },
        { 3, 1, 1, 1, 1, 5, 1, 2, 3 },
        { 3, 2, 1, 1, 1, 6, 1, 2, 2 },   // a remainder row that no window reaches
        { 3, 2, 1, 1, 1, 6, 4, 1, 1 },   // depthwise
        { 3, 1, 1, 1, 1, 5, 3, 1, 2 },   // depthwise with a multiplier
        { 3, 2, 1, 0, 1, 7, 2, 2, 3 },   // groups, asymmetric pads
        { 3, 1, 2, 2, 2, 6, 1, 2, 2 },   // dilation
        { 3, 2, 2, 3, 0, 9, 2, 1, 2 },   // stride, dilation, uneven pads
        { 1, 2, 1, 0, 0, 5, 1, 2, 3 },   // pointwise with stride
        { 2, 3, 1, 0, 0, 9, 1, 2, 2 },   // stride larger than the kernel
        { 1, 1, 1, 1, 2, 6, 1, 1, 2 },   // pads larger than the kernel reaches
        { 5, 1, 1, 0, 0, 5, 1, 2, 2 },   // one position
    };

    [Theory]
    [MemberData(nameof(Convolutions))]
    public void Conv(int kernel, int stride, int dilation, int before, int after, int size, int groups, int inputs, int outputs) =>
        new NodeCheck("Conv").Input([2, groups * inputs, size, size + 1]).Input([groups * outputs, inputs, kernel, kernel]).Input([groups * outputs])
            .With(Ints("strides", stride, stride), Ints("dilations", dilation, dilation), Ints("pads", before, after, after, before), Int("group", groups)).Run();

    [Theory]
    [MemberData(nameof(Convolutions))]
    public void Conv_transpose(int kernel, int stride, int dilation, int before, int after, int size, int groups, int inputs, int outputs) =>
        new NodeCheck("ConvTranspose").Input([2, groups * inputs, size - 2, size - 1]).Input([groups * inputs, outputs, kernel, kernel]).Input([groups * outputs])
            .With(Ints("strides", stride, stride), Ints("dilations", dilation, dilation), Ints("pads", before, after, after, before), Int("group", groups),
                Ints("output_padding", stride - 1, 0)).Run();

    [Theory]
    [InlineData("SAME_UPPER")]
    [InlineData("SAME_LOWER")]
    [InlineData("VALID")]
    public void Automatic_pads(string mode)
    {
        foreach (var size in (long[])[7, 8])
        {
            new NodeCheck("Conv").Input([1, 2, size, 6]).Input([2, 2, 3, 2]).With(Text("auto_pad", mode), Ints("strides", 2, 1)).Run();
            new NodeCheck("ConvTranspose").Input([1, 2, size, 3]).Input([2, 2, 3, 4]).With(Text("auto_pad", mode), Ints("strides", 2, 1)).Run();
            new NodeCheck("AveragePool").Input([1, 2, size, 6]).With(Ints("kernel_shape", 3, 2), Text("auto_pad", mode), Ints("strides", 2, 1)).Run();
        }
    }

    [Fact]
    public void Convolutions_of_one_and_three_dimensions()
    {
        new NodeCheck("Conv").Input([2, 4, 9]).Input([6, 2, 3]).Input([6]).With(Ints("strides", 2), Ints("pads", 1, 2), Int("group", 2)).Run();
        new NodeCheck("Conv").Input([1, 2, 4, 3, 5]).Input([2, 2, 2, 3, 2]).With(Ints("strides", 2, 1, 2), Ints("pads", 0, 1, 1, 1, 1, 0)).Run();
        new NodeCheck("ConvTranspose").Input([2, 4, 5]).Input([4, 3, 3]).Input([6]).With(Ints("strides", 2), Ints("pads", 1, 0), Int("group", 2)).Run();
        new NodeCheck("ConvTranspose").Input([1, 2, 2, 3, 2]).Input([2, 2, 2, 2, 3]).With(Ints("strides", 2, 1, 2)).Run();
    }

    [Theory]
    [InlineData(0, 0, 1, 1)]
    [InlineData(1, 0, 0.5, 2)]
    [InlineData(0, 1, 2, 0.5)]
    [InlineData(1, 1, 1, 1)]
    public void Gemm(int transA, int transB, float alpha, float beta)
    {
        foreach (var bias in (long[][])[[4], [3, 4], [3, 1], [1, 4], [1]])
            new NodeCheck("Gemm").Input(transA == 1 ? [2, 3] : [3, 2]).Input(transB == 1 ? [4, 2] : [2, 4]).Input(bias)
                .With(Int("transA", transA), Int("transB", transB), Float("alpha", alpha), Float("beta", beta)).Run();
        new NodeCheck("Gemm").Input([3, 2]).Input([2, 4]).Run();
    }

    [Theory]
    [InlineData(new long[] { 3, 2 }, new long[] { 2, 4 })]
    [InlineData(new long[] { 2, 5, 3, 2 }, new long[] { 2, 4 })]
    [InlineData(new long[] { 2, 3, 2 }, new long[] { 2, 2, 4 })]
    [InlineData(new long[] { 1, 3, 2 }, new long[] { 3, 2, 4 })]
    [InlineData(new long[] { 3, 2 }, new long[] { 2, 2, 4 })]
    [InlineData(new long[] { 2, 1, 3, 2 }, new long[] { 3, 2, 2 })]
    [InlineData(new long[] { 2 }, new long[] { 2, 3 })]
    [InlineData(new long[] { 2, 3, 2 }, new long[] { 2 })]
    [InlineData(new long[] { 3 }, new long[] { 3 })]
    public void MatMul(long[] left, long[] right) => new NodeCheck("MatMul").Input(left).Input(right).Run();

    [Theory]
    [InlineData("Add", -2, 2)]
    [InlineData("Sub", -2, 2)]
    [InlineData("Mul", -2, 2)]
    [InlineData("Div", 0.5, 2)]
    [InlineData("Pow", 0.5, 2)]
    [InlineData("Min", -2, 2)]
    [InlineData("Max", -2, 2)]
    public void Broadcast_arithmetic(string operation, double from, double to)
    {
        foreach (var (left, right) in ((long[], long[])[])[([2, 3, 4], [2, 3, 4]), ([2, 3, 4], [3, 1]), ([4], [2, 3, 4]), ([2, 1, 4], [3, 1]), ([2, 3], [])])
            new NodeCheck(operation).Input(left, from, to).Input(right, from, to).Run();
    }

    [Fact]
    public void Powers_of_negative_numbers_and_sums_of_many()
    {
        new NodeCheck("Pow").Input([2, 5], -2, -0.5).Fixed([], 2).Run();
        new NodeCheck("Pow").Input([2, 5], -2, -0.5).Fixed([], 3).Run();
        new NodeCheck("Sum").Input([2, 3]).Input([3]).Input([2, 1]).Run();
        new NodeCheck("Max").Input([2, 3]).Input([3]).Input([2, 1]).Run();
    }

    [Theory]
    [InlineData("Sqrt", 0.2, 2)]
    [InlineData("Neg", -2, 2)]
    [InlineData("Exp", -2, 2)]
    [InlineData("Log", 0.2, 2)]
    [InlineData("Reciprocal", 0.3, 2)]
    [InlineData("Abs", -2, 2)]
    [InlineData("Erf", -2, 2)]
    [InlineData("Identity", -2, 2)]
    [InlineData("Relu", -2, 2)]
    [InlineData("LeakyRelu", -2, 2)]
    [InlineData("Sigmoid", -4, 4)]
    [InlineData("Tanh", -3, 3)]
    [InlineData("HardSigmoid", -4, 4)]
    [InlineData("HardSwish", -5, 5)]
    [InlineData("Elu", -3, 3)]
    [InlineData("Softplus", -3, 3)]
    [InlineData("Gelu", -3, 3)]
    public void Functions(string operation, double from, double to) => new NodeCheck(operation).Input([2, 3, 7], from, to).Run();

    [Fact]
    public void Functions_with_parameters()
    {
        new NodeCheck("LeakyRelu").Input([2, 9]).With(Float("alpha", 0.3f)).Run();
        new NodeCheck("HardSigmoid").Input([2, 9], -4, 4).With(Float("alpha", 1 / 6f), Float("beta", 0.4f)).Run();
        new NodeCheck("Elu").Input([2, 9]).With(Float("alpha", 0.7f)).Run();
        new NodeCheck("Gelu").Input([2, 9]).With(Text("approximate", "tanh")).Run();
        new NodeCheck("PRelu").Input([2, 3, 2, 2]).Input([3, 1, 1], 0.1, 0.5).Run();
        new NodeCheck("PRelu").Input([2, 3]).Input([1], 0.1, 0.5).Run();
        new NodeCheck("Clip").Input([2, 9], -9, 9).Fixed([], 0).Fixed([], 6).Run();
        new NodeCheck("Clip").Input([2, 9]).Fixed([], -1).Run();
        new NodeCheck("Clip").Input([2, 9]).Absent().Fixed([], 1).Run();
    }

    [Theory]
    [InlineData("Softmax")]
    [InlineData("LogSoftmax")]
    public void Softmax_along_each_axis(string operation)
    {
        foreach (var axis in (long[])[-1, 0, 1]) new NodeCheck(operation).Input([2, 3, 4]).With(Int("axis", axis)).Run();
        // Before operator set 13 all axes from the given one on are one.
        new NodeCheck(operation, opset: 11).Input([2, 5]).Run();
    }

    [Theory]
    [InlineData(2, 2, 0, 0, 0)]
    [InlineData(3, 2, 1, 0, 0)]
    [InlineData(3, 1, 1, 0, 0)]
    [InlineData(3, 2, 1, 1, 0)]
    [InlineData(3, 2, 1, 0, 1)]
    [InlineData(2, 3, 0, 0, 0)]
    [InlineData(3, 2, 1, 1, 1)]
    public void Pooling(int kernel, int stride, int pad, int ceil, int countPads)
    {
        AttributeProto[] window = [Ints("kernel_shape", kernel, kernel), Ints("strides", stride, stride), Ints("pads", pad, pad, pad, 0), Int("ceil_mode", ceil)];
        new NodeCheck("MaxPool").Input([2, 2, 6, 7]).With(window).Run();
        new NodeCheck("AveragePool").Input([2, 2, 6, 7]).With(window).With(Int("count_include_pad", countPads)).Run();
    }

    [Fact]
    public void Dilated_and_global_pooling()
    {
        new NodeCheck("MaxPool").Input([1, 2, 7, 7]).With(Ints("kernel_shape", 2, 3), Ints("dilations", 2, 2)).Run();
        new NodeCheck("AveragePool").Input([1, 2, 7, 7]).With(Ints("kernel_shape", 2, 3), Ints("dilations", 2, 2)).Run();
        new NodeCheck("MaxPool").Input([2, 2, 8]).With(Ints("kernel_shape", 3), Ints("strides", 2)).Run();
        new NodeCheck("GlobalAveragePool").Input([2, 3, 4, 5]).Run();
        new NodeCheck("GlobalMaxPool").Input([2, 3, 4, 5]).Run();
    }

    [Fact]
    public void Shapes()
    {
        new NodeCheck("Reshape").Input([2, 3, 4]).Integers(4, -1).Run();
        new NodeCheck("Flatten").Input([2, 3, 4]).With(Int("axis", 2)).Run();
        new NodeCheck("Squeeze").Input([2, 1, 4, 1]).Integers(1, -1).Run();
        new NodeCheck("Unsqueeze").Input([2, 4]).Integers(0, 2).Run();
        new NodeCheck("Transpose").Input([2, 3, 4]).With(Ints("perm", 2, 0, 1)).Run();
        new NodeCheck("Transpose").Input([2, 3, 4]).Run();
        new NodeCheck("Concat").Input([2, 3, 2]).Input([2, 1, 2]).Input([2, 4, 2]).With(Int("axis", -2)).Run();
        new NodeCheck("Split").Input([2, 6, 2]).Integers(1, 3, 2).With(Int("axis", 1)).Run(outputs: 3);
        new NodeCheck("Split").Input([2, 6]).With(Int("axis", -1), Int("num_outputs", 3)).Run(outputs: 3);
        new NodeCheck("Pad").Input([2, 3, 4]).Integers(0, 1, 2, 0, 3, 0).Run();
        new NodeCheck("Pad").Input([2, 3, 4]).Integers(0, 1, 2, 1, 0, 0).Fixed([], 2.5f).Run();
        new NodeCheck("Pad").Input([2, 3, 4]).Integers(0, -1, -2, 0, 0, -1).Run();
        new NodeCheck("Expand").Input([3, 1]).Integers(2, 3, 4).Run();
    }

    [Fact]
    public void Slices()
    {
        new NodeCheck("Slice").Input([5, 6]).Integers(1).Integers(4).Integers(0).Run();
        new NodeCheck("Slice").Input([5, 6]).Integers(-3, 1).Integers(100, -1).Integers(1, 0).Run();
        new NodeCheck("Slice").Input([5, 7]).Integers(1).Integers(7).Integers(-1).Integers(2).Run();
        new NodeCheck("Slice").Input([5, 7]).Integers(1).Integers(6).Integers(1).Integers(3).Run();
        new NodeCheck("Slice").Input([5, 7]).Integers(-1, 5).Integers(-100, 0).Integers(0, 1).Integers(-1, -2).Run();
    }

    [Fact]
    public void Gathers()
    {
        new NodeCheck("Gather").Input([4, 3]).Integers(2, 0, 2, -1).Run();
        new NodeCheck("Gather").Input([2, 5, 3]).Integers(4, 1).With(Int("axis", 1)).Run();
        new NodeCheck("Gather").Input([2, 5]).Integers(0, 0, 0).With(Int("axis", -1)).Run();
    }

    [Theory]
    [InlineData("nearest", "half_pixel")]
    [InlineData("nearest", "asymmetric")]
    [InlineData("linear", "half_pixel")]
    [InlineData("linear", "align_corners")]
    [InlineData("linear", "pytorch_half_pixel")]
    [InlineData("cubic", "half_pixel")]
    [InlineData("cubic", "asymmetric")]
    public void Resizing(string mode, string positions)
    {
        AttributeProto[] how = [Text("mode", mode), Text("coordinate_transformation_mode", positions), Text("nearest_mode", "floor")];
        new NodeCheck("Resize").Input([2, 3, 3, 4]).Absent().Constant(1, 1, 2, 2).With(how).Run();
        new NodeCheck("Resize").Input([2, 3, 3, 4]).Absent().Constant(1, 1, 1.7f, 2.3f).With(how).Run();
        new NodeCheck("Resize").Input([1, 2, 5, 8]).Absent().Absent().Integers(1, 2, 7, 4).With(how).Run();
        new NodeCheck("Resize").Input([1, 2, 5, 4]).Absent().Absent().Integers(6, 9).With(how).With(Ints("axes", -1, 2)).Run();
        new NodeCheck("Resize", opset: 11).Input([1, 2, 3, 4]).Constant().Constant(1, 1, 3, 1).With(how).Run();
    }

    [Theory]
    [InlineData("nearest")]
    [InlineData("linear")]
    public void Resizing_in_old_operator_sets(string mode)
    {
        new NodeCheck("Resize", opset: 10).Input([1, 2, 3, 4]).Constant(1, 1, 2, 1.6f).With(Text("mode", mode)).Run();
        new NodeCheck("Resize", opset: 10).Input([1, 2, 5, 7]).Constant(1, 1, 0.7f, 0.45f).With(Text("mode", mode)).Run();
        new NodeCheck("Upsample", opset: 9).Input([1, 2, 3, 4]).Constant(1, 1, 2, 3).With(Text("mode", mode)).Run();
        new NodeCheck("Upsample", opset: 7).Input([1, 2, 3, 4]).With(Text("mode", mode), Scales(1, 1, 2, 1.5f)).Run();
    }

    private static AttributeProto Scales(params float[] values)
    {
        var attribute = new AttributeProto { Name = "scales", Type = AttributeProto.Types.AttributeType.Floats };
        attribute.Floats.AddRange(values);
        return attribute;
    }

    [Fact]
    public void Resizing_of_any_axis()
    {
        new NodeCheck("Resize").Input([2, 3, 4]).Absent().Constant(1, 2, 1).With(Text("mode", "nearest"), Text("nearest_mode", "floor")).Run();
        new NodeCheck("Resize").Input([5]).Absent().Constant(3).With(Text("mode", "nearest"), Text("nearest_mode", "floor")).Run();
        new NodeCheck("Resize").Input([3, 4]).Absent().Absent().Integers(5, 9).With(Text("mode", "linear")).Run();
    }

    [Theory]
    [InlineData("coordinate_transformation_mode", "tf_crop_and_resize", "it crops")]
    [InlineData("keep_aspect_ratio_policy", "not_larger", "keep_aspect_ratio_policy is not 'stretch'")]
    public void Resizing_that_is_refused(string attribute, string word, string reason)
    {
        var check = new NodeCheck("Resize").Input([1, 1, 4, 4]).Constant(0, 0, 0, 0, 1, 1, 1, 1).Absent().Integers(1, 1, 8, 8).With(Text("mode", "linear"), Text(attribute, word));
        Assert.Contains(reason, Assert.Throws<QuantNotebooksException>(() => check.Run()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reductions()
    {
        new NodeCheck("ReduceSum").Input([2, 3, 4]).Integers(1, -1).Run();
        new NodeCheck("ReduceSum").Input([2, 3, 4]).Integers(0).With(Int("keepdims", 0)).Run();
        new NodeCheck("ReduceSum").Input([2, 3]).Run();
        new NodeCheck("ReduceMean", opset: 17).Input([2, 3, 4]).With(Ints("axes", -1)).Run();
        new NodeCheck("ReduceMean", opset: 17).Input([2, 3, 4]).With(Ints("axes", 0, 2), Int("keepdims", 0)).Run();
        new NodeCheck("LayerNormalization").Input([2, 3, 6]).Input([6]).Input([6]).Run();
        new NodeCheck("InstanceNormalization").Input([2, 3, 4, 2]).Input([3]).Input([3]).Run();
        new NodeCheck("InstanceNormalization").Input([2, 2, 5]).Input([2]).Input([2]).With(Float("epsilon", 0.3f)).Run();
        new NodeCheck("BatchNormalization").Input([2, 3, 2, 2]).Fixed([3], 1, -2, 3).Fixed([3], 0.5f, 1, -1).Fixed([3], 0.1f, 0.2f, 0.3f).Fixed([3], 0.5f, 1, 2).Run();
    }

    [Fact]
    public void Every_rule_is_checked_here()
    {
        // Split, Concat and the like are listed by hand above; this keeps a new rule from slipping in unchecked.
        string[] checkedHere =
        [
            "Conv", "ConvTranspose", "Gemm", "MatMul", "Add", "Sum", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Sqrt", "Neg", "Exp", "Log", "Reciprocal", "Abs",
            "Erf", "Identity", "Relu", "LeakyRelu", "Sigmoid", "Tanh", "HardSigmoid", "HardSwish", "Elu", "Softplus", "Gelu", "PRelu", "Clip", "Softmax",
            "LogSoftmax", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Concat",
            "Split", "Pad", "Expand", "Slice", "Gather", "Resize", "ReduceSum", "ReduceMean", "LayerNormalization", "InstanceNormalization", "BatchNormalization",
        ];
        Assert.Equal(
            [$"{FakeQuantization.Domain}.{FakeQuantization.Operator}"], GradientRules.Operators.Except(checkedHere));
    }
}
