using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Training.Gradients;

/// <summary>
/// The values, both ends among them, at which a ReLU, a clip or a grid lets a gradient through. A clip and the grid right behind it share one band, so that
/// the tensor between them is compared once.
/// </summary>
/// <param name="Low">The least value that passes; negative infinity where nothing is cut off below.</param>
/// <param name="High">The largest.</param>
internal readonly record struct PassBand(float Low, float High)
{
    /// <summary>Smaller numbers are not normal, and a processor may take them for zero.</summary>
    private const float SmallestNormal = 1.17549435e-38f;

    private bool IsEmpty => !(Low <= High);

    /// <summary>The gradient where a tensor's values lie in the band, and zero elsewhere.</summary>
    public Tensor Masked(NodeEmitter emit, Tensor gradient, Tensor values)
    {
        if (IsEmpty) return emit.Zeros(gradient.Shape);
        var (hasLow, hasHigh) = (!float.IsNegativeInfinity(Low), !float.IsPositiveInfinity(High));
        if (!hasLow && !hasHigh) return gradient;
        string[] bounds = hasHigh ? [hasLow ? emit.Scalar(Low).Name : "", emit.Scalar(High).Name] : [emit.Scalar(Low).Name];
        return emit.Multiply(gradient, emit.Mask("Equal", emit.Clip(values, bounds), values));
    }

    /// <summary>
    /// The band of a ReLU, or of a Clip with constant bounds, by the values that it gives: at a kink the derivative is that of the constant side. Narrowed to
    /// the grid behind it where nothing else reads it. Null for any other node.
    /// </summary>
    public static PassBand? OfClip(NodeProto node, Graph graph) => Own(node, graph) is not { } own ? null
        : graph.SoleConsumer(node.Output[0]) is { } next && FakeQuantization.IsOne(next) && OfGrid(next, graph) is { } grid
            ? new PassBand(Math.Max(own.Low, grid.Low), Math.Min(own.High, grid.High))
        : own;

    /// <summary>Half a step beyond the ends of a grid; null where the clip before it has the grid in its own band.</summary>
    public static PassBand? BehindNoClip(NodeProto grid, Graph graph) =>
        graph.Producer(grid.Input[0]) is { } clip && Own(clip, graph) is not null && graph.SoleConsumer(grid.Input[0]) is not null ? null : OfGrid(grid, graph);

    private static PassBand OfGrid(NodeProto grid, Graph graph)
    {
        var scale = Scalar(1);
        return new PassBand((Scalar(2) - 0.5f) * scale, (Scalar(3) + 0.5f) * scale);

        float Scalar(int input) => TensorData.Floats(graph.Constants[grid.Input[input]])[0];
    }

    private static PassBand? Own(NodeProto node, Graph graph)
    {
        if (node.Domain is not ("" or "ai.onnx")) return null;
        if (node.OpType == "Relu") return new PassBand(Above(0), float.PositiveInfinity);
        if (node.OpType != "Clip" || Bound(1, float.NegativeInfinity) is not { } low || Bound(2, float.PositiveInfinity) is not { } high) return null;
        return new PassBand(Above(low), Below(high));

        float? Bound(int input, float otherwise) => node.InputOrNull(input) is not { } name ? otherwise
            : graph.Constant(name) is { } constant && TensorData.ToRawFloats(constant) is { } floats ? TensorData.Floats(floats)[0]
            : null;
    }

    private static float Above(float bound) => bound == 0 ? SmallestNormal : float.IsInfinity(bound) ? bound : MathF.BitIncrement(bound);

    private static float Below(float bound) => -Above(-bound);
}
