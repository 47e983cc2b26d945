using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace QuantNotebooks.Sweep;

/// <summary>
/// The tensors between the layers done and the layers to come, by name and batch. What is beyond the memory budget goes to a file and comes
/// back when it is asked for. Batches are visited in order again and again, so the first ones stay in memory and the last ones in the file:
/// to put out the least recently used would move every one of them every time. Several threads may use it at once, each for batches of its own.
/// </summary>
internal sealed class Frontier(int batches, TensorPool pool, long budget) : IDisposable
{
    private readonly ConcurrentDictionary<string, Entry[]> _entries = [];
    private readonly SpillFile _file = new();
    private long _resident;

    private struct Entry
    {
        public BatchPair Pair;
        public Spilled? Full, Quantized;

        public readonly bool IsEmpty => Pair.Full is null && Full is null;
    }

    private sealed record Spilled(long Offset, long Bytes, long[] Shape);

    /// <summary>A pair that was borrowed; it stays where it is, and what was read back for it goes away.</summary>
    public readonly struct Lease(BatchPair pair, bool isCopy) : IDisposable
    {
        public BatchPair Pair { get; } = pair;

        public void Dispose()
        {
            if (isCopy) Pair.Dispose();
        }
    }

    /// <summary>Bytes written to the file at the same time, at most.</summary>
    public long SpilledBytes => _file.Length;

    /// <summary>Takes over a pair.</summary>
    public void Put(string tensor, int batch, BatchPair pair)
    {
        var entries = _entries.GetOrAdd(tensor, static (_, count) => new Entry[count], batches);
        if (Interlocked.Add(ref _resident, pair.Bytes) <= budget || !pair.Full.IsFloat)
        {
            entries[batch].Pair = pair;
            return;
        }
        Interlocked.Add(ref _resident, -pair.Bytes);
        try
        {
            entries[batch].Full = Spill(pair.Full);
            entries[batch].Quantized = pair.IsShared ? null : Spill(pair.Quantized);
        }
        finally
        {
            pair.Dispose();
        }
    }

    /// <summary>Gives a pair away; it is not here any more.</summary>
    public BatchPair Take(string tensor, int batch)
    {
        ref var entry = ref _entries[tensor][batch];
        var pair = entry.Full is null ? entry.Pair : Load(entry);
        Forget(ref entry);
        return pair;
    }

    /// <summary>Whether the tensor is of float32; asks for nothing to be read back.</summary>
    public bool IsFloat(string tensor, int batch) => _entries[tensor][batch] is { Full: not null } or { Pair.Full.IsFloat: true };

    /// <summary>Lends a pair, not to be changed.</summary>
    public Lease Borrow(string tensor, int batch)
    {
        ref var entry = ref _entries[tensor][batch];
        return entry.Full is null ? new Lease(entry.Pair, false) : new Lease(Load(entry), true);
    }

    /// <summary>Lets go of one batch of a tensor.</summary>
    public void Release(string tensor, int batch)
    {
        if (!_entries.TryGetValue(tensor, out var entries) || entries[batch].IsEmpty) return;
        var pair = entries[batch].Pair;
        Forget(ref entries[batch]);
        pair.Dispose();
    }

    public void Dispose()
    {
        foreach (var tensor in _entries.Keys)
            for (var batch = 0; batch < batches; batch++) Release(tensor, batch);
        _file.Dispose();
    }

    private void Forget(ref Entry entry)
    {
        if (entry.Pair.Full is not null) Interlocked.Add(ref _resident, -entry.Pair.Bytes);
        if (entry.Full is { } full) _file.Free(full.Offset, full.Bytes);
        if (entry.Quantized is { } quantized) _file.Free(quantized.Offset, quantized.Bytes);
        entry = default;
    }

    private Spilled Spill(BatchTensor tensor)
    {
        var bytes = MemoryMarshal.AsBytes(tensor.Floats);
        return new Spilled(_file.Write(bytes), bytes.Length, tensor.Shape);
    }

    private BatchPair Load(in Entry entry)
    {
        var full = Load(entry.Full!);
        return new BatchPair(full, entry.Quantized is null ? full : Load(entry.Quantized));
    }

    private BatchTensor Load(Spilled spilled)
    {
        var tensor = BatchTensor.Create(pool, spilled.Shape);
        _file.Read(spilled.Offset, MemoryMarshal.AsBytes(tensor.Floats));
        return tensor;
    }
}
