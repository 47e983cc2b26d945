using Google.Protobuf;
using QuantNotebooks.Onnx.Schema;
using DataType = QuantNotebooks.Onnx.Schema.TensorProto.Types.DataType;

namespace QuantNotebooks.Onnx;

/// <summary>Writes out sparse initializers in full, so that every constant is an ordinary tensor.</summary>
internal static class SparseTensors
{
    /// <summary>A tensor written in full may not be larger: a few bytes of a file could ask for any amount of memory.</summary>
    private const long MostElements = 1L << 26;

    public static void WriteOut(GraphProto graph, string source)
    {
        foreach (var sparse in graph.SparseInitializer) graph.Initializer.Add(Dense(sparse, source));
        graph.SparseInitializer.Clear();
    }

    private static TensorProto Dense(SparseTensorProto sparse, string source)
    {
        var name = sparse.Values?.Name ?? "";
        if (sparse.Values is not { } values || sparse.Indices is not { DataType: (int)DataType.Int64 } indices || sparse.Dims.Any(length => length < 0))
            throw Damaged("lacks its values, indices or shape");
        long count = 1;
        foreach (var length in sparse.Dims)
            if (length > 0 && (count *= length) > MostElements)
                throw new QuantNotebooksException($"'{source}': the sparse tensor '{name}' of shape [{string.Join(", ", sparse.Dims)}] is larger than the {MostElements} values that are supported.");
        if (sparse.Dims.Contains(0)) count = 0;
        values = TensorData.ToRawFloats(values) ?? values;
        if (TensorData.BytesPerElement(values.DataType) is not { } size) throw Damaged("has a type of values that is not supported");
        var dense = new byte[count * size];
        var positions = TensorData.Integers(indices);
        var held = values.RawData.Length / size;
        var axes = positions.Length == held ? 1 : sparse.Dims.Count;
        if (positions.Length != held * axes) throw Damaged("has not one index for each value");
        for (var item = 0; item < held; item++)
        {
            long at = 0;
            if (axes == 1) at = positions[item];
            else
                for (var axis = 0; axis < axes; axis++)
                {
                    if (positions[item * axes + axis] is var index && (index < 0 || index >= sparse.Dims[axis])) throw Damaged("has an index outside its shape");
                    at = at * sparse.Dims[axis] + index;
                }
            if (at < 0 || at >= count) throw Damaged("has an index outside its shape");
            values.RawData.Span.Slice(item * size, size).CopyTo(dense.AsSpan((int)(at * size)));
        }
        var tensor = new TensorProto { Name = name, DataType = values.DataType, RawData = UnsafeByteOperations.UnsafeWrap(dense) };
        tensor.Dims.AddRange(sparse.Dims);
        return tensor;

        QuantNotebooksException Damaged(string what) => new($"'{source}': the sparse tensor '{name}' {what}: the file is damaged.");
    }
}
