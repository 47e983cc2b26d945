using static System.FormattableString;

namespace QuantNotebooks.Images;

/// <summary>A size in pixels, height first as in a tensor's shape.</summary>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
public readonly record struct ImageSize(int Height, int Width)
{
    /// <summary>The size as <c>height x width</c>, for example <c>32x32</c>.</summary>
    public override string ToString() => Invariant($"{Height}x{Width}");
}
