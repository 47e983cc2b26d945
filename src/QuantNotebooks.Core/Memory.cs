using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace QuantNotebooks;

/// <summary>Hints to the processor.</summary>
internal static unsafe class Memory
{
    /// <summary>How many values before its turn a value of a stream is best asked for, where little is computed of each: 2 KiB.</summary>
    public const int Ahead = 512;

    /// <summary>Says that a value will be read soon; the address need not be valid. Does nothing where the processor has no such hint.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* value)
    {
        if (Sse.IsSupported) Sse.Prefetch0(value);
    }
}
