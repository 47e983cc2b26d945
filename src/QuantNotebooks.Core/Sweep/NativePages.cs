using System.Runtime.InteropServices;

namespace QuantNotebooks.Sweep;

/// <summary>
/// Memory outside of the garbage collector's. Large blocks come from the system directly where that is Linux, and go back to it: its C library
/// keeps freed blocks of tens of megabytes for later ones of the same size, in a heap for each thread, and a sweep has ever new sizes.
/// </summary>
internal static unsafe partial class NativePages
{
    private const nuint Alignment = 64;
    private const nuint LargeBytes = 1 << 20;

    public static nint Allocate(nuint bytes)
    {
        if (!IsMapped(bytes)) return (nint)NativeMemory.AlignedAlloc(Math.Max(bytes, 1), Alignment);
        const int readAndWrite = 3, privateAndAnonymous = 0x22;
        var pointer = Map(0, bytes, readAndWrite, privateAndAnonymous, -1, 0);
        return pointer == -1 ? throw new QuantNotebooksException($"The system has no memory left for a tensor of {bytes} bytes; a smaller memory budget keeps more of them in a file.") : pointer;
    }

    /// <param name="pointer">What <see cref="Allocate"/> gave.</param>
    /// <param name="bytes">As many as it was asked for.</param>
    public static void Free(nint pointer, nuint bytes)
    {
        if (IsMapped(bytes)) _ = Unmap(pointer, bytes);
        else NativeMemory.AlignedFree((void*)pointer);
    }

    /// <summary>
    /// Lets the C library of Linux (glibc, which ONNX Runtime is built for) give back to the system what was freed, by ONNX Runtime above all: by itself it
    /// keeps up to 64 MB a thread.
    /// </summary>
    public static void Trim()
    {
        if (OperatingSystem.IsLinux()) _ = MallocTrim(0);
    }

    private static bool IsMapped(nuint bytes) => bytes >= LargeBytes && OperatingSystem.IsLinux();

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int MallocTrim(nuint pad);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
