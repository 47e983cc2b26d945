using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace QuantNotebooks.Shift;

/// <summary>Hints to the processor.</summary>
internal static unsafe class Memory
{
    /// <summary>Says that a value will be read soon; the address need not be valid. Does nothing where the processor has no such hint.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(float* value)
    {
        if (Sse.IsSupported) Sse.Prefetch0(value);
    }
}
