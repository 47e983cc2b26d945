using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Equalization;

/// <summary>A Clip, and what bounds the same tensor in the scaled network: each bound must be the old one times the factor of what it bounds.</summary>
internal sealed class StructureClip(Graph before, Graph after, FactorTensors tensors, NodeProto node, NodeProto other)
{
    public string? Apply()
    {
        if (ActivationFinder.Of(before, node) is not { } clip) return "its bounds are computed";
        var factors = tensors.Factors(node.Input[0]);
        var shape = tensors.Shape(node.Output[0]);
        var (lowest, highest) = (Bounds(factors.Length, float.NegativeInfinity), Bounds(factors.Length, float.PositiveInfinity));
        if (Collect(shape, lowest, highest) is { } fault) return fault;
        for (var index = 0; index < factors.Length; index++)
            if (!Fits((float)clip.Minimum, factors[index], lowest[index]) || !Fits((float)clip.Maximum, factors[index], highest[index])) return "a bound was not scaled as what it bounds";
        tensors.Set(node.Output[0], factors);
        return null;
    }

    private static float[] Bounds(int count, float value)
    {
        var bounds = new float[count];
        Array.Fill(bounds, value);
        return bounds;
    }

    // 0 times infinity is no bound, and an element that is zero in both networks stays zero within any that hold zero.
    private static bool Fits(float bound, float factor, float scaled) => float.IsInfinity(bound) ? bound == scaled : float.IsNaN(factor) || FactorTensors.Same(bound * factor, scaled) || bound == scaled && bound == 0;

    /// <summary>From the output back to the input of the Clip through Relu, Min, Max and Clip.</summary>
    private string? Collect(long[] shape, float[] lowest, float[] highest)
    {
        for (var current = other; ;)
        {
            string? from = null;
            if (current.OpType == "Clip")
            {
                if (ActivationFinder.Of(after, current) is not { } clip) return "its bounds are computed in the scaled network";
                Narrow(lowest, highest, Bounds(lowest.Length, (float)clip.Minimum), Bounds(lowest.Length, (float)clip.Maximum));
                from = current.Input[0];
            }
            else if (current.OpType == "Relu")
            {
                Narrow(lowest, highest, Bounds(lowest.Length, 0), Bounds(lowest.Length, float.PositiveInfinity));
                from = current.Input[0];
            }
            else if (current.OpType is "Min" or "Max" && current.Input.Count == 2 && after.Constant(current.Input[1]) is { } constant)
            {
                var bound = StructureRules.Broadcast(constant, shape);
                if (current.OpType == "Min") Narrow(lowest, highest, Bounds(lowest.Length, float.NegativeInfinity), bound);
                else Narrow(lowest, highest, bound, Bounds(lowest.Length, float.PositiveInfinity));
                from = current.Input[0];
            }
            if (from is null) return $"{current.OpType} stands where the bounds should be in the scaled network";
            if (from == node.Input[0]) return null;
            if (after.Producer(from) is not { } producer) return "it bounds another tensor in the scaled network";
            current = producer;
        }
    }

    private static void Narrow(float[] lowest, float[] highest, float[] low, float[] high)
    {
        for (var index = 0; index < lowest.Length; index++)
            (lowest[index], highest[index]) = (Math.Max(lowest[index], low[index]), Math.Min(highest[index], high[index]));
    }
}
