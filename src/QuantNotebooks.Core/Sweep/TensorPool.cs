namespace QuantNotebooks.Sweep;

/// <summary>
/// Hands out aligned native memory and takes it back for later tensors of about the same size: a fresh page costs the system more than the
/// values on it cost the sweep. Safe to use from several threads.
/// </summary>
/// <param name="mostFreeBytes">Free memory beyond this is given back to the system, so that early, large layers don't weigh on later ones.</param>
internal sealed class TensorPool(long mostFreeBytes = TensorPool.UsualFreeBytes) : IDisposable
{
    /// <summary>Free memory that a pool keeps unless told otherwise.</summary>
    public const long UsualFreeBytes = 1L << 30;

    private readonly Lock _lock = new();
    private readonly SortedList<nuint, Stack<nint>> _free = [];
    private long _freeBytes;

    /// <summary>A block of memory, at least as long as was asked for.</summary>
    public readonly record struct Block(nint Pointer, nuint Bytes);

    /// <summary>The smallest free block that is long enough and at most half as long again; else a new one.</summary>
    public Block Rent(nuint bytes)
    {
        lock (_lock)
        {
            for (var index = FirstOf(bytes); index < _free.Count && _free.Keys[index] <= bytes + bytes / 2; index++)
                if (_free.Values[index].TryPop(out var pointer))
                {
                    _freeBytes -= (long)_free.Keys[index];
                    return new Block(pointer, _free.Keys[index]);
                }
        }
        return new Block(NativePages.Allocate(bytes), bytes);
    }

    public void Return(Block block)
    {
        lock (_lock)
        {
            if (!_free.TryGetValue(block.Bytes, out var stack)) _free[block.Bytes] = stack = new Stack<nint>();
            stack.Push(block.Pointer);
            _freeBytes += (long)block.Bytes;
            // Blocks as long as the one that came back are most likely what is asked for next.
            for (var index = _free.Count - 1; index >= 0 && _freeBytes > mostFreeBytes; index--)
                if (_free.Keys[index] != block.Bytes) Trim(index, mostFreeBytes);
            if (_freeBytes > mostFreeBytes) Trim(_free.IndexOfKey(block.Bytes), mostFreeBytes);
        }
    }

    public void Dispose()
    {
        lock (_lock)
            for (var index = 0; index < _free.Count; index++) Trim(index, 0);
    }

    /// <summary>Position of the first length that is at least that.</summary>
    private int FirstOf(nuint bytes)
    {
        var (low, high) = (0, _free.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_free.Keys[middle] < bytes) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /// <summary>Gives blocks of one length back to the system until free memory is down to that.</summary>
    private void Trim(int index, long most)
    {
        var bytes = _free.Keys[index];
        for (; _freeBytes > most && _free.Values[index].TryPop(out var pointer); _freeBytes -= (long)bytes) NativePages.Free(pointer, bytes);
    }
}
