using System.Collections.Frozen;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Training.Gradients;

/// <summary>The gradient rule of every operator that has one.</summary>
internal static class GradientRules
{
    private static readonly FrozenDictionary<string, GradientRule> Rules = new Dictionary<string, GradientRule>
    {
        ["Conv"] = ConvolutionGradients.Conv,
        ["ConvTranspose"] = ConvolutionGradients.ConvTranspose,
        ["Gemm"] = MatrixGradients.Gemm,
        ["MatMul"] = MatrixGradients.MatMul,

        ["Add"] = ElementwiseGradients.Add,
        ["Sum"] = ElementwiseGradients.Add,
        ["Sub"] = ElementwiseGradients.Sub,
        ["Mul"] = ElementwiseGradients.Mul,
        ["Div"] = ElementwiseGradients.Div,
        ["Pow"] = ElementwiseGradients.Pow,
        ["Sqrt"] = ElementwiseGradients.Sqrt,
        ["Neg"] = ElementwiseGradients.Neg,
        ["Exp"] = ElementwiseGradients.Exp,
        ["Log"] = ElementwiseGradients.Log,
        ["Reciprocal"] = ElementwiseGradients.Reciprocal,
        ["Abs"] = ElementwiseGradients.Abs,
        ["Erf"] = ElementwiseGradients.Erf,
        ["Min"] = ElementwiseGradients.Extremum,
        ["Max"] = ElementwiseGradients.Extremum,
        ["Identity"] = ElementwiseGradients.Identity,

        ["Relu"] = ActivationGradients.Relu,
        ["LeakyRelu"] = ActivationGradients.LeakyRelu,
        ["PRelu"] = ActivationGradients.PRelu,
        ["Clip"] = ActivationGradients.Clip,
        ["Sigmoid"] = ActivationGradients.Sigmoid,
        ["Tanh"] = ActivationGradients.Tanh,
        ["HardSigmoid"] = ActivationGradients.HardSigmoid,
        ["HardSwish"] = ActivationGradients.HardSwish,
        ["Elu"] = ActivationGradients.Elu,
        ["Softplus"] = ActivationGradients.Softplus,
        ["Gelu"] = ActivationGradients.Gelu,
        ["Softmax"] = ActivationGradients.Softmax,
        ["LogSoftmax"] = ActivationGradients.LogSoftmax,

        ["MaxPool"] = PoolingGradients.MaxPool,
        ["AveragePool"] = PoolingGradients.AveragePool,
        ["GlobalAveragePool"] = PoolingGradients.GlobalAveragePool,
        ["GlobalMaxPool"] = PoolingGradients.GlobalMaxPool,

        ["Reshape"] = ShapeGradients.Reshape,
        ["Flatten"] = ShapeGradients.Reshape,
        ["Squeeze"] = ShapeGradients.Reshape,
        ["Unsqueeze"] = ShapeGradients.Reshape,
        ["Transpose"] = ShapeGradients.Transpose,
        ["Concat"] = ShapeGradients.Concat,
        ["Split"] = ShapeGradients.Split,
        ["Slice"] = ShapeGradients.Slice,
        ["Pad"] = ShapeGradients.Pad,
        ["Expand"] = ShapeGradients.Expand,
        ["Gather"] = ShapeGradients.Gather,
        ["Resize"] = ResizeGradients.Resize,

        ["ReduceSum"] = ReductionGradients.ReduceSum,
        ["ReduceMean"] = ReductionGradients.ReduceMean,
        ["InstanceNormalization"] = ReductionGradients.InstanceNormalization,
        ["LayerNormalization"] = ReductionGradients.LayerNormalization,
        ["BatchNormalization"] = ReductionGradients.BatchNormalization,

        [$"{FakeQuantization.Domain}.{FakeQuantization.Operator}"] = FakeQuantization.Gradient,
    }.ToFrozenDictionary();

    /// <summary>The operators that have a rule.</summary>
    public static IEnumerable<string> Operators => Rules.Keys;

    /// <exception cref="QuantNotebooksException">The operator has no gradient.</exception>
    public static GradientRule Of(NodeProto node) => Rules.TryGetValue(NameOf(node), out var rule)
        ? rule
        : throw Refused(node, "there is no rule for this operator");

    public static QuantNotebooksException Refused(NodeProto node, string reason) => new(
        $"Operator {NameOf(node)} of node '{(node.Name.Length > 0 ? node.Name : node.Output.FirstOrDefault())}' has no gradient: {reason}; a network is only trained where every operator after its first trained layer has one.");

    private static string NameOf(NodeProto node) => node.Domain is "" or "ai.onnx" ? node.OpType : $"{node.Domain}.{node.OpType}";
}
