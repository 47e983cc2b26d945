using static System.FormattableString;

namespace QuantNotebooks.Images;

/// <summary>Rows, columns and values per pixel of an image.</summary>
internal readonly record struct ImageShape(int Height, int Width, int Channels)
{
    public override string ToString() => Channels switch
    {
        1 => Invariant($"{Height}x{Width} grey"),
        3 => Invariant($"{Height}x{Width} RGB"),
        _ => Invariant($"{Height}x{Width} with {Channels} channels"),
    };
}
