using CsCheck;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Sweep;

/// <summary>The mean of a layer's output from sums of its input, against ONNX Runtime's run of the layer, for every form that a layer can have.</summary>
public sealed class TapSumsTests
{
    private sealed record Form(string Operator, int Axes, int Groups, int[] Size, int[] Kernel, int[] Strides, int[] Dilations, int[] Pads, string AutoPad, int Seed);

    private static readonly Gen<Form> Convolutions =
        from transposed in Gen.Bool
        from axes in Gen.Int[1, 3]
        from groups in Gen.Int[1, 3]
        from size in Gen.Int[3, 11].Array[3]
        from kernel in Gen.Int[1, 4].Array[3]
        from strides in Gen.Int[1, 3].Array[3]
        from dilations in Gen.Int[1, 2].Array[3]
        from pads in Gen.Int[0, 2].Array[6]
        from autoPad in Gen.OneOfConst("NOTSET", "NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID")
        from seed in Gen.Int[0, 1_000_000]
        select new Form(transposed ? "ConvTranspose" : "Conv", axes, groups, size, kernel, strides, dilations, pads, autoPad, seed);

    [Fact]
    public void Convolutions_of_every_geometry() => Convolutions.Where(IsPossible).Sample(
        form =>
        {
            var (groups, axes) = (form.Groups, form.Axes);
            int[] kernel = [.. form.Kernel.Take(axes)];
            // [O, I/groups, ...] and [I, O/groups, ...] alike.
            int[] weightShape = [groups * 2, 2, .. kernel];
            var builder = new GraphBuilder().Input("x", [0, groups * 2, .. form.Size.Take(axes)]).Output("y");
            builder.Constant("w", [.. weightShape.Select(length => (long)length)], Values(weightShape.Aggregate(1, (one, other) => one * other), form.Seed));
            AttributeProto[] attributes =
            [
                GraphBuilder.Ints("kernel_shape", [.. kernel.Select(value => (long)value)]),
                GraphBuilder.Ints("strides", [.. form.Strides.Take(axes).Select(value => (long)value)]),
                GraphBuilder.Ints("dilations", [.. Dilations(form).Select(value => (long)value)]),
                GraphBuilder.Int("group", groups),
                form.AutoPad == "NOTSET"
                    ? GraphBuilder.Ints("pads", [.. form.Pads.Take(axes).Concat(form.Pads.Skip(3).Take(axes)).Select(value => (long)value)])
                    : GraphBuilder.Text("auto_pad", form.AutoPad),
            ];
            builder.Node(form.Operator, ["x", "w"], "y", attributes);
            Check(builder, [2, groups * 2, .. form.Size.Take(axes).Select(length => (long)length)], form.Seed);
        },
        iter: 300);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Fully_connected_layers(bool transposed)
    {
        var builder = new GraphBuilder().Input("x", 0, 13).Output("y").Constant("w", transposed ? [5, 13] : [13, 5], Values(65, 1));
        builder.Node("Gemm", ["x", "w"], "y", GraphBuilder.Int("transB", transposed ? 1 : 0));
        Check(builder, [7, 13], 2);
    }

    [Fact]
    public void Matrix_products_with_the_constant_on_either_side()
    {
        Check(new GraphBuilder().Input("x", 0, 3, 13).Output("y").Constant("w", [13, 5], Values(65, 1)).Node("MatMul", ["x", "w"], "y"), [4, 3, 13], 2);
        Check(new GraphBuilder().Input("x", 0, 3, 13).Output("y").Constant("w", [5, 3], Values(15, 1)).Node("MatMul", ["w", "x"], "y"), [4, 3, 13], 2);
    }

    // What ONNX Runtime refuses: output axes of no length, and padding by rule with dilations or, transposed, with kernels shorter than the stride.
    private static bool IsPossible(Form form) => Enumerable.Range(0, form.Axes).All(axis =>
    {
        var reach = (form.Kernel[axis] - 1) * Dilations(form)[axis] + 1;
        if (form.Operator == "ConvTranspose")
            return form.AutoPad == "NOTSET" ? (form.Size[axis] - 1) * form.Strides[axis] + reach - form.Pads[axis] - form.Pads[axis + 3] > 0 : form.Kernel[axis] >= form.Strides[axis];
        return form.AutoPad is "SAME_UPPER" or "SAME_LOWER" || form.Size[axis] + (form.AutoPad == "VALID" ? 0 : form.Pads[axis] + form.Pads[axis + 3]) >= reach;
    });

    private static int[] Dilations(Form form) => [.. form.Dilations.Take(form.Axes).Select(value => form.AutoPad == "NOTSET" ? value : 1)];

    private static void Check(GraphBuilder builder, long[] shape, int seed)
    {
        var network = builder.Load();
        var layer = Assert.Single(network.Layers);
        var full = Values((int)shape.Aggregate(1L, (one, other) => one * other), seed + 1);
        var quantized = full.Zip(Values(full.Length, seed + 2), (value, noise) => value + 0.1f * noise).ToArray();
        var grid = new Quantizer(0.125f, 3, 0, 255);
        var rounded = Array.ConvertAll(full, grid.Apply);
        var output = Run(full);
        using var pool = new TensorPool();
        using var x = Tensor(full);
        using var xq = Tensor(quantized);
        var geometry = TapGeometry.Of(layer, shape, output.Shape);
        var sums = TapSums.Of(geometry, new BatchPair(x, xq), grid);
        AssertMeans(sums.Full, Means(output.Values));
        AssertMeans(sums.Rounding, Difference(Means(Run(rounded).Values), Means(output.Values)));
        AssertMeans(sums.Inherited, Difference(Means(Run(quantized).Values), Means(Run(rounded).Values)));
        // A constant in each channel, by the positions that each tap meets.
        double[] constants = [.. Enumerable.Range(0, layer.InputChannels).Select(channel => 1.0 + channel)];
        var axis = layer.InputChannelAxis(shape.Length);
        var inner = (int)shape[(axis + 1)..].Aggregate(1L, (one, other) => one * other);
        var spread = Enumerable.Range(0, full.Length).Select(index => (float)constants[index / inner % constants.Length]).ToArray();
        var means = LinearMean.OfConstants(layer, layer.Weights.ToArray(), constants, geometry, ChannelLayout.Of(layer, output.Shape, (int)shape[0]).Inner);
        foreach (var (expected, actual) in Means(Run(spread).Values).Zip(means)) Assert.Equal(expected, actual, 1e-5 * (1 + Math.Abs(expected)));

        BatchTensor Tensor(float[] values)
        {
            var tensor = BatchTensor.Create(pool, shape);
            values.CopyTo(tensor.Floats);
            return tensor;
        }

        (long[] Shape, float[] Values) Run(float[] input) => ModelRun.Tensors(network.ToModel(), input, shape).Values.Single();

        double[] Means(float[] values)
        {
            var layout = ChannelLayout.Of(layer, output.Shape, (int)shape[0]);
            var means = new double[layer.Channels];
            for (var index = 0; index < values.Length; index++) means[index / layout.Inner % layer.Channels] += values[index];
            return Array.ConvertAll(means, sum => sum / ((double)layout.Images * layout.Items * layout.Inner));
        }

        void AssertMeans(double[] tapSums, double[] expected)
        {
            var means = new double[layer.Channels];
            LinearMean.ForEachWeight(layer, geometry.Taps, (weight, channel, tap) => means[channel] += layer.Weights[weight] * tapSums[tap]);
            var layout = ChannelLayout.Of(layer, output.Shape, (int)shape[0]);
            for (var channel = 0; channel < means.Length; channel++)
                Assert.Equal(expected[channel], means[channel] / ((double)layout.Images * layout.Items * layout.Inner), 1e-5);
        }
    }

    private static double[] Difference(double[] one, double[] other) => [.. one.Zip(other, (left, right) => left - right)];

    private static float[] Values(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 2 - 0.8))];
    }
}
