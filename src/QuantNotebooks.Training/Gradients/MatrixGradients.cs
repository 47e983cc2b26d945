using QuantNotebooks.Onnx;

namespace QuantNotebooks.Training.Gradients;

/// <summary>Gradients of matrix products: for Y = A B, dA = dY B^T and dB = A^T dY.</summary>
internal static class MatrixGradients
{
    public static void MatMul(GradientStep step)
    {
        var emit = step.Emit;
        var (left, right) = (step.Input(0), step.Input(1));
        // A vector is a matrix of one row on the left and of one column on the right; the result has neither axis.
        var rows = left.Rank == 1 ? emit.Reshape(left, 1, left.Shape[0]) : left;
        var columns = right.Rank == 1 ? emit.Reshape(right, right.Shape[0], 1) : right;
        var gradient = emit.Reshape(step.Gradient, [.. NodeEmitter.Broadcast(rows.Shape[..^2], columns.Shape[..^2]), rows.Shape[^2], columns.Shape[^1]]);
        step.Give(0, () => emit.Reshape(emit.SumTo(emit.MatMul(gradient, emit.SwapLastAxes(columns)), rows.Shape), left.Shape));
        step.Give(1, () => emit.Reshape(Right(), right.Shape));

        Tensor Right()
        {
            if (columns.Rank > 2) return emit.SumTo(emit.MatMul(emit.SwapLastAxes(rows), gradient), columns.Shape);
            // One matrix for all: their rows under one another make a single product.
            var all = emit.Reshape(rows, rows.Count / rows.Shape[^1], rows.Shape[^1]);
            return emit.MatMul(emit.SwapLastAxes(all), emit.Reshape(gradient, gradient.Count / gradient.Shape[^1], gradient.Shape[^1]));
        }
    }

    /// <summary>Y = alpha A' B' + beta C, where ' transposes if the node says so.</summary>
    public static void Gemm(GradientStep step)
    {
        var emit = step.Emit;
        var node = step.Node;
        var (leftTransposed, rightTransposed) = (node.Int("transA", 0) == 1, node.Int("transB", 0) == 1);
        var (left, right) = (step.Input(0), step.Input(1));
        var scaled = emit.Scale(step.Gradient, node.Float("alpha", 1));
        step.Give(0, () => leftTransposed
            ? emit.MatMul(rightTransposed ? emit.SwapLastAxes(right) : right, emit.SwapLastAxes(scaled))
            : emit.MatMul(scaled, rightTransposed ? right : emit.SwapLastAxes(right)));
        step.Give(1, () => rightTransposed
            ? emit.MatMul(emit.SwapLastAxes(scaled), leftTransposed ? emit.SwapLastAxes(left) : left)
            : emit.MatMul(leftTransposed ? left : emit.SwapLastAxes(left), scaled));
        step.Give(2, () => emit.SumTo(emit.Scale(step.Gradient, node.Float("beta", 1)), step.Input(2).Shape));
    }
}
