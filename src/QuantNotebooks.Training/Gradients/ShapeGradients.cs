using QuantNotebooks.Onnx;
using static QuantNotebooks.Training.Gradients.Attributes;

namespace QuantNotebooks.Training.Gradients;

/// <summary>Gradients of operators that only move elements: the gradient moves back.</summary>
internal static class ShapeGradients
{
    /// <summary>Reshape, Flatten, Squeeze and Unsqueeze.</summary>
    public static void Reshape(GradientStep step) => step.Give(0, () => step.Emit.Reshape(step.Gradient, step.Input(0).Shape));

    public static void Transpose(GradientStep step) => step.Give(0, () =>
    {
        var rank = step.Gradient.Rank;
        var permutation = step.Node.Ints("perm") is { Length: > 0 } given ? given.Select(axis => (int)axis).ToArray() : [.. Enumerable.Range(0, rank).Reverse()];
        var inverse = new int[rank];
        for (var axis = 0; axis < rank; axis++) inverse[permutation[axis]] = axis;
        return step.Emit.Transpose(step.Gradient, inverse);
    });

    public static void Concat(GradientStep step)
    {
        var axis = step.Output().Axis(step.Node.Int("axis", 1));
        long start = 0;
        for (var index = 0; index < step.Node.Input.Count; index++)
        {
            var (from, to) = (start, start += step.Input(index).Shape[axis]);
            step.Give(index, () => step.Emit.Slice(step.Gradient, axis, from, to));
        }
    }

    public static void Split(GradientStep step) => step.Give(0, () =>
    {
        var axis = step.Input(0).Axis(step.Node.Int("axis", 0));
        var parts = Enumerable.Range(0, step.Node.Output.Count).Select(output => step.GradientOf(output).Name);
        return new Tensor(step.Emit.Node("Concat", parts, Int("axis", axis)), step.Input(0).Shape);
    });

    public static void Slice(GradientStep step) => step.Give(0, () =>
    {
        var emit = step.Emit;
        var input = step.Input(0);
        var starts = step.Integers(1);
        var axes = step.Has(3) ? step.Integers(3) : [.. Enumerable.Range(0, starts.Length).Select(axis => (long)axis)];
        var strides = step.Has(4) ? step.Integers(4) : [.. starts.Select(_ => 1L)];
        var gradient = step.Gradient;
        var (steps, before, after) = (Enumerable.Repeat(1L, input.Rank).ToArray(), new long[input.Rank], new long[input.Rank]);
        for (var index = 0; index < axes.Length; index++)
        {
            var axis = input.Axis(axes[index]);
            var (size, count) = (input.Shape[axis], gradient.Shape[axis]);
            var first = Math.Clamp(starts[index] < 0 ? starts[index] + size : starts[index], 0, size - 1);
            if (strides[index] < 0)
            {
                // Backwards from first is forwards from the last one taken.
                gradient = emit.Flip(gradient, axis);
                first += (count - 1) * strides[index];
            }
            steps[axis] = Math.Abs(strides[index]);
            before[axis] = first;
            // Interleaving leaves zeros behind the last element too.
            after[axis] = size - first - count * steps[axis];
        }
        return emit.Pad(emit.Interleave(gradient, steps), before, after);
    });

    public static void Pad(GradientStep step)
    {
        if ((step.Node.Attribute("mode")?.S.ToStringUtf8() ?? "constant") is var mode and not "constant") throw step.Refused($"its mode is {mode}");
        step.Give(0, () =>
        {
            var input = step.Input(0);
            var pads = step.Integers(1);
            var axes = step.Has(3) ? step.Integers(3) : [.. Enumerable.Range(0, input.Rank).Select(axis => (long)axis)];
            var (before, after) = (new long[input.Rank], new long[input.Rank]);
            for (var index = 0; index < axes.Length; index++)
            {
                before[input.Axis(axes[index])] = -pads[index];
                after[input.Axis(axes[index])] = -pads[index + axes.Length];
            }
            return step.Emit.Pad(step.Gradient, before, after);
        });
    }

    public static void Expand(GradientStep step) => step.Give(0, () => step.Emit.SumTo(step.Gradient, step.Input(0).Shape));

    /// <summary>Gather along an axis with constant indices: each element gets the sum over its copies.</summary>
    public static void Gather(GradientStep step) => step.Give(0, () =>
    {
        var emit = step.Emit;
        var input = step.Input(0);
        var axis = input.Axis(step.Node.Int("axis", 0));
        var indices = step.Integers(1);
        var gathered = emit.Reshape(step.Gradient, input.Shape.SetItem(axis, indices.Length));
        var along = Enumerable.Repeat(1L, input.Rank).ToArray();
        along[axis] = indices.Length;
        var shaped = emit.Node("Reshape", [emit.Integers(indices.Select(index => index < 0 ? index + input.Shape[axis] : index)), emit.Integers(along)]);
        var everywhere = emit.Node("Expand", [shaped, emit.Integers(gathered.Shape)]);
        return new Tensor(
            emit.Node("ScatterElements", [emit.Zeros(input.Shape).Name, everywhere, gathered.Name], Int("axis", axis), Text("reduction", "add")), input.Shape);
    });
}
