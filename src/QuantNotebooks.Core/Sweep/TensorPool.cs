namespace QuantNotebooks.Sweep;

/// <summary>Hands out aligned native memory and takes it back for the next tensor of the same size. Safe to use from several threads.</summary>
/// <param name="mostFreeBytes">Free memory beyond this is given back to the system, so that early, large layers don't weigh on later ones.</param>
internal sealed class TensorPool(long mostFreeBytes = TensorPool.UsualFreeBytes) : IDisposable
{
    /// <summary>Free memory that a pool keeps unless told otherwise.</summary>
    public const long UsualFreeBytes = 1L << 30;

    private readonly Lock _lock = new();
    private readonly Dictionary<nuint, Stack<nint>> _free = [];
    private long _freeBytes;

    public nint Rent(nuint bytes)
    {
        lock (_lock)
        {
            if (_free.TryGetValue(bytes, out var stack) && stack.TryPop(out var pointer))
            {
                _freeBytes -= (long)bytes;
                return pointer;
            }
        }
        return NativePages.Allocate(bytes);
    }

    public void Return(nint pointer, nuint bytes)
    {
        lock (_lock)
        {
            if (_freeBytes + (long)bytes > mostFreeBytes) Trim();
            if (!_free.TryGetValue(bytes, out var stack)) _free[bytes] = stack = new Stack<nint>();
            stack.Push(pointer);
            _freeBytes += (long)bytes;
        }
    }

    public void Dispose()
    {
        lock (_lock) Trim();
    }

    private void Trim()
    {
        foreach (var (bytes, stack) in _free)
            foreach (var pointer in stack) NativePages.Free(pointer, bytes);
        _free.Clear();
        _freeBytes = 0;
    }
}
