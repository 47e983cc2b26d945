using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace QuantNotebooks.Equalization;

/// <summary>
/// For each layer and each class that it makes or reads the largest scaled weight: its |w| without factors, and the class at its other end. Those two make
/// log range = log|w| + x_made - x_read, x = log s, a linear equation for as long as the same weight is the largest.
/// </summary>
internal sealed class LargestWeights
{
    private readonly FactorProblem _problem;
    private readonly int[][] _made;
    private readonly int[][] _read;
    private readonly float[] _largest;
    private readonly float[] _magnitudes;
    private readonly double[] _logarithms;

    public LargestWeights(FactorProblem problem)
    {
        _problem = problem;
        var places = 0;
        (_made, Makers) = Places(problem.Outputs);
        (_read, Readers) = Places(problem.Inputs);
        (_largest, _magnitudes, _logarithms, Neighbours) = (new float[places], new float[places], new double[places], new int[places]);

        // A class may have several channels of a layer; they count once.
        (int[][], int[][]) Places(IReadOnlyList<int[]> layers)
        {
            var ofChannel = new int[layers.Count][];
            var (counts, lastLayers, lastPlaces) = (new int[problem.Count], new int[problem.Count], new int[problem.Count]);
            var ofClass = new int[problem.Count][];
            for (var layer = 0; layer < layers.Count; layer++)
            {
                ofChannel[layer] = new int[layers[layer].Length];
                for (var channel = 0; channel < ofChannel[layer].Length; channel++)
                {
                    var index = layers[layer][channel];
                    if (index >= 0 && lastLayers[index] != layer + 1) (lastLayers[index], lastPlaces[index], counts[index]) = (layer + 1, places++, counts[index] + 1);
                    ofChannel[layer][channel] = index < 0 ? -1 : lastPlaces[index];
                }
            }
            for (var index = 0; index < ofClass.Length; index++) ofClass[index] = new int[counts[index]];
            Array.Clear(counts);
            for (var layer = 0; layer < layers.Count; layer++)
                for (var channel = 0; channel < ofChannel[layer].Length; channel++)
                {
                    var (index, place) = (layers[layer][channel], ofChannel[layer][channel]);
                    if (index >= 0 && (counts[index] == 0 || ofClass[index][counts[index] - 1] != place)) ofClass[index][counts[index]++] = place;
                }
            return (ofChannel, ofClass);
        }
    }

    /// <summary>For each class a place in the other lists for every layer that makes it.</summary>
    public int[][] Makers { get; }

    /// <summary>The same for every layer that reads it.</summary>
    public int[][] Readers { get; }

    /// <summary>The class at the other end of the largest weight, or -1 where that keeps factor 1.</summary>
    public int[] Neighbours { get; }

    /// <summary>log|w| of the largest weight, without factors; NaN where there is no weight.</summary>
    public double LogMagnitude(int place) => float.IsNormal(_largest[place]) ? _logarithms[place] : double.NaN;

    /// <summary>Finds the largest weights under these factors.</summary>
    public void Find(double[] factors)
    {
        Array.Clear(_largest);
        // Each layer has places of its own.
        Parallel.For(0, _problem.Layers.Length, layer => Find(layer, factors));
        for (var place = 0; place < _magnitudes.Length; place++) _logarithms[place] = _magnitudes[place];
        TensorPrimitives.Log<double>(_logarithms, _logarithms);
    }

    private void Find(int layer, ReadOnlySpan<double> factors)
    {
        var axes = _problem.Layers[layer].Axes;
        var weights = _problem.Weights(layer);
        var (rows, columns) = _problem.RowAndColumnFactors(layer, factors);
        var (rowPlaces, columnPlaces) = axes.RowsAreOutputs ? (_made[layer], _read[layer]) : (_read[layer], _made[layer]);
        var (rowClasses, columnClasses) = axes.RowsAreOutputs ? (_problem.Outputs[layer], _problem.Inputs[layer]) : (_problem.Inputs[layer], _problem.Outputs[layer]);
        if (axes.IsDiagonal)
        {
            for (var row = 0; row < axes.Rows; row++)
            {
                var magnitude = Math.Abs(weights[row]);
                Keep(rowPlaces[row], magnitude * columns[row] * rows[row], magnitude, columnClasses[row]);
                Keep(columnPlaces[row], magnitude * columns[row] * rows[row], magnitude, rowClasses[row]);
            }
            return;
        }
        var (best, bestRows, products) = (new float[columns.Length], new int[columns.Length], new float[axes.Columns]);
        for (var row = 0; row < axes.Rows; row++)
        {
            var values = weights.Slice(row * axes.Columns, axes.Columns);
            var first = axes.FirstColumnChannel(row);
            TensorPrimitives.Multiply(values, columns.AsSpan(first, axes.Columns), products);
            TensorPrimitives.Abs(products, products);
            var largest = IndexOfMax(products);
            Keep(rowPlaces[row], products[largest] * rows[row], Math.Abs(values[largest]), columnClasses[first + largest]);
            KeepLarger(best.AsSpan(first), bestRows.AsSpan(first), products, rows[row], row);
        }
        for (var column = 0; column < columns.Length; column++)
        {
            if (best[column] == 0) continue;
            var row = bestRows[column];
            Keep(columnPlaces[column], best[column], Math.Abs(weights[row * axes.Columns + column - axes.FirstColumnChannel(row)]), rowClasses[row]);
        }
    }

    /// <summary>The first place of the largest of values that are not negative: their bits are in the order of the values.</summary>
    private static int IndexOfMax(ReadOnlySpan<float> values)
    {
        var bits = MemoryMarshal.Cast<float, int>(values);
        return bits.IndexOf(TensorPrimitives.Max(bits));
    }

    private void Keep(int place, float scaled, float magnitude, int neighbour)
    {
        if (place >= 0 && scaled > _largest[place]) (_largest[place], _magnitudes[place], Neighbours[place]) = (scaled, magnitude, neighbour);
    }

    private static void KeepLarger(Span<float> best, Span<int> bestRows, ReadOnlySpan<float> products, float factor, int row)
    {
        var bestVectors = MemoryMarshal.Cast<float, Vector<float>>(best);
        var rowVectors = MemoryMarshal.Cast<int, Vector<int>>(bestRows);
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(products);
        for (var index = 0; index < vectors.Length && index < bestVectors.Length && index < rowVectors.Length; index++)
        {
            var scaled = vectors[index] * factor;
            var isLarger = Vector.GreaterThan(scaled, bestVectors[index]);
            bestVectors[index] = Vector.ConditionalSelect(isLarger, scaled, bestVectors[index]);
            rowVectors[index] = Vector.ConditionalSelect(isLarger, new Vector<int>(row), rowVectors[index]);
        }
        for (var index = vectors.Length * Vector<float>.Count; index < products.Length; index++)
            if (products[index] * factor > best[index]) (best[index], bestRows[index]) = (products[index] * factor, row);
    }
}
