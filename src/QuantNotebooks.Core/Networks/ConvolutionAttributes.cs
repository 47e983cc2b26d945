using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>How a convolution finds its padding.</summary>
public enum AutoPad
{
    /// <summary>From <see cref="ConvolutionAttributes.Pads"/>.</summary>
    NotSet,

    /// <summary>So that the output is ceil(input / stride) long, an odd pixel of padding at the end.</summary>
    SameUpper,

    /// <summary>So that the output is ceil(input / stride) long, an odd pixel of padding at the beginning.</summary>
    SameLower,

    /// <summary>No padding.</summary>
    Valid,
}

/// <summary>The geometry of a convolution over D spatial axes (1, 2 or 3), as the ONNX operators Conv and ConvTranspose define it.</summary>
/// <param name="KernelShape">Taps on each axis, D numbers.</param>
/// <param name="Strides">Step on each axis, D numbers.</param>
/// <param name="Dilations">Distance of two taps on each axis, D numbers.</param>
/// <param name="Pads">Zeros added at the beginning of each axis, then at the end of each, 2 D numbers; zeros where <see cref="AutoPad"/> says otherwise.</param>
/// <param name="AutoPad">How the padding is found.</param>
/// <param name="Groups">Number of groups that input and output channels fall into.</param>
public sealed record ConvolutionAttributes(
    ValueList<int> KernelShape, ValueList<int> Strides, ValueList<int> Dilations, ValueList<int> Pads, AutoPad AutoPad, int Groups)
{
    /// <summary>Whether zeros can stand beside the input's values.</summary>
    public bool CanPad => AutoPad is AutoPad.SameUpper or AutoPad.SameLower || Pads.Any(pad => pad != 0);

    /// <summary>
    /// The zeros that a Conv adds for an input of that size, at the beginning of each axis, then at the end of each: <see cref="Pads"/>, or what
    /// <see cref="AutoPad"/> makes of the size.
    /// </summary>
    /// <param name="size">The input's length on each of the D spatial axes.</param>
    /// <exception cref="ArgumentException">Not D lengths.</exception>
    public ValueList<int> PadsFor(ReadOnlySpan<int> size)
    {
        if (size.Length != KernelShape.Count)
            throw new ArgumentException($"A convolution over {KernelShape.Count} axes needs as many lengths, not {size.Length}.", nameof(size));
        if (AutoPad is AutoPad.NotSet or AutoPad.Valid) return Pads;
        var pads = new int[2 * size.Length];
        for (var axis = 0; axis < size.Length; axis++)
        {
            var output = (size[axis] + Strides[axis] - 1) / Strides[axis];
            var total = Math.Max(0, (output - 1) * Strides[axis] + (KernelShape[axis] - 1) * Dilations[axis] + 1 - size[axis]);
            pads[axis] = AutoPad == AutoPad.SameUpper ? total / 2 : total - total / 2;
            pads[axis + size.Length] = total - pads[axis];
        }
        return [.. pads];
    }

    /// <summary>The attributes of a Conv or ConvTranspose node; null for other operators.</summary>
    internal static ConvolutionAttributes? Of(NodeProto node, TensorProto weights)
    {
        if (node.OpType is not ("Conv" or "ConvTranspose")) return null;
        var axes = weights.Dims.Count - 2;
        return new ConvolutionAttributes(
            [.. weights.Dims.Skip(2).Select(length => (int)length)], Ints("strides", axes, 1), Ints("dilations", axes, 1), Ints("pads", 2 * axes, 0),
            node.Attribute("auto_pad")?.S.ToStringUtf8() switch
            {
                "SAME_UPPER" => AutoPad.SameUpper,
                "SAME_LOWER" => AutoPad.SameLower,
                "VALID" => AutoPad.Valid,
                _ => AutoPad.NotSet,
            },
            (int)node.Int("group", 1));

        ValueList<int> Ints(string name, int count, int otherwise)
        {
            var given = node.Ints(name);
            return given.Length == count ? [.. given.Select(value => (int)value)] : [.. Enumerable.Repeat(otherwise, count)];
        }
    }
}
