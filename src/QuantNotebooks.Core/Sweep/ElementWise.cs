using QuantNotebooks.Quantization;

namespace QuantNotebooks.Sweep;

/// <summary>Element-wise work on large tensors, on all cores.</summary>
internal static class ElementWise
{
    private const int BlockLength = 1 << 15;

    /// <summary>Puts values on a grid, in place.</summary>
    public static unsafe void Quantize(Quantizer quantizer, Span<float> values)
    {
        if (values.Length <= BlockLength)
        {
            quantizer.Apply(values, values);
            return;
        }
        var length = values.Length;
        fixed (float* start = values)
        {
            var pointer = (nint)start;
            Parallel.For(0, (length + BlockLength - 1) / BlockLength, block =>
            {
                var part = new Span<float>((float*)pointer + block * BlockLength, Math.Min(BlockLength, length - block * BlockLength));
                quantizer.Apply(part, part);
            });
        }
    }
}
