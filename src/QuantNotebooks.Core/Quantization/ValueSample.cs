using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Quantization;

/// <summary>Values that are all at hand, as a layer's weights are: everything is exact.</summary>
internal sealed class ValueSample : IValueDistribution
{
    private const int Chunk = 4096;

    private readonly float[] _values;

    /// <param name="values">At least one; read as long as this is used, and not changed.</param>
    public ValueSample(float[] values)
    {
        _values = values;
        Extrema = new ActivationRange(TensorPrimitives.Min<float>(values), TensorPrimitives.Max<float>(values));
    }

    public ActivationRange Extrema { get; }

    public double Quantile(double share) => SmallestWithin(share, _values.AsSpan().ToArray());

    public double MagnitudeQuantile(double share)
    {
        var magnitudes = new float[_values.Length];
        TensorPrimitives.Abs(_values, magnitudes);
        return SmallestWithin(share, magnitudes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public unsafe double MeanSquaredError(Quantizer quantizer)
    {
        var grid = new VectorGrid(quantizer);
        double sum = 0;
        fixed (float* values = _values)
        {
            // A float's sum of millions of squares would lose what tells two ranges apart.
            for (var start = 0; start < _values.Length; start += Chunk)
            {
                var chunk = values + start;
                var length = Math.Min(Chunk, _values.Length - start);
                var (first, second) = (Vector<float>.Zero, Vector<float>.Zero);
                var index = 0;
                for (; index <= length - 2 * Vector<float>.Count; index += 2 * Vector<float>.Count)
                {
                    Memory.Prefetch(chunk + index + Memory.Ahead);
                    var (one, other) = (Vector.Load(chunk + index), Vector.Load(chunk + index + Vector<float>.Count));
                    var (oneError, otherError) = (one - grid.Apply(one), other - grid.Apply(other));
                    (first, second) = (first + oneError * oneError, second + otherError * otherError);
                }
                sum += Vector.Sum(first + second);
                for (; index < length; index++)
                {
                    var error = chunk[index] - quantizer.Apply(chunk[index]);
                    sum += error * error;
                }
            }
        }
        return sum / _values.Length;
    }

    public ValueHistogram ToHistogram()
    {
        var histogram = new ValueHistogram(Extrema);
        histogram.Add(_values);
        return histogram;
    }

    /// <summary>The smallest of the values that at least that share of all stays within; sorts them.</summary>
    private static float SmallestWithin(double share, float[] values)
    {
        Array.Sort(values);
        return values[Math.Clamp((int)Math.Ceiling(share * values.Length * (1 - 1e-12)) - 1, 0, values.Length - 1)];
    }
}
