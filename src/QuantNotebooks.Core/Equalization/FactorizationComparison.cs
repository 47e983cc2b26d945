using QuantNotebooks.Networks;

namespace QuantNotebooks.Equalization;

/// <summary>Two networks in their canonical factorizations, weight by weight. Immutable.</summary>
/// <param name="One">The first in canonical form.</param>
/// <param name="Other">The second.</param>
/// <param name="LargestDifference">The largest difference of a weight or bias over the largest of its layer; infinite where the layers don't correspond.</param>
/// <param name="Layer">The layer where it is, or why layers don't correspond; null where nothing differs.</param>
public sealed record FactorizationComparison(Network One, Network Other, double LargestDifference, string? Layer)
{
    /// <summary>Float rounding of two chains of factors stays below this.</summary>
    public const double Tolerance = 1e-4;

    /// <summary>Whether the layers of both networks differ in nothing but the scale of channels inside the network.</summary>
    public bool SameUpToScale => LargestDifference <= Tolerance;

    /// <summary>Compares two networks of the same graph.</summary>
    public static FactorizationComparison Of(Network one, Network other)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        var (first, second) = (one.Equalize(EqualizationMethod.Canonical).Network, other.Equalize(EqualizationMethod.Canonical).Network);
        if (first.Layers.Length != second.Layers.Length)
            return new FactorizationComparison(first, second, double.PositiveInfinity, FormattableString.Invariant($"{first.Layers.Length} layers and {second.Layers.Length}"));
        var (largest, where) = (0.0, (string?)null);
        foreach (var layer in first.Layers)
        {
            var twin = second.Layers[layer.Index];
            var difference = layer.WeightShape.AsSpan().SequenceEqual(twin.WeightShape.AsSpan()) && layer.HasBias == twin.HasBias
                ? Math.Max(Difference(layer.Weights, twin.Weights), layer.HasBias ? Difference(layer.Bias, twin.Bias) : 0)
                : double.PositiveInfinity;
            if (difference > largest) (largest, where) = (difference, layer.Name);
        }
        return new FactorizationComparison(first, second, largest, where);
    }

    private static double Difference(ReadOnlySpan<float> one, ReadOnlySpan<float> other)
    {
        var (scale, difference) = (0.0, 0.0);
        for (var index = 0; index < one.Length; index++)
        {
            scale = Math.Max(scale, Math.Max(Math.Abs(one[index]), Math.Abs(other[index])));
            difference = Math.Max(difference, Math.Abs((double)one[index] - other[index]));
        }
        return difference == 0 ? 0 : difference / scale;
    }
}
