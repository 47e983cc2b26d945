using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>The ONNX operators that work on each value alone, in double.</summary>
internal static class ElementWise
{
    /// <summary>Whether the node is an operator that <see cref="Evaluate"/> knows.</summary>
    public static bool IsOne(NodeProto node) => node.Domain is "" or "ai.onnx" && (Unary(node) is not null || Binary(node) is not null || node.OpType == "Clip");

    /// <summary>The node's values; null where it lacks an input.</summary>
    /// <param name="node">An operator that <see cref="IsOne"/> accepts.</param>
    /// <param name="inputs">One value for all points, or one a point; null for an input left out.</param>
    /// <param name="count">Number of points.</param>
    public static double[]? Evaluate(NodeProto node, double[]?[] inputs, int count)
    {
        if (inputs.Length == 0 || inputs[0] is not { } first) return null;
        var result = new double[count];
        if (Unary(node) is { } unary)
        {
            for (var index = 0; index < count; index++) result[index] = unary(At(first, index));
            return result;
        }
        if (Binary(node) is { } binary)
        {
            if (inputs.Length != 2 || inputs[1] is not { } second) return null;
            for (var index = 0; index < count; index++) result[index] = binary(At(first, index), At(second, index));
            return result;
        }
        var (low, high) = (inputs.ElementAtOrDefault(1) ?? [node.Float("min", float.NegativeInfinity)], inputs.ElementAtOrDefault(2) ?? [node.Float("max", float.PositiveInfinity)]);
        for (var index = 0; index < count; index++) result[index] = Math.Min(Math.Max(At(first, index), At(low, index)), At(high, index));
        return result;
    }

    private static double At(double[] values, int index) => values[values.Length == 1 ? 0 : index];

    private static Func<double, double>? Unary(NodeProto node)
    {
        switch (node.OpType)
        {
            case "Identity": return y => y;
            case "Relu": return y => Math.Max(y, 0);
            case "LeakyRelu":
            {
                double alpha = node.Float("alpha", 0.01f);
                return y => y < 0 ? alpha * y : y;
            }
            case "HardSigmoid":
            {
                double alpha = node.Float("alpha", 0.2f), beta = node.Float("beta", 0.5f);
                return y => Math.Clamp(alpha * y + beta, 0, 1);
            }
            case "Elu" or "Celu":
            {
                double alpha = node.Float("alpha", 1), width = node.OpType == "Celu" ? alpha : 1;
                return y => y < 0 ? alpha * (Math.Exp(y / width) - 1) : y;
            }
            case "Selu":
            {
                double alpha = node.Float("alpha", 1.67326319f), gamma = node.Float("gamma", 1.05070102f);
                return y => gamma * (y < 0 ? alpha * (Math.Exp(y) - 1) : y);
            }
            case "ThresholdedRelu":
            {
                double alpha = node.Float("alpha", 1);
                return y => y > alpha ? y : 0;
            }
            case "Gelu":
                return node.Attribute("approximate")?.S.ToStringUtf8() == "tanh" ? GeluByTanh : Gelu;
            default:
                return Plain.GetValueOrDefault(node.OpType);
        }
    }

    private static readonly Dictionary<string, Func<double, double>> Plain = new()
    {
        ["Abs"] = Math.Abs,
        ["Erf"] = Erf,
        ["Exp"] = Math.Exp,
        ["HardSwish"] = HardSwish,
        ["Log"] = Math.Log,
        ["Mish"] = Mish,
        ["Neg"] = y => -y,
        ["Reciprocal"] = y => 1 / y,
        ["Sigmoid"] = Sigmoid,
        ["Softplus"] = Softplus,
        ["Softsign"] = y => y / (1 + Math.Abs(y)),
        ["Sqrt"] = Math.Sqrt,
        ["Tanh"] = Math.Tanh,
    };

    private static Func<double, double, double>? Binary(NodeProto node) => node.OpType switch
    {
        "Add" => (a, b) => a + b,
        "Sub" => (a, b) => a - b,
        "Mul" => (a, b) => a * b,
        "Div" => (a, b) => a / b,
        "Min" when node.Input.Count == 2 => Math.Min,
        "Max" when node.Input.Count == 2 => Math.Max,
        "Pow" => Math.Pow,
        "PRelu" => (y, slope) => y < 0 ? slope * y : y,
        _ => null,
    };

    public static double Sigmoid(double y) => 1 / (1 + Math.Exp(-y));

    public static double HardSwish(double y) => y * Math.Clamp(y / 6 + 0.5, 0, 1);

    public static double Softplus(double y) => Math.Max(y, 0) + Math.Log(1 + Math.Exp(-Math.Abs(y)));

    public static double Mish(double y) => y * Math.Tanh(Softplus(y));

    public static double Gelu(double y) => 0.5 * y * (1 + Erf(y / Math.Sqrt(2)));

    private static double GeluByTanh(double y) => 0.5 * y * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (y + 0.044715 * y * y * y)));

    /// <summary>The error function, to 1.5e-7 (Abramowitz and Stegun 7.1.26): enough to know a formula by its values.</summary>
    private static double Erf(double y)
    {
        var t = 1 / (1 + 0.3275911 * Math.Abs(y));
        var tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * Math.Exp(-y * y);
        return Math.Sign(y) * (1 - tail);
    }
}
