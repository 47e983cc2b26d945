namespace QuantNotebooks.Equalization;

/// <summary>
/// Which factor class each element of a tensor belongs to: an array that broadcasts to the tensor as NumPy arrays do, with extent 1 along
/// every axis that does not matter. A map without axes is one class for the whole tensor. Immutable.
/// </summary>
internal sealed class FactorMap
{
    private readonly int[] _extents;
    private readonly int[] _classes;

    private FactorMap(int[] extents, int[] classes)
    {
        _extents = extents;
        _classes = classes;
    }

    /// <summary>Lengths along the tensor's axes, 1 where the class does not depend on the axis; empty for a uniform map.</summary>
    public ReadOnlySpan<int> Extents => _extents;

    /// <summary>Classes, row-major over <see cref="Extents"/>.</summary>
    public ReadOnlySpan<int> Classes => _classes;

    public int Rank => _extents.Length;

    public bool IsUniform => _extents.Length == 0;

    /// <summary>One class for the whole tensor, whatever its shape.</summary>
    public static FactorMap Uniform(int factorClass) => new([], [factorClass]);

    /// <summary>One class for each index along one axis.</summary>
    public static FactorMap Along(int rank, int axis, int[] classes)
    {
        var extents = new int[rank];
        Array.Fill(extents, 1);
        extents[axis] = classes.Length;
        return Create(extents, classes);
    }

    /// <summary>A map that numbers the elements of a tensor of this shape, row-major.</summary>
    public static FactorMap Positions(int[] shape) => new(shape, [.. Enumerable.Range(0, shape.Aggregate(1, (product, size) => product * size))]);

    /// <summary>A map of these extents, with every axis along which nothing changes brought to extent 1.</summary>
    public static FactorMap Create(int[] extents, int[] classes)
    {
        for (var axis = 0; axis < extents.Length; axis++)
            if (extents[axis] > 1 && !Varies(extents, classes, axis)) (extents, classes) = Without(extents, classes, axis);
        return Array.TrueForAll(extents, extent => extent == 1) ? Uniform(classes[0]) : new FactorMap(extents, classes);
    }

    /// <summary>Whether the class depends on the index along an axis.</summary>
    public bool VariesAlong(int axis) => axis >= 0 && axis < Rank && _extents[axis] > 1;

    public FactorMap Transpose(ReadOnlySpan<int> permutation)
    {
        if (IsUniform) return this;
        var extents = new int[Rank];
        for (var axis = 0; axis < Rank; axis++) extents[axis] = _extents[permutation[axis]];
        var strides = StridesOf(_extents);
        var moved = new int[Rank];
        for (var axis = 0; axis < Rank; axis++) moved[axis] = strides[permutation[axis]];
        return Create(extents, Gather(extents, moved));
    }

    /// <summary>The classes over other extents of the same rank, each of them equal to this map's or a repetition of its extent 1.</summary>
    public int[] Over(ReadOnlySpan<int> extents)
    {
        var strides = StridesOf(_extents);
        var shift = extents.Length - Rank;
        var read = new int[extents.Length];
        for (var axis = shift; axis < extents.Length; axis++) read[axis] = _extents[axis - shift] == 1 ? 0 : strides[axis - shift];
        return Gather(extents.ToArray(), read);
    }

    /// <summary>The map of the last axes alone; those before them must have extent 1.</summary>
    public FactorMap Trailing(int rank) => Rank <= rank ? this : new FactorMap(_extents[^rank..], _classes);

    /// <summary>The map of the chosen indices along an axis; the map must vary along it.</summary>
    public FactorMap Select(int axis, ReadOnlySpan<int> indices)
    {
        var (outer, inner) = Around(_extents, axis);
        var extents = _extents.ToArray();
        extents[axis] = indices.Length;
        var classes = new int[outer * indices.Length * inner];
        for (var o = 0; o < outer; o++)
            for (var index = 0; index < indices.Length; index++)
                _classes.AsSpan((o * _extents[axis] + indices[index]) * inner, inner).CopyTo(classes.AsSpan((o * indices.Length + index) * inner));
        return Create(extents, classes);
    }

    /// <summary>The same map with its axes renamed: each new axis is an old one, or -1 for a new axis along which nothing changes.</summary>
    public FactorMap Axes(ReadOnlySpan<int> oldAxes)
    {
        if (IsUniform) return this;
        var extents = new int[oldAxes.Length];
        for (var axis = 0; axis < extents.Length; axis++) extents[axis] = oldAxes[axis] < 0 ? 1 : _extents[oldAxes[axis]];
        return Create(extents, _classes);
    }

    /// <summary>Demands that the class does not depend on the indices along these axes.</summary>
    public FactorMap Joined(FactorClasses classes, Func<int, bool> along)
    {
        var map = this;
        for (var axis = 0; axis < map.Rank; axis++)
        {
            if (map._extents[axis] == 1 || !along(axis)) continue;
            var (outer, inner) = Around(map._extents, axis);
            for (var o = 0; o < outer; o++)
                for (var index = 1; index < map._extents[axis]; index++)
                    for (var i = 0; i < inner; i++)
                        classes.Join(map._classes[o * map._extents[axis] * inner + i], map._classes[(o * map._extents[axis] + index) * inner + i]);
            var (extents, kept) = Without(map._extents, map._classes, axis);
            map = new FactorMap(extents, kept);
        }
        return Array.TrueForAll(map._extents, extent => extent == 1) ? Uniform(map._classes[0]) : map;
    }

    private static bool Varies(int[] extents, int[] classes, int axis)
    {
        var (outer, inner) = Around(extents, axis);
        for (var o = 0; o < outer; o++)
        {
            var first = classes.AsSpan(o * extents[axis] * inner, inner);
            for (var index = 1; index < extents[axis]; index++)
                if (!classes.AsSpan((o * extents[axis] + index) * inner, inner).SequenceEqual(first)) return true;
        }
        return false;
    }

    private static (int[] Extents, int[] Classes) Without(int[] extents, int[] classes, int axis)
    {
        var (outer, inner) = Around(extents, axis);
        var kept = new int[outer * inner];
        for (var o = 0; o < outer; o++) classes.AsSpan(o * extents[axis] * inner, inner).CopyTo(kept.AsSpan(o * inner));
        var shorter = extents.ToArray();
        shorter[axis] = 1;
        return (shorter, kept);
    }

    private static (int Outer, int Inner) Around(int[] extents, int axis)
    {
        var (outer, inner) = (1, 1);
        for (var before = 0; before < axis; before++) outer *= extents[before];
        for (var after = axis + 1; after < extents.Length; after++) inner *= extents[after];
        return (outer, inner);
    }

    private static int[] StridesOf(int[] extents)
    {
        var strides = new int[extents.Length];
        for (var (axis, stride) = (extents.Length - 1, 1); axis >= 0; stride *= extents[axis--]) strides[axis] = stride;
        return strides;
    }

    private int[] Gather(int[] extents, int[] strides)
    {
        var count = 1;
        foreach (var extent in extents) count *= extent;
        var classes = new int[count];
        var index = new int[extents.Length];
        var at = 0;
        for (var element = 0; element < count; element++)
        {
            classes[element] = _classes[at];
            for (var axis = extents.Length - 1; axis >= 0; axis--)
            {
                at += strides[axis];
                if (++index[axis] < extents[axis]) break;
                at -= strides[axis] * extents[axis];
                index[axis] = 0;
            }
        }
        return classes;
    }
}
