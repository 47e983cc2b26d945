using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using static QuantNotebooks.Training.Gradients.Attributes;

namespace QuantNotebooks.Training.Gradients;

/// <summary>Gradients of pooling.</summary>
internal static class PoolingGradients
{
    /// <summary>The gradient goes to the element that was the maximum: MaxPool says which, as an index into the whole input.</summary>
    public static void MaxPool(GradientStep step)
    {
        if (step.Node.Int("storage_order", 0) != 0) throw step.Refused("storage_order is 1");
        step.Give(0, () =>
        {
            var emit = step.Emit;
            var input = step.Input(0);
            var indices = emit.Node("MaxPool", [input.Name], 2, [.. step.Node.Attribute.Select(attribute => attribute.Clone())])[1];
            var flat = emit.Node("Reshape", [indices, emit.Integers([-1])]);
            var scattered = emit.Node(
                "ScatterElements", [emit.Zeros([input.Count]).Name, flat, emit.Reshape(step.Gradient, step.Gradient.Count).Name], Int("axis", 0), Text("reduction", "add"));
            return emit.Reshape(new Tensor(scattered, [input.Count]), input.Shape);
        });
    }

    /// <summary>A depthwise convolution with ones, divided by how many elements each window holds.</summary>
    public static void AveragePool(GradientStep step) => step.Give(0, () =>
    {
        var emit = step.Emit;
        var (input, gradient) = (step.Input(0), step.Gradient);
        var kernel = step.Node.Ints("kernel_shape").ToArray();
        var geometry = new ConvolutionGradients.Geometry(
            (int)input.Shape[1], kernel, Window.Ones(step.Node, "strides", kernel.Length), Window.Ones(step.Node, "dilations", kernel.Length),
            Window.PadsBefore(step.Node, kernel, input.Shape, gradient.Shape));
        var share = InverseCounts(step, geometry, input.Shape[2..], gradient.Shape[2..]);
        var ones = Enumerable.Repeat(1f, (int)(input.Shape[1] * kernel.Aggregate(1L, (product, size) => product * size))).ToArray();
        return ConvolutionGradients.Data(
            emit, emit.Multiply(gradient, share), emit.Constant(ones, [input.Shape[1], 1, .. kernel]), input.Shape, geometry);
    });

    public static void GlobalAveragePool(GradientStep step) => step.Give(0, () =>
    {
        var input = step.Input(0);
        return step.Emit.Expand(step.Emit.Scale(step.Gradient, (double)step.Output().Count / input.Count), input.Shape);
    });

    /// <summary>Equal maxima share the gradient.</summary>
    public static void GlobalMaxPool(GradientStep step) => step.Give(0, () =>
    {
        var emit = step.Emit;
        var mask = emit.Mask("Equal", step.Input(0), step.Output());
        return emit.Multiply(emit.Divide(step.Gradient, emit.ReduceSum(mask, [.. Enumerable.Range(2, mask.Rank - 2)])), mask);
    });

    /// <summary>1 / number of elements that the window at each position averages, [1, 1, positions].</summary>
    private static Tensor InverseCounts(
        GradientStep step, ConvolutionGradients.Geometry geometry, ImmutableArray<long> size, ImmutableArray<long> positions)
    {
        var padsCount = step.Node.Int("count_include_pad", 0) == 1;
        var pads = step.Node.Ints("pads");
        var counts = new float[] { 1 };
        for (var axis = 0; axis < geometry.Axes; axis++)
        {
            var after = pads.Length > 0 ? pads[axis + geometry.Axes] : 0;
            var here = Enumerable.Range(0, (int)positions[axis]).Select(position =>
            {
                var start = position * geometry.Strides[axis] - geometry.Before[axis];
                var taps = Enumerable.Range(0, (int)geometry.Kernel[axis]).Select(tap => start + tap * geometry.Dilations[axis]);
                // With pads counted, a window that reaches beyond even those counts only what it holds.
                return (float)taps.Count(index => padsCount ? index < size[axis] + after : index >= 0 && index < size[axis]);
            }).ToArray();
            counts = [.. counts.SelectMany(_ => here, (count, other) => count * other)];
        }
        return step.Emit.Constant(Array.ConvertAll(counts, count => 1 / count), [1, 1, .. positions]);
    }
}
