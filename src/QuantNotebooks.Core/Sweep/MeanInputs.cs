using System.Numerics.Tensors;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Sweep;

/// <summary>A layer's inputs averaged over the batch axis, position by position.</summary>
internal static class MeanInputs
{
    /// <summary>Values that one thread averages at a time: they and their sums stay in its cache.</summary>
    private const int BlockLength = 4096;

    /// <param name="input">The input x of the full-precision network and xq of the quantized one, [rows, ...].</param>
    /// <param name="rows">Length of the axis to average over.</param>
    /// <param name="grid">The input's grid, which gives x^; null where activations are not quantized, so that x^ = x.</param>
    /// <param name="full">Gets the mean x.</param>
    /// <param name="rounding">Gets the mean x^ - x.</param>
    /// <param name="inherited">Gets the mean xq - x^.</param>
    public static unsafe void Of(BatchPair input, int rows, Quantizer? grid, Span<float> full, Span<float> rounding, Span<float> inherited)
    {
        var length = full.Length;
        var blocks = (length + BlockLength - 1) / BlockLength;
        fixed (float* x = input.Full.Floats, xq = input.Quantized.Floats, mean = full, roundingMean = rounding, inheritedMean = inherited)
        {
            var (xStart, xqStart, meanStart, roundingStart, inheritedStart) = ((nint)x, (nint)xq, (nint)mean, (nint)roundingMean, (nint)inheritedMean);
            Parallel.For(0, blocks, block =>
            {
                var start = block * BlockLength;
                var count = Math.Min(BlockLength, length - start);
                var fullSum = At(meanStart, start, count);
                var roundingSum = At(roundingStart, start, count);
                var inheritedSum = At(inheritedStart, start, count);
                fullSum.Clear();
                roundingSum.Clear();
                inheritedSum.Clear();
                var onGrid = (stackalloc float[BlockLength])[..count];
                var difference = (stackalloc float[BlockLength])[..count];
                for (var row = 0; row < rows; row++)
                {
                    var values = At(xStart, (long)row * length + start, count);
                    var quantized = At(xqStart, (long)row * length + start, count);
                    TensorPrimitives.Add(fullSum, values, fullSum);
                    if (grid is null)
                    {
                        TensorPrimitives.Subtract(quantized, values, difference);
                    }
                    else
                    {
                        grid.Apply(values, onGrid);
                        TensorPrimitives.Subtract(onGrid, values, difference);
                        TensorPrimitives.Add(roundingSum, difference, roundingSum);
                        TensorPrimitives.Subtract(quantized, onGrid, difference);
                    }
                    TensorPrimitives.Add(inheritedSum, difference, inheritedSum);
                }
                TensorPrimitives.Divide(fullSum, rows, fullSum);
                TensorPrimitives.Divide(roundingSum, rows, roundingSum);
                TensorPrimitives.Divide(inheritedSum, rows, inheritedSum);
            });
        }

        static Span<float> At(nint start, long offset, int count) => new((float*)start + offset, count);
    }
}
