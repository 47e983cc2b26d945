namespace QuantNotebooks.Sweep;

/// <summary>Both sides of one tensor for one batch; the same object where nothing was quantized yet.</summary>
internal readonly record struct BatchPair(BatchTensor Full, BatchTensor Quantized) : IDisposable
{
    public bool IsShared => ReferenceEquals(Full, Quantized);

    public long Bytes => Full.ByteCount + (IsShared ? 0 : Quantized.ByteCount);

    public void Dispose()
    {
        Full?.Dispose();
        Quantized?.Dispose();
    }
}
