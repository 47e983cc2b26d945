using System.Collections.Immutable;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Equalization;

/// <summary>Follows factor classes through a change of shape: axes that stay, are split or are merged, row-major.</summary>
internal static class Reshaping
{
    /// <summary>A factor for every element of more than this is more than weights can be scaled by in good time.</summary>
    private const long MostElements = 1 << 24;

    /// <summary>The map of the reshaped tensor, or null where the shapes tell too little.</summary>
    public static FactorMap? Apply(FactorTrace trace, FactorMap map, ImmutableArray<Dimension> from, ImmutableArray<Dimension> to)
    {
        if (from.Length != map.Rank || to.IsEmpty) return null;
        var (first, last) = (0, 0);
        // Equal axes at both ends stay what they are; what lies between is one block.
        while (first < from.Length && first < to.Length && AreEqual(from, to, first, first)) first++;
        while (last < from.Length - first && last < to.Length - first && AreEqual(from, to, from.Length - 1 - last, to.Length - 1 - last)) last++;
        var block = Enumerable.Range(first, from.Length - first - last).ToArray();
        var made = Enumerable.Range(first, to.Length - first - last).ToArray();

        if (block.Any(map.VariesAlong))
        {
            var size = KnownSize(block.Select(axis => from[axis]));
            if (size < 0 || size > MostElements || size != KnownSize(made.Select(axis => to[axis]))) return null;
            // Every element of the block gets its own class, then the block is cut anew.
            var extents = map.Extents.ToArray();
            foreach (var axis in block) extents[axis] = (int)from[axis].Size;
            var classes = map.Over(extents);
            int[] cut = [.. extents[..first], .. made.Select(axis => (int)to[axis].Size), .. extents[(from.Length - last)..]];
            return FactorMap.Create(cut, classes);
        }
        return map.Axes([.. Enumerable.Range(0, first), .. made.Select(_ => -1), .. Enumerable.Range(from.Length - last, last)]);
    }

    private static bool AreEqual(ImmutableArray<Dimension> from, ImmutableArray<Dimension> to, int axis, int other) =>
        from[axis].IsSurelyEqual(to[other]) || !from[axis].IsKnown && !to[other].IsKnown && OnlyTheseAreUnknown(from, to);

    /// <summary>One unknown length on each side and the same number of elements besides: then the unknown ones are equal too.</summary>
    private static bool OnlyTheseAreUnknown(ImmutableArray<Dimension> from, ImmutableArray<Dimension> to) =>
        from.Count(dimension => !dimension.IsKnown) == 1 && to.Count(dimension => !dimension.IsKnown) == 1
        && KnownSize(from.Where(dimension => dimension.IsKnown)) == KnownSize(to.Where(dimension => dimension.IsKnown));

    private static long KnownSize(IEnumerable<Dimension> dimensions)
    {
        long size = 1;
        foreach (var dimension in dimensions)
        {
            if (!dimension.IsKnown) return -1;
            size *= dimension.Size;
        }
        return size;
    }
}
