using static System.FormattableString;

namespace QuantNotebooks.Images;

/// <summary>Pixels added around an image, in the sidecar's order: left, top, right, bottom.</summary>
/// <param name="Left">Columns added before the first, at least 0.</param>
/// <param name="Top">Rows added above the first, at least 0.</param>
/// <param name="Right">Columns added after the last, at least 0.</param>
/// <param name="Bottom">Rows added below the last, at least 0.</param>
public readonly record struct Padding(int Left, int Top, int Right, int Bottom)
{
    /// <summary>The same number of pixels on all four sides.</summary>
    /// <param name="pixels">Rows and columns to add on each side, at least 0.</param>
    public static Padding All(int pixels) => new(pixels, pixels, pixels, pixels);

    /// <summary>The padding as the sidecar writes it: <c>[left, top, right, bottom]</c>.</summary>
    public override string ToString() => Invariant($"[{Left}, {Top}, {Right}, {Bottom}]");
}
