using QuantNotebooks.Onnx;

namespace QuantNotebooks.Training.Gradients;

/// <summary>Gradients of activation functions, and of Softmax. At a kink the derivative is that of the constant side.</summary>
internal static class ActivationGradients
{
    public static void Relu(GradientStep step) => step.Give(0, () => PassBand.OfClip(step.Node, step.Graph)!.Value.Masked(step.Emit, step.Gradient, step.Output()));

    public static void LeakyRelu(GradientStep step) => Give(step, () =>
    {
        var alpha = step.Node.Float("alpha", 0.01f);
        return step.Emit.Add(step.Emit.Scale(step.Emit.Mask("Greater", step.Input(0), step.Emit.Scalar(0)), 1 - alpha), step.Emit.Scalar(alpha));
    });

    /// <summary>y = x above zero and slope x below: dslope = dy x below zero.</summary>
    public static void PRelu(GradientStep step)
    {
        var emit = step.Emit;
        var above = emit.Mask("Greater", step.Input(0), emit.Scalar(0));
        var below = emit.Subtract(emit.Scalar(1), above);
        Give(step, () => emit.Add(above, emit.Multiply(below, step.Input(1))));
        step.Give(1, () => emit.SumTo(emit.Multiply(step.Gradient, emit.Multiply(below, step.Input(0))), step.Input(1).Shape));
    }

    public static void Clip(GradientStep step) => step.Give(0, () =>
    {
        var gradient = step.Gradient;
        if (PassBand.OfClip(step.Node, step.Graph) is { } band) return band.Masked(step.Emit, gradient, step.Output());
        if (step.Has(1)) gradient = step.Emit.Multiply(gradient, step.Emit.Mask("Greater", step.Input(0), step.Input(1)));
        if (step.Has(2)) gradient = step.Emit.Multiply(gradient, step.Emit.Mask("Less", step.Input(0), step.Input(2)));
        return gradient;
    });

    /// <summary>dx = dy y (1 - y).</summary>
    public static void Sigmoid(GradientStep step) => Give(step, () => LogisticSlope(step.Emit, step.Output()));

    /// <summary>dx = dy (1 - y^2).</summary>
    public static void Tanh(GradientStep step) => Give(step, () =>
        step.Emit.Subtract(step.Emit.Scalar(1), step.Emit.Multiply(step.Output(), step.Output())));

    public static void HardSigmoid(GradientStep step) => Give(step, () =>
        step.Emit.Scale(Between(step.Emit, step.Output(), 0, 1), step.Node.Float("alpha", 0.2f)));

    /// <summary>y = x clip(x / 6 + 1/2, 0, 1): dx = dy (clip(x / 6 + 1/2, 0, 1) + x / 6 where it is not clipped).</summary>
    public static void HardSwish(GradientStep step) => Give(step, () =>
    {
        var emit = step.Emit;
        var gate = emit.Unary("HardSigmoid", step.Input(0), Attributes.Float("alpha", 1 / 6f), Attributes.Float("beta", 0.5f));
        return emit.Add(gate, emit.Multiply(emit.Scale(step.Input(0), 1 / 6.0), Between(emit, gate, 0, 1)));
    });

    /// <summary>y = x above zero and alpha (exp(x) - 1) below.</summary>
    public static void Elu(GradientStep step) => Give(step, () =>
    {
        var emit = step.Emit;
        var above = emit.Mask("Greater", step.Input(0), emit.Scalar(0));
        var below = emit.Add(step.Output(), emit.Scalar(step.Node.Float("alpha", 1)));
        return emit.Add(above, emit.Multiply(emit.Subtract(emit.Scalar(1), above), below));
    });

    /// <summary>y = ln(1 + exp(x)): dx = dy / (1 + exp(-x)).</summary>
    public static void Softplus(GradientStep step) => Give(step, () => step.Emit.Unary("Sigmoid", step.Input(0)));

    /// <summary>y = x Phi(x), or with approximate = "tanh" y = x (1 + tanh u) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3).</summary>
    public static void Gelu(GradientStep step) => Give(step, () =>
    {
        var emit = step.Emit;
        var x = step.Input(0);
        var square = emit.Multiply(x, x);
        if (step.Node.Attribute("approximate")?.S.ToStringUtf8() == "tanh")
        {
            var root = Math.Sqrt(2 / Math.PI);
            var tangent = emit.Unary("Tanh", emit.Multiply(emit.Scale(x, root), emit.Add(emit.Scale(square, 0.044715), emit.Scalar(1))));
            var slope = emit.Multiply(
                emit.Subtract(emit.Scalar(1), emit.Multiply(tangent, tangent)), emit.Scale(emit.Add(emit.Scale(square, 3 * 0.044715), emit.Scalar(1)), root));
            return emit.Scale(emit.Add(emit.Add(tangent, emit.Scalar(1)), emit.Multiply(x, slope)), 0.5);
        }
        var distribution = emit.Scale(emit.Add(emit.Unary("Erf", emit.Scale(x, Math.Sqrt(0.5))), emit.Scalar(1)), 0.5);
        var density = emit.Scale(emit.Unary("Exp", emit.Scale(square, -0.5)), 1 / Math.Sqrt(2 * Math.PI));
        return emit.Add(distribution, emit.Multiply(x, density));
    });

    /// <summary>dx = y (dy - sum(dy y)) along the axis.</summary>
    public static void Softmax(GradientStep step) => step.Give(0, () =>
    {
        var emit = step.Emit;
        var axis = step.Output().Axis(step.Node.Int("axis", -1));
        var weighted = emit.Multiply(step.Gradient, step.Output());
        return emit.Subtract(weighted, emit.Multiply(step.Output(), emit.ReduceSum(weighted, axis)));
    });

    /// <summary>dx = dy - softmax(x) sum(dy) along the axis.</summary>
    public static void LogSoftmax(GradientStep step) => step.Give(0, () =>
    {
        var emit = step.Emit;
        var axis = step.Output().Axis(step.Node.Int("axis", -1));
        return emit.Subtract(step.Gradient, emit.Multiply(emit.Unary("Exp", step.Output()), emit.ReduceSum(step.Gradient, axis)));
    });

    private static void Give(GradientStep step, Func<Tensor> slope) => step.Give(0, () => step.Emit.Multiply(step.Gradient, slope()));

    private static Tensor LogisticSlope(NodeEmitter emit, Tensor y) => emit.Multiply(y, emit.Subtract(emit.Scalar(1), y));

    private static Tensor Between(NodeEmitter emit, Tensor y, double low, double high) =>
        emit.Multiply(emit.Mask("Greater", y, emit.Scalar(low)), emit.Mask("Less", y, emit.Scalar(high)));
}
