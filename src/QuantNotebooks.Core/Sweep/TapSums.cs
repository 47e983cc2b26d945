using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Sweep;

/// <summary>
/// For each input channel and tap of a layer, the sums over images and positions of what the tap meets (<see cref="TapGeometry"/>): of the
/// full-precision input x, of its own rounding x^ - x, and of what was inherited, xq - x^. Differences are formed in float32, where they are
/// exact or nearly so, and summed in double.
/// </summary>
internal sealed class TapSums
{
    private const int PieceLength = 1024;

    private readonly TapGeometry _geometry;

    public TapSums(TapGeometry geometry)
    {
        _geometry = geometry;
        Full = new double[geometry.Channels * geometry.Taps];
        Rounding = new double[Full.Length];
        Inherited = new double[Full.Length];
        Totals = new double[geometry.Channels];
    }

    /// <summary>Of x, [channels, taps].</summary>
    public double[] Full { get; }

    /// <summary>Of x^ - x, [channels, taps].</summary>
    public double[] Rounding { get; }

    /// <summary>Of xq - x^, [channels, taps].</summary>
    public double[] Inherited { get; }

    /// <summary>Of x over all positions, whether a tap meets them or not, one a channel.</summary>
    public double[] Totals { get; }

    /// <summary>How often each channel's map was read.</summary>
    public long Maps { get; private set; }

    /// <summary>The sums of one batch.</summary>
    /// <param name="geometry">What the taps meet.</param>
    /// <param name="input">The layer's input on both sides.</param>
    /// <param name="grid">The input's grid, which gives x^; null where activations are not quantized, so that x^ = x.</param>
    public static unsafe TapSums Of(TapGeometry geometry, BatchPair input, Quantizer? grid)
    {
        var sums = new TapSums(geometry);
        var x = input.Full.Floats;
        var xq = input.Quantized.Floats;
        if (x.IsEmpty) return sums;
        sums.Maps = x.Length / ((long)geometry.Channels * geometry.Rows * geometry.Columns);
        fixed (float* full = x, quantized = xq)
        {
            var rounder = new Rounder(grid);
            if (geometry.ChannelsLast) sums.AddVectors(full, quantized, rounder);
            else if (geometry.IsPointwise) sums.AddWhole(full, quantized, rounder);
            else sums.AddTaps(full, quantized, rounder);
        }
        return sums;
    }

    /// <summary>Adds those of other images.</summary>
    public void Add(TapSums other)
    {
        TensorPrimitives.Add(Full, other.Full, Full);
        TensorPrimitives.Add(Rounding, other.Rounding, Rounding);
        TensorPrimitives.Add(Inherited, other.Inherited, Inherited);
        TensorPrimitives.Add(Totals, other.Totals, Totals);
        Maps += other.Maps;
    }

    private unsafe void AddVectors(float* full, float* quantized, Rounder rounder)
    {
        for (var map = 0L; map < Maps; map++)
            rounder.Add(full + map * _geometry.Channels, quantized + map * _geometry.Channels, _geometry.Channels, Full, Rounding, Inherited);
        Full.CopyTo(Totals, 0);
    }

    private unsafe void AddWhole(float* full, float* quantized, Rounder rounder)
    {
        var length = _geometry.Columns;
        for (var channel = 0; channel < _geometry.Channels; channel++)
        {
            (Full[channel], Rounding[channel], Inherited[channel]) =
                rounder.Sum(full + (long)channel * length, quantized + (long)channel * length, length, Maps, (long)_geometry.Channels * length);
            Totals[channel] = Full[channel];
        }
    }

    private unsafe void AddTaps(float* full, float* quantized, Rounder rounder)
    {
        var (rows, columns) = (_geometry.Rows, _geometry.Columns);
        var rowsAtOnce = Math.Clamp(PieceLength / columns, 1, rows);
        var (x, rounding, inherited) = (new double[rowsAtOnce * columns], new double[rowsAtOnce * columns], new double[rowsAtOnce * columns]);
        var columnSums = new double[_geometry.ColumnTaps.Length];
        for (var channel = 0; channel < _geometry.Channels; channel++)
            for (var firstRow = 0; firstRow < rows; firstRow += rowsAtOnce)
            {
                var count = Math.Min(rowsAtOnce, rows - firstRow);
                var length = count * columns;
                x.AsSpan(0, length).Clear();
                rounding.AsSpan(0, length).Clear();
                inherited.AsSpan(0, length).Clear();
                for (var map = 0L; map < Maps; map++)
                {
                    var start = ((map * _geometry.Channels + channel) * rows + firstRow) * columns;
                    rounder.Add(full + start, quantized + start, length, x, rounding, inherited);
                }
                Totals[channel] += TensorPrimitives.Sum<double>(x.AsSpan(0, length));
                for (var row = 0; row < count; row++)
                {
                    var taps = _geometry.RowTaps[firstRow + row].AsSpan();
                    if (taps.IsEmpty) continue;
                    Meet(x, Full);
                    Meet(rounding, Rounding);
                    Meet(inherited, Inherited);

                    void Meet(double[] values, double[] sums)
                    {
                        ColumnSums(values.AsSpan(row * columns, columns), columnSums);
                        foreach (var leading in _geometry.RowTaps[firstRow + row])
                        {
                            var target = sums.AsSpan(channel * _geometry.Taps + leading * columnSums.Length, columnSums.Length);
                            for (var tap = 0; tap < target.Length; tap++) target[tap] += columnSums[tap];
                        }
                    }
                }
            }
    }

    /// <summary>What each tap along the last axis meets in one row: of neighbouring taps almost the same, so the sum of all is taken once and what a tap does not meet is taken away.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ColumnSums(ReadOnlySpan<double> row, double[] sums)
    {
        const int few = 4;
        var isSummed = false;
        var all = 0.0;
        for (var tap = 0; tap < sums.Length; tap++)
        {
            var positions = _geometry.ColumnTaps[tap];
            var sum = 0.0;
            if (positions.Step > 1 || positions.Count <= few)
            {
                for (var index = 0; index < positions.Count; index++) sum += row[positions.First + index * positions.Step];
            }
            else
            {
                if (!isSummed) (isSummed, all) = (true, TensorPrimitives.Sum(row));
                sum = all;
                foreach (var value in row[..positions.First]) sum -= value;
                foreach (var value in row[positions.End..]) sum -= value;
            }
            sums[tap] = sum;
        }
    }

    /// <summary>Forms the three terms value by value.</summary>
    private readonly unsafe struct Rounder(Quantizer? grid)
    {
        private readonly VectorGrid _vectorGrid = grid is null ? default : new VectorGrid(grid);

        /// <summary>Adds each value's terms to sums of its own.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Add(float* full, float* quantized, int length, Span<double> fullSums, Span<double> roundingSums, Span<double> inheritedSums)
        {
            fixed (double* x = fullSums, r = roundingSums, h = inheritedSums)
            {
                var index = 0;
                for (; index <= length - Vector<float>.Count; index += Vector<float>.Count)
                {
                    var (value, rounding, inherited) = Terms(Vector.Load(full + index), Vector.Load(quantized + index));
                    Add(x + index, value);
                    Add(r + index, rounding);
                    Add(h + index, inherited);
                }
                for (; index < length; index++)
                {
                    var rounded = grid?.Apply(full[index]) ?? full[index];
                    x[index] += full[index];
                    r[index] += rounded - full[index];
                    h[index] += quantized[index] - rounded;
                }
            }
        }

        /// <summary>The sums over a channel's map in all images.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public (double Full, double Rounding, double Inherited) Sum(float* full, float* quantized, int length, long maps, long distance)
        {
            var (xLeft, xRight, rLeft, rRight, hLeft, hRight) =
                (Vector<double>.Zero, Vector<double>.Zero, Vector<double>.Zero, Vector<double>.Zero, Vector<double>.Zero, Vector<double>.Zero);
            var (xRest, rRest, hRest) = (0.0, 0.0, 0.0);
            for (var map = 0L; map < maps; map++, full += distance, quantized += distance)
            {
                var index = 0;
                for (; index <= length - Vector<float>.Count; index += Vector<float>.Count)
                {
                    var (value, rounding, inherited) = Terms(Vector.Load(full + index), Vector.Load(quantized + index));
                    Vector.Widen(value, out var left, out var right);
                    (xLeft, xRight) = (xLeft + left, xRight + right);
                    Vector.Widen(rounding, out left, out right);
                    (rLeft, rRight) = (rLeft + left, rRight + right);
                    Vector.Widen(inherited, out left, out right);
                    (hLeft, hRight) = (hLeft + left, hRight + right);
                }
                for (; index < length; index++)
                {
                    var rounded = grid?.Apply(full[index]) ?? full[index];
                    xRest += full[index];
                    rRest += rounded - full[index];
                    hRest += quantized[index] - rounded;
                }
            }
            return (Vector.Sum(xLeft + xRight) + xRest, Vector.Sum(rLeft + rRight) + rRest, Vector.Sum(hLeft + hRight) + hRest);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private (Vector<float> Full, Vector<float> Rounding, Vector<float> Inherited) Terms(Vector<float> x, Vector<float> xq)
        {
            var rounded = grid is null ? x : _vectorGrid.Apply(x);
            return (x, rounded - x, xq - rounded);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Add(double* sums, Vector<float> values)
        {
            Vector.Widen(values, out var left, out var right);
            Vector.Store(Vector.Load(sums) + left, sums);
            Vector.Store(Vector.Load(sums + Vector<double>.Count) + right, sums + Vector<double>.Count);
        }
    }
}
