using System.Collections.Immutable;
using QuantNotebooks.Onnx;

namespace QuantNotebooks.Training.Gradients;

/// <summary>Gradients of sums and means over axes, and of what normalizes by them.</summary>
internal static class ReductionGradients
{
    public static void ReduceSum(GradientStep step) => step.Give(0, () => Spread(step, 1));

    public static void ReduceMean(GradientStep step) => step.Give(0, () => Spread(step, (double)step.Output().Count / step.Input(0).Count));

    /// <summary>Over the last axes, of which each element has a factor.</summary>
    public static void LayerNormalization(GradientStep step)
    {
        if (step.Node.Output.Count(output => output.Length > 0) > 1) throw step.Refused("its mean or deviation is an output too");
        var first = step.Input(0).Axis(step.Node.Int("axis", -1));
        Normalization(step, [.. Enumerable.Range(first, step.Input(0).Rank - first)], step.Input(1).Shape);
    }

    /// <summary>Over all positions of a channel, each of which has a factor.</summary>
    public static void InstanceNormalization(GradientStep step)
    {
        var positions = step.Input(0).Rank - 2;
        Normalization(step, [.. Enumerable.Range(2, positions)], [step.Input(1).Count, .. Enumerable.Repeat(1L, positions)]);
    }

    /// <summary>
    /// y = g n + b with n = (x - mean) / deviation over some axes: dx = (t - mean(t) - n mean(t n)) / deviation with t = dy g.
    /// </summary>
    /// <param name="step">The step.</param>
    /// <param name="axes">What means are taken over.</param>
    /// <param name="parameters">The shape in which g and b broadcast to x.</param>
    private static void Normalization(GradientStep step, int[] axes, ImmutableArray<long> parameters)
    {
        var emit = step.Emit;
        var input = step.Input(0);
        var centred = emit.Subtract(input, Mean(input));
        var deviation = emit.Unary("Sqrt", emit.Add(Mean(emit.Multiply(centred, centred)), emit.Scalar(step.Node.Float("epsilon", 1e-5f))));
        var normal = emit.Divide(centred, deviation);
        step.Give(0, () =>
        {
            var scaled = emit.Multiply(step.Gradient, emit.Reshape(step.Input(1), parameters));
            var rest = emit.Add(Mean(scaled), emit.Multiply(normal, Mean(emit.Multiply(scaled, normal))));
            return emit.Divide(emit.Subtract(scaled, rest), deviation);
        });
        step.Give(1, () => emit.Reshape(emit.SumTo(emit.Multiply(step.Gradient, normal), parameters), step.Input(1).Shape));
        step.Give(2, () => emit.Reshape(emit.SumTo(step.Gradient, parameters), step.Input(2).Shape));

        Tensor Mean(Tensor tensor) => emit.Scale(emit.ReduceSum(tensor, axes), 1.0 / axes.Aggregate(1L, (product, axis) => product * tensor.Shape[axis]));
    }

    /// <summary>y = x g / sqrt(variance + epsilon) + ..., with constant statistics: each channel has a factor.</summary>
    public static void BatchNormalization(GradientStep step)
    {
        if (step.Node.Int("training_mode", 0) != 0) throw step.Refused("it is in training mode");
        step.Give(0, () =>
        {
            var emit = step.Emit;
            var deviation = emit.Unary("Sqrt", emit.Add(step.Input(4), emit.Scalar(step.Node.Float("epsilon", 1e-5f))));
            ImmutableArray<long> along = [step.Input(1).Count, .. Enumerable.Repeat(1L, step.Gradient.Rank - 2)];
            return emit.Multiply(step.Gradient, emit.Reshape(emit.Divide(step.Input(1), deviation), along));
        });
    }

    private static Tensor Spread(GradientStep step, double factor)
    {
        var input = step.Input(0);
        var axes = step.Node.Attribute("axes") is { } attribute ? attribute.Ints.ToArray() : step.Has(1) ? step.Integers(1) : [];
        if (axes.Length == 0 && step.Node.Int("noop_with_empty_axes", 0) == 0) axes = [.. Enumerable.Range(0, input.Rank).Select(axis => (long)axis)];
        var kept = input.Shape.ToBuilder();
        foreach (var axis in axes) kept[input.Axis(axis)] = 1;
        return step.Emit.Expand(step.Emit.Reshape(step.Emit.Scale(step.Gradient, factor), kept.ToImmutable()), input.Shape);
    }
}
