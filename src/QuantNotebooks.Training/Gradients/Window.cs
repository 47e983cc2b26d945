using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Training.Gradients;

/// <summary>Reads where the window of a convolution or a pooling stands.</summary>
internal static class Window
{
    /// <summary>An attribute with one number a spatial axis, by default all 1.</summary>
    public static long[] Ones(NodeProto node, string attribute, int axes) =>
        node.Ints(attribute) is { Length: > 0 } values ? [.. values] : Enumerable.Repeat(1L, axes).ToArray();

    /// <summary>Zeros before the first element of each spatial axis.</summary>
    /// <param name="node">The convolution or pooling.</param>
    /// <param name="kernel">Taps an axis.</param>
    /// <param name="large">The shape that the window walks over, [N, C, size].</param>
    /// <param name="small">The shape with one element a position, [N, C, positions].</param>
    /// <param name="isTransposed">Whether the node is a ConvTranspose, whose pads may follow from its output's shape.</param>
    public static long[] PadsBefore(NodeProto node, long[] kernel, ImmutableArray<long> large, ImmutableArray<long> small, bool isTransposed = false)
    {
        var (strides, dilations, pads) = (Ones(node, "strides", kernel.Length), Ones(node, "dilations", kernel.Length), node.Ints("pads"));
        var automatic = node.Attribute("auto_pad")?.S.ToStringUtf8() ?? "NOTSET";
        var outputGiven = isTransposed && node.Ints("output_shape").Length > 0;
        if (automatic == "VALID") return new long[kernel.Length];
        if (automatic == "NOTSET" && !outputGiven) return pads.Length > 0 ? [.. pads[..kernel.Length]] : new long[kernel.Length];
        var before = new long[kernel.Length];
        for (var axis = 0; axis < kernel.Length; axis++)
        {
            var reach = (kernel[axis] - 1) * dilations[axis] + 1;
            var extra = isTransposed && node.Ints("output_padding") is { Length: > 0 } padding ? padding[axis] : 0;
            var total = Math.Max(0, (small[axis + 2] - 1) * strides[axis] + reach + extra - large[axis + 2]);
            // An odd pad goes after the elements for SAME_UPPER, before them for SAME_LOWER; a transposed convolution's output shape turns that around.
            var half = total / 2;
            before[axis] = isTransposed
                ? automatic == "SAME_UPPER" ? half : total - half
                : automatic == "SAME_LOWER" ? total - half : half;
        }
        return before;
    }
}
