using QuantNotebooks.Networks;

namespace QuantNotebooks.Pruning;

/// <summary>Which weights of a layer go: those whose score is below the threshold, and the first so many of those that equal it.</summary>
/// <param name="Threshold">A score; negative where none goes.</param>
/// <param name="Equal">How many of those that equal it.</param>
internal readonly record struct LayerCut(float Threshold, long Equal)
{
    public static LayerCut None { get; } = new(-1, 0);

    /// <summary>A copy of the weights in which those that go are zero.</summary>
    /// <param name="weights">The layer's weights.</param>
    /// <param name="scored">The weights whose magnitudes are the scores.</param>
    public float[] Apply(ReadOnlySpan<float> weights, ReadOnlySpan<float> scored)
    {
        var (kept, equal) = (weights.ToArray(), Equal);
        for (var index = 0; index < kept.Length; index++)
        {
            var score = MathF.Abs(scored[index]);
            if (score < Threshold || score == Threshold && equal-- > 0) kept[index] = 0;
        }
        return kept;
    }

    /// <summary>How many weights are zero afterwards.</summary>
    /// <inheritdoc cref="Apply"/>
    public int Zeros(ReadOnlySpan<float> weights, ReadOnlySpan<float> scored)
    {
        var (zeros, equal) = (0, Equal);
        for (var index = 0; index < weights.Length; index++)
        {
            var score = MathF.Abs(scored[index]);
            if (score < Threshold || score == Threshold && equal-- > 0 || weights[index] == 0) zeros++;
        }
        return zeros;
    }
}

/// <summary>
/// Finds the magnitude below which a given share of a network's weights lies, exactly and without sorting them: magnitudes order as their bits do, so
/// counting by the upper half of the bits, and within one class by the lower half, tells it.
/// </summary>
internal sealed class WeightRanking
{
    private const int LowBits = 16;
    private const uint Magnitude = 0x7FFF_FFFF;

    private readonly Network _scored;
    private readonly Layer[][] _groups;
    private readonly long[][] _counts;

    /// <param name="scored">The network whose magnitudes count.</param>
    /// <param name="scope">Among which of them.</param>
    /// <param name="cancellation">Stops between two layers.</param>
    public WeightRanking(Network scored, PruningScope scope, CancellationToken cancellation)
    {
        _scored = scored;
        _groups = scope == PruningScope.Layer ? [.. scored.Layers.Select(layer => new[] { layer })] : [[.. scored.Layers]];
        _counts = [.. _groups.Select(group =>
        {
            var counts = new long[1 << (31 - LowBits)];
            foreach (var layer in group)
            {
                cancellation.ThrowIfCancellationRequested();
                foreach (var weight in layer.Weights) counts[Bits(weight) >> LowBits]++;
            }
            return counts;
        })];
    }

    /// <summary>The weights that go, by the layer's index, so that the share of each group is zero: the smallest, and of equal ones those that come first.</summary>
    public LayerCut[] Cut(double share, CancellationToken cancellation)
    {
        var cuts = new LayerCut[_scored.Layers.Length];
        for (var group = 0; group < _groups.Length; group++)
        {
            var layers = _groups[group];
            // A share such as 0.29 of 100 must not lose one to the rounding of the product.
            var left = (long)(share * layers.Sum(layer => (long)layer.Weights.Length) + 1e-6);
            var threshold = left == 0 ? LayerCut.None.Threshold : ThresholdOf(layers, _counts[group], ref left, cancellation);
            foreach (var layer in layers)
            {
                cancellation.ThrowIfCancellationRequested();
                var equal = left == 0 ? 0 : Math.Min(left, CountEqual(layer.Weights, threshold));
                cuts[layer.Index] = new LayerCut(threshold, equal);
                left -= equal;
            }
        }
        return cuts;
    }

    /// <summary>The score of the last weight that goes.</summary>
    /// <param name="layers">The group.</param>
    /// <param name="counts">Its weights by the upper half of their bits.</param>
    /// <param name="left">How many go; afterwards, how many of those that equal the threshold.</param>
    /// <param name="cancellation">Stops between two layers.</param>
    private static float ThresholdOf(Layer[] layers, long[] counts, ref long left, CancellationToken cancellation)
    {
        var high = ClassOf(counts, ref left);
        var fine = new long[1 << LowBits];
        foreach (var layer in layers)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (var weight in layer.Weights)
                if (Bits(weight) is var bits && bits >> LowBits == high) fine[bits & ((1 << LowBits) - 1)]++;
        }
        var low = ClassOf(fine, ref left);
        return BitConverter.UInt32BitsToSingle((high << LowBits) | low);
    }

    /// <summary>The class of the last of so many; afterwards, how many of that class.</summary>
    private static uint ClassOf(long[] counts, ref long left)
    {
        var index = 0u;
        while (left > counts[index]) left -= counts[index++];
        return index;
    }

    private static long CountEqual(ReadOnlySpan<float> weights, float threshold)
    {
        var equal = 0L;
        foreach (var weight in weights)
            if (MathF.Abs(weight) == threshold) equal++;
        return equal;
    }

    private static uint Bits(float weight) => BitConverter.SingleToUInt32Bits(weight) & Magnitude;
}
