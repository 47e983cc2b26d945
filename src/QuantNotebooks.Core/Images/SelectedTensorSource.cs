namespace QuantNotebooks.Images;

/// <summary>Some of another source's tensors, in its order.</summary>
internal sealed class SelectedTensorSource(ITensorSource source, int[] indices) : ITensorSource
{
    public int Count => indices.Length;

    public ImageShape? CommonShape => source.CommonShape;

    public ImageAnnotations Annotations { get; } = source.Annotations.At(indices);

    public ValueList<int> Shape => source.Shape;

    public string NameOf(int index) => source.NameOf(indices[index]);

    public Image Decode(int index) => source.Decode(indices[index]);

    public void Read(int start, int count, Span<float> destination)
    {
        var length = destination.Length / count;
        for (var index = 0; index < count; index++) source.Read(indices[start + index], 1, destination.Slice(index * length, length));
    }
}
