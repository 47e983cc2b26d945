using System.Numerics.Tensors;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;

namespace QuantNotebooks.Equalization;

/// <summary>
/// Which input and which output channel each weight connects: the weights are [Rows, Columns, Taps], row-major, and either rows are output
/// channels and columns the input channels of the row's group, or the other way round.
/// </summary>
internal readonly record struct WeightAxes(int Rows, int Columns, int Taps, int Groups, bool RowsAreOutputs)
{
    public int Outputs => RowsAreOutputs ? Rows : Columns * Groups;

    public int Inputs => RowsAreOutputs ? Columns * Groups : Rows;

    /// <summary>The first of the channels that a row's columns stand for.</summary>
    public int FirstColumnChannel(int row) => Groups == 1 ? 0 : row / (Rows / Groups) * Columns;

    /// <summary>Whether each row has one channel of its own for its column: depthwise, multiplier 1.</summary>
    public bool IsDiagonal => Columns == 1 && Groups == Rows;

    public static WeightAxes Of(Layer layer)
    {
        var shape = layer.WeightShape;
        var taps = 1;
        for (var axis = 2; axis < shape.Length; axis++) taps *= (int)shape[axis];
        var node = layer.LinearNodes[0];
        var rowsAreOutputs = layer.Operator switch
        {
            LayerOperator.MatMul or LayerOperator.ConvTranspose => false,
            LayerOperator.Gemm => node.Int("transB", 0) == 1,
            _ => true,
        };
        return new WeightAxes((int)shape[0], (int)shape[1], taps, (int)node.Int("group", 1), rowsAreOutputs);
    }

    /// <summary>The largest |w| over the taps, [Rows, Columns].</summary>
    public float[] Magnitudes(Layer layer)
    {
        var magnitudes = new float[Rows * Columns];
        var weights = layer.Weights;
        for (var row = 0; row < Rows; row++) Magnitudes(weights, row, magnitudes.AsSpan(row * Columns, Columns));
        return magnitudes;
    }

    /// <summary>max|w| of the weights that make each output channel and of those that read each input channel.</summary>
    public (float[] Outputs, float[] Inputs) Ranges(Layer layer)
    {
        var weights = layer.Weights;
        var (rows, columns, magnitudes) = (new float[Rows], new float[Columns * Groups], new float[Columns]);
        for (var row = 0; row < Rows; row++)
        {
            Magnitudes(weights, row, magnitudes);
            var others = columns.AsSpan(FirstColumnChannel(row), Columns);
            rows[row] = TensorPrimitives.Max<float>(magnitudes);
            TensorPrimitives.Max<float>(others, magnitudes, others);
        }
        return RowsAreOutputs ? (rows, columns) : (columns, rows);
    }

    private void Magnitudes(ReadOnlySpan<float> weights, int row, Span<float> magnitudes)
    {
        var ofRow = weights.Slice(row * Columns * Taps, Columns * Taps);
        if (Taps == 1)
        {
            TensorPrimitives.Abs(ofRow, magnitudes);
            return;
        }
        for (var column = 0; column < magnitudes.Length; column++)
        {
            var largest = 0f;
            foreach (var weight in ofRow.Slice(column * Taps, Taps)) largest = Math.Max(largest, Math.Abs(weight));
            magnitudes[column] = largest;
        }
    }
}
