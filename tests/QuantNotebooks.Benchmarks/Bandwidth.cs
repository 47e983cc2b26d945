using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace QuantNotebooks.Benchmarks;

/// <summary>
/// What memory gives one thread, as STREAM (McCalpin, 1995) counts it: bytes that the program reads and writes. The yardsticks of the kernels, by how they use memory.
/// </summary>
internal static class Bandwidth
{
    /// <summary>Arrays are a whole number of blocks of so many values.</summary>
    public const int Block = 1 << 24;

    /// <summary>Values of each of the arrays: four times what the largest cache holds, as STREAM asks for, or what a machine of little memory has room for.</summary>
    public static int Values { get; } = Block * (int)Math.Clamp(
        Math.Min((4 * LargestCache() / sizeof(float) + Block - 1) / Block, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 10 / sizeof(float) / Block), 1, 64);

    // Where the system doesn't say, one block is more than what most caches hold.
    private static long LargestCache()
    {
        const string folder = "/sys/devices/system/cpu/cpu0/cache";
        if (!Directory.Exists(folder)) return 0;
        return Directory.EnumerateFiles(folder, "size", SearchOption.AllDirectories).Select(file => BytesOf(File.ReadAllText(file).Trim())).DefaultIfEmpty(0).Max();

        static long BytesOf(string size) => !long.TryParse(size.AsSpan(..^1), CultureInfo.InvariantCulture, out var number) ? 0
            : size[^1] switch { 'K' => number << 10, 'M' => number << 20, 'G' => number << 30, _ => 0 };
    }

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
