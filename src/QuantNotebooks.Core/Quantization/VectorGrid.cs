using System.Numerics;
using System.Runtime.CompilerServices;

namespace QuantNotebooks.Quantization;

/// <summary>A quantizer for a vector of values at a time.</summary>
internal readonly struct VectorGrid(Quantizer quantizer)
{
    private readonly Vector<float> _scale = new(quantizer.Scale);
    private readonly Vector<float> _lowest = new((float)(quantizer.Lowest - quantizer.ZeroPoint));
    private readonly Vector<float> _highest = new((float)(quantizer.Highest - quantizer.ZeroPoint));

    /// <summary>The values on the grid, each what <see cref="Quantizer.Apply(float)"/> gives.</summary>
    // The bound comes first in MaxNative and MinNative: so a NaN stays one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Apply(Vector<float> values) =>
        Vector.MinNative(_highest, Vector.MaxNative(_lowest, Vector.Round(values / _scale, MidpointRounding.ToEven))) * _scale;
}
