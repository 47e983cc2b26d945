namespace QuantNotebooks.Sweep;

/// <summary>
/// Hands out aligned native memory and takes it back for later tensors of about the same size: a fresh page costs the system more than the
/// values on it cost the sweep. Safe to use from several threads.
/// </summary>
/// <param name="mostFreeBytes">
/// Free memory beyond this is given back to the system, so that early, large layers don't weigh on later ones. What tensors leave free of much longer blocks is at most as much again.
/// </param>
internal sealed class TensorPool(long mostFreeBytes = TensorPool.UsualFreeBytes) : IDisposable
{
    /// <summary>Free memory that a pool keeps unless told otherwise.</summary>
    public const long UsualFreeBytes = 1L << 30;

    private readonly Lock _lock = new();
    private readonly SortedList<nuint, Stack<nint>> _free = [];
    private long _freeBytes;
    private long _tailBytes;

    /// <summary>A block of memory, at least as long as was asked for.</summary>
    /// <param name="Pointer">Its first byte.</param>
    /// <param name="Bytes">Its length.</param>
    /// <param name="Tail">What is left free of it, where that is more than half of what was asked for.</param>
    public readonly record struct Block(nint Pointer, nuint Bytes, nuint Tail);

    /// <summary>The smallest free block that is long enough, and at most half as long again unless the pool may keep what is left of it free; else a new one.</summary>
    public Block Rent(nuint bytes)
    {
        lock (_lock)
        {
            for (var index = FirstOf(bytes); index < _free.Count; index++)
            {
                var tail = _free.Keys[index] - bytes > bytes / 2 ? _free.Keys[index] - bytes : 0;
                if (tail > 0 && _tailBytes + (long)tail > mostFreeBytes) break;
                if (!_free.Values[index].TryPop(out var pointer)) continue;
                _freeBytes -= (long)_free.Keys[index];
                _tailBytes += (long)tail;
                return new Block(pointer, _free.Keys[index], tail);
            }
        }
        return new Block(NativePages.Allocate(bytes), bytes, 0);
    }

    public void Return(Block block)
    {
        lock (_lock)
        {
            if (!_free.TryGetValue(block.Bytes, out var stack)) _free[block.Bytes] = stack = new Stack<nint>();
            stack.Push(block.Pointer);
            _freeBytes += (long)block.Bytes;
            _tailBytes -= (long)block.Tail;
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
