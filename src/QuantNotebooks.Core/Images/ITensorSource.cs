namespace QuantNotebooks.Images;

/// <summary>A source of float32 tensors that are a network's input as they are, without pixels.</summary>
internal interface ITensorSource : IImageSource
{
    /// <summary>The shape of one tensor, without N.</summary>
    ValueList<int> Shape { get; }

    /// <summary>Copies consecutive tensors, [count, ...].</summary>
    /// <exception cref="QuantNotebooksException">The file cannot be read any more.</exception>
    void Read(int start, int count, Span<float> destination);
}
