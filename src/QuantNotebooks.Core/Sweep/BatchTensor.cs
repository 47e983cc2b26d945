using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace QuantNotebooks.Sweep;

/// <summary>One tensor for a batch of images, in memory that ONNX Runtime reads and writes in place.</summary>
internal sealed class BatchTensor : IDisposable
{
    private readonly TensorPool? _pool;
    private readonly TensorPool.Block _block;
    private bool _disposed;

    private BatchTensor(OrtValue value, long[] shape, TensorElementType elementType, TensorPool? pool, TensorPool.Block block)
    {
        Value = value;
        Shape = shape;
        ElementType = elementType;
        _pool = pool;
        _block = block;
    }

    public OrtValue Value { get; }

    public long[] Shape { get; }

    public TensorElementType ElementType { get; }

    /// <summary>Bytes of the values, counting four for each of a type that is not float32.</summary>
    public long ByteCount
    {
        get
        {
            long bytes = sizeof(float);
            foreach (var dimension in Shape) bytes *= dimension;
            return bytes;
        }
    }

    public bool IsFloat => ElementType == TensorElementType.Float;

    public Span<float> Floats => Value.GetTensorMutableDataAsSpan<float>();

    /// <summary>A float32 tensor of that shape in pooled memory; its values are not set.</summary>
    public static BatchTensor Create(TensorPool pool, long[] shape)
    {
        nuint bytes = sizeof(float);
        foreach (var dimension in shape) bytes *= (nuint)dimension;
        var block = pool.Rent(bytes);
        var value = OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, TensorElementType.Float, shape, block.Pointer, (long)bytes);
        return new BatchTensor(value, shape, TensorElementType.Float, pool, block);
    }

    /// <summary>Takes over a tensor that ONNX Runtime allocated.</summary>
    public static BatchTensor Own(OrtValue value)
    {
        var type = value.GetTensorTypeAndShape();
        return new BatchTensor(value, type.Shape, type.ElementDataType, null, default);
    }

    public BatchTensor Copy(TensorPool pool)
    {
        var copy = Create(pool, Shape);
        Floats.CopyTo(copy.Floats);
        return copy;
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        Value.Dispose();
        _pool?.Return(_block);
    }
}
