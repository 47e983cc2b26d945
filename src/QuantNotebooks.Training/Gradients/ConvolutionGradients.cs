using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using static QuantNotebooks.Training.Gradients.Attributes;

namespace QuantNotebooks.Training.Gradients;

/// <summary>
/// Gradients of Conv and ConvTranspose as convolutions, which ONNX Runtime runs faster than its ConvTranspose, above all depthwise. With
/// output y[p] = sum_t W[t] x[p s - b + t d] (stride s, pad before b, dilation d): dx[i] = sum_t W[t] dy[(i + b - t d) / s] over whole quotients, a
/// convolution of dy with s - 1 zeros between its elements with the flipped kernel; dW[t] = sum_p dy[p] x[p s - b + t d], a matrix
/// product for each tap.
/// </summary>
internal static class ConvolutionGradients
{
    /// <summary>Where a convolution's kernel stands; spatial axes only.</summary>
    /// <param name="Groups">Number of groups.</param>
    /// <param name="Kernel">Taps an axis.</param>
    /// <param name="Strides">Steps between positions.</param>
    /// <param name="Dilations">Steps between taps.</param>
    /// <param name="Before">Zeros before the first element.</param>
    internal sealed record Geometry(int Groups, long[] Kernel, long[] Strides, long[] Dilations, long[] Before)
    {
        public int Axes => Kernel.Length;
    }

    public static void Conv(GradientStep step)
    {
        var (input, weights, gradient) = (step.Input(0), step.Input(1), step.Gradient);
        var geometry = GeometryOf(step.Node, weights, input.Shape, gradient.Shape);
        step.Give(0, () => Data(step.Emit, gradient, weights, input.Shape, geometry));
        step.Give(1, () => Weights(step.Emit, input, gradient, geometry));
        step.Give(2, () => Bias(step.Emit, gradient));
    }

    public static void ConvTranspose(GradientStep step)
    {
        // The forward operator is a convolution's data gradient: its own data gradient is that convolution.
        var (input, weights, gradient) = (step.Input(0), step.Input(1), step.Gradient);
        var geometry = GeometryOf(step.Node, weights, gradient.Shape, input.Shape, isTransposed: true);
        step.Give(0, () => Crop(step.Emit, Convolve(step.Emit, gradient, weights, geometry, input.Shape), input.Shape));
        step.Give(1, () => Weights(step.Emit, gradient, input, geometry));
        step.Give(2, () => Bias(step.Emit, gradient));
    }

    /// <summary>What a convolution with that geometry would have had as input, given the gradient of its output [N, O, positions].</summary>
    /// <param name="emit">Where the nodes go.</param>
    /// <param name="gradient">Gradient of the output.</param>
    /// <param name="weights">[O, I / groups, taps].</param>
    /// <param name="inputShape">[N, I, size].</param>
    /// <param name="geometry">Where the kernel stands.</param>
    public static Tensor Data(NodeEmitter emit, Tensor gradient, Tensor weights, ImmutableArray<long> inputShape, Geometry geometry)
    {
        var apart = emit.Interleave(gradient, [1, 1, .. geometry.Strides]);
        var (cropBefore, cropAfter) = (new long[gradient.Rank], new long[gradient.Rank]);
        var pads = new long[2 * geometry.Axes];
        for (var axis = 0; axis < geometry.Axes; axis++)
        {
            var reach = (geometry.Kernel[axis] - 1) * geometry.Dilations[axis];
            var before = reach - geometry.Before[axis];
            // The last output, at size - 1, reads up to size - 1 + b; beyond the gradient stand zeros.
            var after = inputShape[axis + 2] + geometry.Before[axis] - apart.Shape[axis + 2];
            (pads[axis], pads[axis + geometry.Axes]) = (Math.Max(0, before), Math.Max(0, after));
            (cropBefore[axis + 2], cropAfter[axis + 2]) = (Math.Min(0, before), Math.Min(0, after));
        }
        return new Tensor(
            emit.Node("Conv", [emit.Pad(apart, cropBefore, cropAfter).Name, Flipped(emit, weights, geometry).Name],
                Ints("kernel_shape", geometry.Kernel), Ints("dilations", geometry.Dilations), Ints("pads", pads), Int("group", geometry.Groups)),
            inputShape);
    }

    /// <summary>The gradient of a convolution's weights, [O, I / groups, taps]: one matrix product a tap.</summary>
    /// <param name="emit">Where the nodes go.</param>
    /// <param name="input">[N, I, size].</param>
    /// <param name="gradient">[N, O, positions].</param>
    /// <param name="geometry">Where the kernel stands.</param>
    private static Tensor Weights(NodeEmitter emit, Tensor input, Tensor gradient, Geometry geometry)
    {
        var (images, groups) = (input.Shape[0], (long)geometry.Groups);
        var (inGroup, outGroup) = (input.Shape[1] / groups, gradient.Shape[1] / groups);
        var positions = gradient.Shape[2..];
        var rows = positions.Aggregate(images, (product, size) => product * size);
        // The gradient as [g, N positions, O/g], and for each tap what it saw of the input as [g, I/g, N positions].
        var right = emit.Reshape(emit.Transpose(
            emit.Reshape(gradient, images, groups, outGroup, rows / images), 1, 0, 3, 2), groups, rows, outGroup);
        var map = emit.Transpose(Padded(emit, input, positions, geometry), [1, 0, .. Enumerable.Range(2, geometry.Axes)]);
        var products = new List<Tensor>();
        foreach (var tap in Taps(geometry.Kernel))
        {
            var starts = tap.Select((index, axis) => index * geometry.Dilations[axis]).ToArray();
            var seen = emit.Reshape(emit.Stride(map, 2, starts, geometry.Strides, positions), groups, inGroup, rows);
            products.Add(emit.Reshape(emit.MatMul(seen, right), groups, inGroup, outGroup, 1));
        }
        var taps = emit.Transpose(emit.Concat(products, 3), 0, 2, 1, 3);
        return emit.Reshape(taps, [groups * outGroup, inGroup, .. geometry.Kernel]);
    }

    /// <summary>The input with zeros around it so that every tap finds a value at every position; what no tap reads is cut off.</summary>
    private static Tensor Padded(NodeEmitter emit, Tensor input, ImmutableArray<long> positions, Geometry geometry)
    {
        var (before, after) = (new long[input.Rank], new long[input.Rank]);
        for (var axis = 0; axis < geometry.Axes; axis++)
        {
            var wanted = (geometry.Kernel[axis] - 1) * geometry.Dilations[axis] + (positions[axis] - 1) * geometry.Strides[axis] + 1;
            before[axis + 2] = geometry.Before[axis];
            after[axis + 2] = wanted - input.Shape[axis + 2] - geometry.Before[axis];
        }
        return emit.Pad(input, before, after);
    }

    /// <summary>The index of every tap of a kernel, the last axis running fastest.</summary>
    private static IEnumerable<long[]> Taps(long[] kernel)
    {
        var count = kernel.Aggregate(1L, (product, size) => product * size);
        for (var tap = 0L; tap < count; tap++)
        {
            var index = new long[kernel.Length];
            for (var (axis, rest) = (kernel.Length - 1, tap); axis >= 0; rest /= kernel[axis--]) index[axis] = rest % kernel[axis];
            yield return index;
        }
    }

    private static Tensor Bias(NodeEmitter emit, Tensor gradient) =>
        emit.Reshape(emit.ReduceSum(gradient, [0, .. Enumerable.Range(2, gradient.Rank - 2)]), gradient.Shape[1]);

    /// <summary>A plain convolution with that geometry, with zeros after the input as needed for that many positions.</summary>
    private static Tensor Convolve(NodeEmitter emit, Tensor input, Tensor weights, Geometry geometry, ImmutableArray<long> positions)
    {
        var pads = new long[2 * geometry.Axes];
        var shape = new long[geometry.Axes];
        for (var axis = 0; axis < geometry.Axes; axis++)
        {
            var reach = (geometry.Kernel[axis] - 1) * geometry.Dilations[axis] + 1;
            pads[axis] = geometry.Before[axis];
            pads[axis + geometry.Axes] = Math.Max(0, (positions[axis + 2] - 1) * geometry.Strides[axis] + reach - input.Shape[axis + 2] - geometry.Before[axis]);
            shape[axis] = (input.Shape[axis + 2] + pads[axis] + pads[axis + geometry.Axes] - reach) / geometry.Strides[axis] + 1;
        }
        return new Tensor(
            emit.Node("Conv", [input.Name, weights.Name],
                Ints("kernel_shape", geometry.Kernel), Ints("strides", geometry.Strides), Ints("dilations", geometry.Dilations),
                Ints("pads", pads), Int("group", geometry.Groups)),
            [input.Shape[0], weights.Shape[0], .. shape]);
    }

    /// <summary>[O, I / groups, taps] as the kernel of the way back: [I, O / groups, taps turned around].</summary>
    private static Tensor Flipped(NodeEmitter emit, Tensor weights, Geometry geometry)
    {
        var axes = Enumerable.Range(2, geometry.Axes).ToArray();
        var flipped = emit.Flip(weights, axes);
        var (outputs, inGroup, taps) = (weights.Shape[0], weights.Shape[1], weights.Shape[2..]);
        var grouped = emit.Reshape(flipped, [geometry.Groups, outputs / geometry.Groups, inGroup, .. taps]);
        return emit.Reshape(
            emit.Transpose(grouped, [0, 2, 1, .. Enumerable.Range(3, geometry.Axes)]), [geometry.Groups * inGroup, outputs / geometry.Groups, .. taps]);
    }

    private static Tensor Crop(NodeEmitter emit, Tensor input, ImmutableArray<long> shape)
    {
        for (var axis = 2; axis < input.Rank; axis++) input = emit.Slice(input, axis, 0, shape[axis]);
        return input;
    }

    /// <param name="node">Conv or ConvTranspose.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="large">The shape that the kernel walks over: a Conv's input, a ConvTranspose's output.</param>
    /// <param name="small">The shape with one element a position of the kernel.</param>
    /// <param name="isTransposed">Whether it is a ConvTranspose.</param>
    private static Geometry GeometryOf(NodeProto node, Tensor weights, ImmutableArray<long> large, ImmutableArray<long> small, bool isTransposed = false)
    {
        var kernel = weights.Shape[2..].ToArray();
        return new Geometry(
            (int)node.Int("group", 1), kernel, Window.Ones(node, "strides", kernel.Length), Window.Ones(node, "dilations", kernel.Length),
            Window.PadsBefore(node, kernel, large, small, isTransposed));
    }
}
