using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Equalization;

/// <summary>How factors pass through operators that move elements and compute nothing.</summary>
internal static class ShapeRules
{
    /// <summary>Applies the rule of the node's operator, or returns false where it has none here.</summary>
    public static bool TryApply(FactorTrace trace, NodeProto node)
    {
        switch (node.OpType)
        {
            // They read the shape and no value.
            case "Shape" or "Size": break;
            case "Reshape" or "Flatten" or "Squeeze" or "Unsqueeze": Apply(trace, node, (map, _) => Reshaping.Apply(trace, map, trace.Shapes[node.Input[0]], trace.Shapes[node.Output[0]])); break;
            case "Transpose": Apply(trace, node, (map, _) => Transpose(node, map)); break;
            case "Expand": Apply(trace, node, (map, _) => map); break;
            case "Slice": Apply(trace, node, (map, input) => Slice(trace, node, map, input)); break;
            case "Gather": Apply(trace, node, (map, _) => Gather(trace, node, map)); break;
            case "DepthToSpace" or "SpaceToDepth": Apply(trace, node, (map, input) => Blocks(trace, node, map, input)); break;
            case "Split": Split(trace, node); break;
            case "Concat": Concat(trace, node); break;
            default: return false;
        }
        return true;
    }

    private static void Apply(FactorTrace trace, NodeProto node, Func<FactorMap, string, FactorMap?> rule)
    {
        if (trace.Computed(node, 0) is not { } input || !trace.HasMap(input))
        {
            trace.RefuseAround(node, $"{node.OpType} of a constant");
            return;
        }
        var map = trace.Map(input);
        if (map.IsUniform) trace.Set(node.Output[0], map);
        else if (rule(map, input) is { } moved) trace.Set(node.Output[0], moved);
        else trace.RefuseAround(node, $"{node.OpType} moves channels in a way that the graph alone does not tell");
    }

    private static FactorMap Transpose(NodeProto node, FactorMap map)
    {
        var permutation = node.Ints("perm");
        return map.Transpose(permutation.IsEmpty
            ? [.. Enumerable.Range(0, map.Rank).Reverse()]
            : [.. permutation.Select(axis => (int)axis)]);
    }

    private static FactorMap? Slice(FactorTrace trace, NodeProto node, FactorMap map, string input)
    {
        // Before operator set 10 bounds are attributes.
        var (starts, ends) = node.InputOrNull(1) is null ? (node.Ints("starts"), node.Ints("ends")) : (trace.Integers(node.Input[1]), trace.Integers(node.InputOrNull(2)));
        if (starts is not { } from || ends is not { } to) return null;
        var axes = node.InputOrNull(1) is null ? node.Ints("axes") : node.InputOrNull(3) is { } given ? trace.Integers(given) : [];
        var steps = node.InputOrNull(4) is { } step ? trace.Integers(step) : [];
        if (axes is not { } along || steps is not { } by) return null;
        for (var index = 0; index < from.Length; index++)
        {
            var axis = along.IsEmpty ? index : (int)along[index];
            if (axis < 0) axis += map.Rank;
            if (!map.VariesAlong(axis)) continue;
            var indices = Range(from[index], to[index], by.IsEmpty ? 1 : by[index], map.Extents[axis]);
            if (indices.Length == 0) return null;
            map = Select(map, axis, indices);
            if (map.IsUniform) return map;
        }
        return map;
    }

    /// <summary>The indices that ONNX's Slice takes of an axis: bounds count from the end where negative, and are clamped.</summary>
    private static int[] Range(long start, long end, long step, long size)
    {
        if (start < 0) start += size;
        if (end < 0) end += size;
        var indices = new List<int>();
        if (step > 0)
            for (var index = Math.Clamp(start, 0, size); index < Math.Min(end, size); index += step) indices.Add((int)index);
        else
            for (var index = Math.Min(start, size - 1); index > Math.Max(end, -1) && index >= 0; index += step) indices.Add((int)index);
        return [.. indices];
    }

    private static FactorMap Select(FactorMap map, int axis, int[] indices) => map.Select(axis, indices);

    private static FactorMap? Gather(FactorTrace trace, NodeProto node, FactorMap map)
    {
        var axis = (int)node.Int("axis", 0);
        if (axis < 0) axis += map.Rank;
        if (trace.Graph.Constant(node.Input[1]) is not { } constant || trace.Integers(node.Input[1]) is not { } indices) return null;
        var isScalar = constant.Dims.Count == 0;
        if (!isScalar && constant.Dims.Count != 1) return null;
        if (map.VariesAlong(axis))
        {
            var size = map.Extents[axis];
            map = map.Select(axis, [.. indices.Select(index => (int)(index < 0 ? index + size : index))]);
        }
        return isScalar ? map.Axes([.. Enumerable.Range(0, map.Rank).Where(other => other != axis)]) : map;
    }

    /// <summary>DepthToSpace and SpaceToDepth: blocks of positions become channels or the other way round.</summary>
    private static FactorMap? Blocks(FactorTrace trace, NodeProto node, FactorMap map, string input)
    {
        map = map.Joined(trace.Classes, axis => axis != 1);
        trace.Set(input, map);
        if (map.IsUniform) return map;
        var block = (int)node.Int("blocksize", 1);
        var (blocks, classes) = (block * block, map.Classes.ToArray());
        if (node.OpType == "SpaceToDepth")
            return FactorMap.Along(map.Rank, 1, [.. Enumerable.Range(0, blocks).SelectMany(_ => classes)]);
        var channels = classes.Length / blocks;
        var isColumnRowDepth = node.Attribute("mode")?.S.ToStringUtf8() == "CRD";
        // What becomes one channel must share a factor.
        int At(int channel, int position) => classes[isColumnRowDepth ? channel * blocks + position : position * channels + channel];
        for (var channel = 0; channel < channels; channel++)
            for (var position = 1; position < blocks; position++) trace.Classes.Join(At(channel, 0), At(channel, position));
        return FactorMap.Along(map.Rank, 1, [.. Enumerable.Range(0, channels).Select(channel => At(channel, 0))]);
    }

    private static void Split(FactorTrace trace, NodeProto node)
    {
        if (trace.Computed(node, 0) is not { } input) return;
        var map = trace.Map(input);
        var axis = (int)node.Int("axis", 0);
        if (axis < 0) axis += map.Rank;
        var sizes = node.Output.Select(output => trace.Shapes.SizeOf(output, axis)).ToArray();
        if (map.VariesAlong(axis) && (sizes.Any(size => size < 0) || sizes.Sum() != map.Extents[axis]))
        {
            trace.RefuseAround(node, "Split into parts whose sizes the graph alone does not tell");
            return;
        }
        var start = 0;
        for (var part = 0; part < node.Output.Count; part++)
        {
            trace.Set(node.Output[part], map.VariesAlong(axis) ? Select(map, axis, [.. Enumerable.Range(start, (int)sizes[part])]) : map);
            start += (int)Math.Max(0, sizes[part]);
        }
    }

    private static void Concat(FactorTrace trace, NodeProto node)
    {
        var rank = trace.Shapes[node.Output[0]].Length;
        var maps = node.Input.Select(trace.Map).ToArray();
        if (rank == 0)
        {
            trace.RefuseAround(node, "Concat of tensors whose number of axes is not known");
            return;
        }
        var axis = (int)node.Int("axis", 0);
        if (axis < 0) axis += rank;
        var sizes = node.Input.Select((input, index) => maps[index].VariesAlong(axis) ? maps[index].Extents[axis] : SizeOf(trace, input, axis)).ToArray();
        if (sizes.Any(size => size < 0))
        {
            if (maps.Skip(1).All(map => map.IsUniform && maps[0].IsUniform && trace.Classes.Find(map.Classes[0]) == trace.Classes.Find(maps[0].Classes[0])))
                trace.Set(node.Output[0], maps[0]);
            else trace.RefuseAround(node, "Concat of parts whose sizes the graph alone does not tell");
            return;
        }
        var extents = new int[rank];
        for (var other = 0; other < rank; other++) extents[other] = maps.Max(map => map.IsUniform ? 1 : map.Extents[other]);
        extents[axis] = (int)sizes.Sum();
        var inner = 1;
        for (var other = axis + 1; other < rank; other++) inner *= extents[other];
        var classes = new int[extents.Aggregate(1, (product, extent) => product * extent)];
        var offset = 0;
        for (var part = 0; part < maps.Length; part++)
        {
            var own = extents.ToArray();
            own[axis] = (int)sizes[part];
            var (values, run) = (maps[part].Over(own), own[axis] * inner);
            for (var outer = 0; outer * run < values.Length; outer++)
                values.AsSpan(outer * run, run).CopyTo(classes.AsSpan((outer * extents[axis] + offset) * inner));
            offset += own[axis];
        }
        trace.Set(node.Output[0], FactorMap.Create(extents, classes));
    }

    private static long SizeOf(FactorTrace trace, string tensor, int axis)
    {
        if (trace.Graph.Constant(tensor) is { } constant) return axis < constant.Dims.Count ? constant.Dims[axis] : -1;
        if (trace.Graph.Inputs.FirstOrDefault(input => input.Name == tensor) is not { } value) return trace.Shapes.SizeOf(tensor, axis);
        var dimensions = value.Type?.TensorType?.Shape?.Dim;
        return dimensions is not null && axis < dimensions.Count && dimensions[axis].DimValue > 0 ? dimensions[axis].DimValue : -1;
    }
}
