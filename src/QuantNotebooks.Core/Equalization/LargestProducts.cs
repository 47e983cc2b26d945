using System.Numerics;
using System.Runtime.InteropServices;

namespace QuantNotebooks.Equalization;

/// <summary>The largest magnitudes of weights times factors, a vector at a time. No value may be a NaN.</summary>
internal static class LargestProducts
{
    /// <summary>The largest |value x factor| of two spans as long as one another; 0 where they are empty.</summary>
    public static float Of(ReadOnlySpan<float> values, ReadOnlySpan<float> factors)
    {
        var valueVectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        var factorVectors = MemoryMarshal.Cast<float, Vector<float>>(factors);
        var (largest, best) = (0f, Vector<float>.Zero);
        for (var index = 0; index < valueVectors.Length && index < factorVectors.Length; index++)
            best = Vector.MaxNative(best, Vector.Abs(valueVectors[index] * factorVectors[index]));
        for (var lane = 0; valueVectors.Length > 0 && lane < Vector<float>.Count; lane++) largest = Math.Max(largest, best[lane]);
        for (var index = valueVectors.Length * Vector<float>.Count; index < values.Length; index++) largest = Math.Max(largest, Math.Abs(values[index] * factors[index]));
        return largest;
    }

    /// <summary>Raises each place to |value x factor| where that is larger.</summary>
    public static void Keep(Span<float> largest, ReadOnlySpan<float> values, float factor)
    {
        var best = MemoryMarshal.Cast<float, Vector<float>>(largest);
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        for (var index = 0; index < vectors.Length && index < best.Length; index++) best[index] = Vector.MaxNative(best[index], Vector.Abs(vectors[index] * factor));
        for (var index = vectors.Length * Vector<float>.Count; index < values.Length; index++) largest[index] = Math.Max(largest[index], Math.Abs(values[index] * factor));
    }
}
