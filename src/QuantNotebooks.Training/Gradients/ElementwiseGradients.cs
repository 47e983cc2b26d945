namespace QuantNotebooks.Training.Gradients;

/// <summary>Gradients of arithmetic element by element; an input that was broadcast gets the sum over its copies.</summary>
internal static class ElementwiseGradients
{
    public static void Add(GradientStep step)
    {
        for (var index = 0; index < step.Node.Input.Count; index++) GiveSummed(step, index, () => step.Gradient);
    }

    public static void Sub(GradientStep step)
    {
        GiveSummed(step, 0, () => step.Gradient);
        GiveSummed(step, 1, () => step.Emit.Unary("Neg", step.Gradient));
    }

    public static void Mul(GradientStep step)
    {
        GiveSummed(step, 0, () => step.Emit.Multiply(step.Gradient, step.Input(1)));
        GiveSummed(step, 1, () => step.Emit.Multiply(step.Gradient, step.Input(0)));
    }

    /// <summary>y = a / b: da = dy / b, db = -dy y / b.</summary>
    public static void Div(GradientStep step)
    {
        var emit = step.Emit;
        GiveSummed(step, 0, () => emit.Divide(step.Gradient, step.Input(1)));
        GiveSummed(step, 1, () => emit.Unary("Neg", emit.Divide(emit.Multiply(step.Gradient, step.Output()), step.Input(1))));
    }

    /// <summary>y = a^b: da = dy b a^(b - 1), db = dy y ln a.</summary>
    public static void Pow(GradientStep step)
    {
        var emit = step.Emit;
        GiveSummed(step, 0, () => emit.Multiply(
            step.Gradient, emit.Multiply(step.Input(1), emit.Binary("Pow", step.Input(0), emit.Subtract(step.Input(1), emit.Scalar(1))))));
        GiveSummed(step, 1, () => emit.Multiply(step.Gradient, emit.Multiply(step.Output(), emit.Unary("Log", step.Input(0)))));
    }

    public static void Sqrt(GradientStep step) => step.Give(0, () => step.Emit.Divide(step.Emit.Scale(step.Gradient, 0.5), step.Output()));

    public static void Neg(GradientStep step) => step.Give(0, () => step.Emit.Unary("Neg", step.Gradient));

    public static void Exp(GradientStep step) => step.Give(0, () => step.Emit.Multiply(step.Gradient, step.Output()));

    public static void Log(GradientStep step) => step.Give(0, () => step.Emit.Divide(step.Gradient, step.Input(0)));

    /// <summary>y = 1 / x: dx = -dy y^2.</summary>
    public static void Reciprocal(GradientStep step) => step.Give(0, () =>
        step.Emit.Unary("Neg", step.Emit.Multiply(step.Gradient, step.Emit.Multiply(step.Output(), step.Output()))));

    public static void Abs(GradientStep step) => step.Give(0, () => step.Emit.Multiply(step.Gradient, step.Emit.Unary("Sign", step.Input(0))));

    /// <summary>y = erf(x): dx = dy 2 / sqrt(pi) exp(-x^2).</summary>
    public static void Erf(GradientStep step) => step.Give(0, () =>
    {
        var emit = step.Emit;
        var bell = emit.Unary("Exp", emit.Unary("Neg", emit.Multiply(step.Input(0), step.Input(0))));
        return emit.Multiply(step.Gradient, emit.Scale(bell, 2 / Math.Sqrt(Math.PI)));
    });

    /// <summary>Min and Max: the gradient goes to the first input that is the extremum.</summary>
    public static void Extremum(GradientStep step)
    {
        var emit = step.Emit;
        var open = emit.Expand(emit.Scalar(1), step.Output().Shape);
        for (var index = 0; index < step.Node.Input.Count; index++)
        {
            var here = emit.Multiply(open, emit.Mask("Equal", step.Input(index), step.Output()));
            GiveSummed(step, index, () => emit.Multiply(step.Gradient, here));
            open = emit.Subtract(open, here);
        }
    }

    public static void Identity(GradientStep step) => step.Give(0, () => step.Gradient);

    private static void GiveSummed(GradientStep step, int index, Func<Tensor> gradient) =>
        step.Give(index, () => step.Emit.SumTo(gradient(), step.Input(index).Shape));
}
