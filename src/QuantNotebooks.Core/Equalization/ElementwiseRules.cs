using System.Collections.Immutable;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Equalization;

/// <summary>How factors pass through operators that work on each element alone.</summary>
internal static class ElementwiseRules
{
    /// <summary>f(s x) = s f(x) for s &gt; 0.</summary>
    private static readonly ImmutableHashSet<string> Homogeneous = ["Relu", "LeakyRelu", "PRelu", "Identity", "Dropout", "Neg", "Abs"];

    /// <summary>f(s x, s y, ...) = s f(x, y, ...) for s &gt; 0.</summary>
    private static readonly ImmutableHashSet<string> JointlyHomogeneous = ["Add", "Sub", "Sum", "Mean", "Max", "Min"];

    /// <summary>Known functions that are not homogeneous: the reason can say more than "unknown operator".</summary>
    private static readonly ImmutableHashSet<string> NotHomogeneous =
    [
        "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Gelu", "Elu", "Selu", "Celu", "Softplus", "Softsign", "Mish", "Swish", "ThresholdedRelu", "Erf", "Exp",
        "Log", "Sqrt", "Reciprocal", "Pow", "Sin", "Cos", "Round", "Floor", "Ceil", "Sign", "Softmax", "LogSoftmax", "QuantizeLinear", "DequantizeLinear",
    ];

    /// <summary>Applies the rule of the node's operator, or returns false where it has none here.</summary>
    public static bool TryApply(FactorTrace trace, NodeProto node)
    {
        if (NotHomogeneous.Contains(node.OpType)) RefuseFunction(trace, node);
        else if (Homogeneous.Contains(node.OpType)) ApplyHomogeneous(trace, node);
        else if (JointlyHomogeneous.Contains(node.OpType)) ApplyJointlyHomogeneous(trace, node);
        else if (node.OpType is "Mul" or "Div") ApplyProduct(trace, node);
        else if (node.OpType == "Clip") ApplyClip(trace, node);
        else return false;
        return true;
    }

    private static void RefuseFunction(FactorTrace trace, NodeProto node)
    {
        // Input and output keep the same classes, so that a report can tell which layers stand on the two sides.
        if (trace.Computed(node, 0) is { } input && trace.HasMap(input)) trace.Set(node.Output[0], trace.Map(input));
        trace.Refuse(node.Output[0], new Refusal(FactorTrace.NameOf(node), $"{node.OpType} is not homogeneous: scaling its input does not scale its output"));
    }

    private static void ApplyHomogeneous(FactorTrace trace, NodeProto node)
    {
        if (trace.Computed(node, 0) is not { } input || Enumerable.Range(1, Math.Max(0, node.Input.Count - 1)).Any(index => trace.Computed(node, index) is not null))
            trace.RefuseAround(node, $"{node.OpType} with computed parameters");
        else
            trace.Set(node.Output[0], trace.Map(input));
    }

    private static void ApplyJointlyHomogeneous(FactorTrace trace, NodeProto node)
    {
        var computed = node.Input.Where(input => trace.Graph.Constant(input) is null).ToArray();
        var map = Meet(trace, [.. computed.Select(trace.Map)]);
        trace.Set(node.Output[0], map);
        for (var index = 0; index < node.Input.Count; index++)
            if (trace.Graph.Constant(node.Input[index]) is { } constant) Scale(trace, node, index, constant, map);
    }

    /// <summary>A product with a constant, or with a computed gate that keeps factor 1: the other side's factors pass.</summary>
    private static void ApplyProduct(FactorTrace trace, NodeProto node)
    {
        var (first, second) = (trace.Computed(node, 0), trace.Computed(node, 1));
        if (first is null && node.OpType == "Div") trace.RefuseAround(node, "a division by a computed tensor");
        else if (first is null || second is null) trace.Set(node.Output[0], trace.Map((first ?? second)!));
        else if (first == second) trace.RefuseAround(node, $"{node.OpType} of a tensor with itself");
        else
        {
            var gateIsFirst = node.OpType == "Mul" && (trace.IsRefused(trace.Map(first)) ? !trace.IsRefused(trace.Map(second)) : IsSmaller(trace, first, second));
            var (gate, gated) = gateIsFirst ? (first, second) : (second, first);
            trace.Refuse(gate, new Refusal(FactorTrace.NameOf(node), node.OpType == "Div" ? "a divisor" : "the gate of a product: factors pass the gated input, not the gate"));
            trace.Set(node.Output[0], trace.Map(gated));
        }
    }

    private static bool IsSmaller(FactorTrace trace, string tensor, string other)
    {
        var (shape, otherShape) = (trace.Shapes[tensor], trace.Shapes[other]);
        if (shape.Length != otherShape.Length) return shape.Length < otherShape.Length;
        return shape.Zip(otherShape).Any(pair => pair.First.Size == 1 && pair.Second.Size != 1);
    }

    private static void ApplyClip(FactorTrace trace, NodeProto node)
    {
        var opset = trace.Graph.Header.OpsetImport.FirstOrDefault(import => import.Domain is "" or "ai.onnx")?.Version ?? 0;
        if (trace.Computed(node, 0) is not { } input || ActivationFinder.Of(trace.Graph, node) is not { } clip)
        {
            trace.RefuseAround(node, "Clip with computed bounds");
            return;
        }
        var map = trace.Map(input);
        trace.Set(node.Output[0], map);
        var (minimum, maximum) = ((float)clip.Minimum, (float)clip.Maximum);
        var isHomogeneous = minimum is 0 or float.NegativeInfinity && maximum is 0 or float.PositiveInfinity;
        if (isHomogeneous) return;
        if (opset < 8) trace.Refuse(input, new Refusal(FactorTrace.NameOf(node), $"operator set {opset} has no Min and Max that could bound each channel by itself"));
        else trace.Clips.Add(new ScaledClip(node, minimum, maximum, map));
    }

    private static void Scale(FactorTrace trace, NodeProto node, int index, TensorProto constant, FactorMap map)
    {
        if (constant.DataType == (int)TensorProto.Types.DataType.Float) trace.Constants.Add(new ScaledConstant(node, index, map));
        else
            foreach (var factorClass in map.Classes)
                trace.Classes.Refuse(factorClass, new Refusal(FactorTrace.NameOf(node), $"constant '{constant.Name}' is not float32, so it can't be scaled along"));
    }

    /// <summary>Joins maps element by element, as the operator broadcasts the tensors, and returns what they have in common.</summary>
    private static FactorMap Meet(FactorTrace trace, FactorMap[] maps)
    {
        var rank = maps.Max(map => map.Rank);
        var extents = new int[rank];
        for (var axis = 0; axis < rank; axis++)
            extents[axis] = maps.Max(map => axis - (rank - map.Rank) is var own && own >= 0 ? map.Extents[own] : 1);
        var common = maps[0].Over(extents);
        foreach (var map in maps.AsSpan(1))
        {
            var others = map.Over(extents);
            for (var element = 0; element < common.Length; element++) trace.Classes.Join(common[element], others[element]);
        }
        return FactorMap.Create(extents, common);
    }
}
