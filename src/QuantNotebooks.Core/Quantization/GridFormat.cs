using QuantNotebooks.Networks;

namespace QuantNotebooks.Quantization;

/// <summary>What a grid is made of, before a range says where it lies.</summary>
/// <param name="Bits">2 to 16.</param>
/// <param name="Symmetric">Signed and around zero; else unsigned with a zero point.</param>
/// <param name="PowerOfTwo">Whether the step is a power of two, so that engines can shift instead of multiply.</param>
/// <param name="FullRange">Whether a symmetric grid has one more integer below zero than above, as activations have; weights do without it.</param>
internal readonly record struct GridFormat(int Bits, bool Symmetric, bool PowerOfTwo, bool FullRange = false)
{
    /// <summary>The grid that covers the range; a symmetric one covers its larger magnitude on both sides.</summary>
    public Quantizer Over(ActivationRange range) => Symmetric
        ? Quantizer.Symmetric(Math.Max(Math.Abs(range.Minimum), Math.Abs(range.Maximum)), Bits, PowerOfTwo, FullRange)
        : Quantizer.Asymmetric(range, Bits, PowerOfTwo);
}
