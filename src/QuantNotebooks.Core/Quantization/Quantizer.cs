using System.Numerics;
using System.Runtime.CompilerServices;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Quantization;

/// <summary>
/// A uniform grid of integers: q = clamp(round_half_even(x / Scale) + ZeroPoint, Lowest, Highest), x^ = (q - ZeroPoint) Scale. Zero is
/// exactly on the grid. Immutable and safe to share between threads.
/// </summary>
/// <param name="Scale">The step between neighbours, in units of x; positive.</param>
/// <param name="ZeroPoint">The integer that stands for zero.</param>
/// <param name="Lowest">The smallest integer.</param>
/// <param name="Highest">The largest integer.</param>
public sealed record Quantizer(float Scale, int ZeroPoint, int Lowest, int Highest)
{
    /// <summary>The smallest value on the grid.</summary>
    public float Minimum => (Lowest - ZeroPoint) * Scale;

    /// <summary>The largest value on the grid.</summary>
    public float Maximum => (Highest - ZeroPoint) * Scale;

    /// <summary>
    /// A signed grid, symmetric around zero, whose ends are at plus and minus <paramref name="magnitude"/>: Scale = magnitude / (2^(bits-1) - 1).
    /// </summary>
    /// <param name="magnitude">The largest absolute value; zero gives the grid with step 1.</param>
    /// <param name="bits">2 to 16.</param>
    /// <param name="powerOfTwo">Whether the step is the next power of two above, if it is none.</param>
    /// <param name="fullRange">Whether the grid has one more step below zero, as two's complement has.</param>
    public static Quantizer Symmetric(float magnitude, int bits, bool powerOfTwo = false, bool fullRange = false)
    {
        var highest = (1 << (bits - 1)) - 1;
        return new Quantizer(StepOf(magnitude / highest, powerOfTwo), 0, fullRange ? -highest - 1 : -highest, highest);
    }

    /// <summary>
    /// An unsigned grid over the range, widened to hold zero: Scale = (max - min) / (2^bits - 1), ZeroPoint = round_half_even(-min / Scale).
    /// </summary>
    /// <param name="range">The values to cover.</param>
    /// <param name="bits">2 to 16.</param>
    /// <param name="powerOfTwo">Whether the step is the next power of two above, if it is none.</param>
    public static Quantizer Asymmetric(ActivationRange range, int bits, bool powerOfTwo = false)
    {
        var (minimum, maximum) = (Math.Min(range.Minimum, 0f), Math.Max(range.Maximum, 0f));
        var highest = (1 << bits) - 1;
        var scale = StepOf((float)(((double)maximum - minimum) / highest), powerOfTwo);
        return new Quantizer(scale, (int)Math.Clamp(MathF.Round(-minimum / scale), 0, highest), 0, highest);
    }

    /// <summary>The value on the grid that stands for <paramref name="value"/>.</summary>
    public float Apply(float value) => Math.Clamp(MathF.Round(value / Scale), Lowest - ZeroPoint, Highest - ZeroPoint) * Scale;

    /// <summary>Puts each value on the grid; source and destination may be the same memory.</summary>
    /// <param name="source">Values of any shape.</param>
    /// <param name="destination">At least as long as the source.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public unsafe void Apply(ReadOnlySpan<float> source, Span<float> destination)
    {
        if (destination.Length < source.Length) throw new ArgumentException("The destination is shorter than the source.", nameof(destination));
        var grid = new VectorGrid(this);
        fixed (float* from = source, to = destination)
        {
            var index = 0;
            for (; index <= source.Length - Vector<float>.Count; index += Vector<float>.Count)
            {
                Memory.Prefetch(from + index + Memory.Ahead);
                grid.Apply(Vector.Load(from + index)).Store(to + index);
            }
            for (; index < source.Length; index++) to[index] = Apply(from[index]);
        }
    }

    // A tensor of zeros, or of values so small that the step underflows, still needs a step that can divide.
    private static float StepOf(float scale, bool powerOfTwo)
    {
        if (!float.IsNormal(scale)) return 1f;
        if (!powerOfTwo) return scale;
        var power = MathF.ScaleB(1f, Math.ILogB(scale));
        return power < scale ? power * 2 : power;
    }
}
