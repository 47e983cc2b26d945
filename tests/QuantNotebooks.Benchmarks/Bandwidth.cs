using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace QuantNotebooks.Benchmarks;

/// <summary>
/// What memory gives one thread, as STREAM (McCalpin, 1995) counts it: bytes that the program reads and writes. The yardsticks of the kernels, by how they use memory.
/// </summary>
internal static class Bandwidth
{
    /// <summary>a = b + s c: two streams in, one out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Triad(float[] a, float[] b, float[] c, float s)
    {
        var x = MemoryMarshal.Cast<float, Vector<float>>(a.AsSpan());
        var y = MemoryMarshal.Cast<float, Vector<float>>(b.AsSpan());
        var z = MemoryMarshal.Cast<float, Vector<float>>(c.AsSpan());
        var factor = new Vector<float>(s);
        for (var index = 0; index < x.Length; index++) x[index] = y[index] + factor * z[index];
    }

    /// <summary>a = s a: one stream, in and out at the same place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float[] a, float s)
    {
        var x = MemoryMarshal.Cast<float, Vector<float>>(a.AsSpan());
        var factor = new Vector<float>(s);
        for (var index = 0; index < x.Length; index++) x[index] *= factor;
    }

    /// <summary>Sum of a and b, whose length is a multiple of two vectors: two streams in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Sum(float[] a, float[] b)
    {
        var x = MemoryMarshal.Cast<float, Vector<float>>(a.AsSpan());
        var y = MemoryMarshal.Cast<float, Vector<float>>(b.AsSpan());
        var (first, second, third, fourth) = (Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero);
        for (var index = 0; index < x.Length; index += 2)
        {
            (first, second) = (first + x[index], second + y[index]);
            (third, fourth) = (third + x[index + 1], fourth + y[index + 1]);
        }
        return Vector.Sum(first + second + third + fourth);
    }
}
