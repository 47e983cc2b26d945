using QuantNotebooks.Images;

namespace QuantNotebooks.Core.Tests.Images;

/// <summary>Square grey images of one value each, which are counted when they are decoded.</summary>
internal sealed class CountingSource(int count) : IImageSource
{
    private int _decoded;

    public int Decoded => Volatile.Read(ref _decoded);

    /// <summary>The image that can't be decoded.</summary>
    public int? Broken { get; init; }

    public Action<int>? WhenDecoded { get; init; }

    public int Side { get; init; } = 28;

    /// <summary>The value of the first image; each next one's is larger by one.</summary>
    public byte First { get; init; }

    public int Count => count;

    public ImageShape? CommonShape => null;

    public ImageAnnotations Annotations => ImageAnnotations.None;

    public string NameOf(int index) => $"{index}";

    public Image Decode(int index)
    {
        if (index == Broken) throw new QuantNotebooksException($"{index} is broken");
        Interlocked.Increment(ref _decoded);
        WhenDecoded?.Invoke(index);
        var pixels = new byte[Side * Side];
        Array.Fill(pixels, (byte)(First + index));
        return new Image(Side, Side, 1, pixels);
    }
}
