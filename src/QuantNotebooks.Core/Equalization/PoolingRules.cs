using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Equalization;

/// <summary>How factors pass through operators that combine positions: pooling, reductions, resizing, padding, normalization with constants.</summary>
internal static class PoolingRules
{
    private static readonly ImmutableHashSet<string> Spatial =
        ["MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool", "LpPool", "GlobalLpPool", "Resize", "Upsample"];

    private static readonly ImmutableHashSet<string> Reductions = ["ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2"];

    /// <summary>Applies the rule of the node's operator, or returns false where it has none here.</summary>
    public static bool TryApply(FactorTrace trace, NodeProto node)
    {
        if (trace.Computed(node, 0) is not { } input || !trace.HasMap(input)) return false;
        if (Spatial.Contains(node.OpType)) ApplySpatial(trace, node, input);
        else if (Reductions.Contains(node.OpType)) ApplyReduction(trace, node, input);
        else if (node.OpType == "Pad") ApplyPad(trace, node, input);
        else if (node.OpType == "BatchNormalization") ApplyBatchNormalization(trace, node, input);
        else return false;
        return true;
    }

    private static void ApplySpatial(FactorTrace trace, NodeProto node, string input)
    {
        if (node.Attribute("coordinate_transformation_mode")?.S.ToStringUtf8() == "tf_crop_and_resize")
        {
            trace.RefuseAround(node, "Resize that fills what lies outside with a constant");
            return;
        }
        var map = trace.Map(input).Joined(trace.Classes, axis => axis > 1);
        trace.Set(input, map);
        trace.Set(node.Output[0], map);
    }

    private static void ApplyReduction(FactorTrace trace, NodeProto node, string input)
    {
        var map = trace.Map(input);
        ImmutableArray<long>? axes = node.InputOrNull(1) is { } name ? trace.Integers(name) : node.Ints("axes");
        if (axes is null)
        {
            trace.RefuseAround(node, $"{node.OpType} along computed axes");
            return;
        }
        var keepsAll = axes.Value.IsEmpty && node.Int("noop_with_empty_axes", 0) != 0;
        var reduced = axes.Value.Select(axis => (int)(axis < 0 ? axis + map.Rank : axis)).ToHashSet();
        bool IsReduced(int axis) => !keepsAll && (reduced.Count == 0 || reduced.Contains(axis));

        map = map.Joined(trace.Classes, IsReduced);
        trace.Set(input, map);
        if (node.Int("keepdims", 1) == 0 && !keepsAll) map = map.Axes([.. Enumerable.Range(0, map.Rank).Where(axis => !IsReduced(axis))]);
        trace.Set(node.Output[0], map);
    }

    private static void ApplyPad(FactorTrace trace, NodeProto node, string input)
    {
        var map = trace.Map(input);
        var pads = node.InputOrNull(1) is { } name ? trace.Integers(name) : node.Ints("pads");
        var isConstant = (node.Attribute("mode")?.S.ToStringUtf8() ?? "constant") == "constant";
        if (pads is null || node.InputOrNull(3) is not null) trace.RefuseAround(node, "Pad by computed amounts, or along chosen axes");
        else if (isConstant && !FillsWithZero(trace, node)) trace.RefuseAround(node, "Pad with a value that is not zero");
        else if (!map.IsUniform && Enumerable.Range(0, map.Rank).Any(axis => map.VariesAlong(axis) && (pads.Value[axis] != 0 || pads.Value[axis + map.Rank] != 0)))
            trace.RefuseAround(node, "Pad that adds or takes away channels");
        else trace.Set(node.Output[0], map);
    }

    private static bool FillsWithZero(FactorTrace trace, NodeProto node) => node.InputOrNull(2) is { } value
        ? trace.Graph.Constant(value) is { } constant && TensorData.IsFloat(constant) && TensorData.Floats(TensorData.ToRawFloats(constant)!).IndexOfAnyExcept(0f) < 0
        : node.Float("value", 0) == 0;

    /// <summary>One that follows no layer: gamma (x - mean) / sigma + beta keeps its factors when mean and beta are scaled along.</summary>
    private static void ApplyBatchNormalization(FactorTrace trace, NodeProto node, string input)
    {
        var constants = Enumerable.Range(1, 4).Select(index => trace.Graph.Constant(node.InputOrNull(index))).ToArray();
        if (node.Int("training_mode", 0) != 0 || constants.Any(constant => constant?.DataType != (int)TensorProto.Types.DataType.Float))
        {
            trace.RefuseAround(node, "batch normalization with computed or not float32 parameters");
            return;
        }
        var map = trace.Map(input).Joined(trace.Classes, axis => axis != 1);
        trace.Set(input, map);
        trace.Set(node.Output[0], map);
        var channels = map.IsUniform ? map : FactorMap.Create([map.Extents[1]], map.Classes.ToArray());
        trace.Constants.Add(new ScaledConstant(node, 2, channels));
        trace.Constants.Add(new ScaledConstant(node, 3, channels));
    }
}
