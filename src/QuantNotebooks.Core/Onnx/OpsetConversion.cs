using System.Collections.Immutable;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Onnx;

/// <summary>
/// Rewrites a graph for a later ONNX operator set, where that is exact. Operators whose meaning for inference has not changed pass; those whose
/// form has changed are rewritten; all others are refused by name.
/// </summary>
internal static class OpsetConversion
{
    /// <summary>The latest operator set that graphs are converted to.</summary>
    public const long Latest = 21;

    private static readonly ImmutableHashSet<string> Unchanged =
    [
        "Abs", "Add", "And", "ArgMax", "ArgMin", "AveragePool", "BatchNormalization", "Cast", "Ceil", "Concat", "Constant", "ConstantOfShape", "Conv",
        "ConvTranspose", "Cos", "DepthToSpace", "DequantizeLinear", "Div", "Elu", "Equal", "Erf", "Exp", "Expand", "Flatten", "Floor", "Gather", "Gelu", "Gemm",
        "GlobalAveragePool", "GlobalMaxPool", "Greater", "HardSigmoid", "HardSwish", "Identity", "InstanceNormalization", "LayerNormalization", "LeakyRelu", "Less",
        "Log", "LRN", "MatMul", "Max", "MaxPool", "Mean", "Min", "Mul", "Neg", "Not", "Or", "PRelu", "Pow", "QuantizeLinear", "Reciprocal", "Relu", "Reshape",
        "Round", "Selu", "Shape", "Sigmoid", "Sign", "Sin", "Size", "Softplus", "Softsign", "SpaceToDepth", "Sqrt", "Sub", "Sum", "Tan", "Tanh", "Tile",
        "Transpose", "Where",
    ];

    private static readonly ImmutableHashSet<string> Reductions =
        ["ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSumSquare"];

    /// <summary>The operator set that the graph is written in; 0 where it does not say.</summary>
    public static long OpsetOf(Graph graph) => graph.Header.OpsetImport.FirstOrDefault(import => import.Domain is "" or "ai.onnx")?.Version ?? 0;

    /// <summary>The same graph in a later operator set.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="to">The operator set wanted; a graph in a later one stays as it is.</param>
    /// <param name="name">What to call the graph in an error.</param>
    /// <exception cref="QuantNotebooksException">A node can't be rewritten exactly.</exception>
    public static Graph Convert(Graph graph, long to, string name)
    {
        var from = OpsetOf(graph);
        if (from >= to) return graph;
        var constants = graph.Constants.ToBuilder();
        var nodes = new List<NodeProto>();
        foreach (var node in graph.Nodes)
        {
            if (node.Domain is not ("" or "ai.onnx")) nodes.Add(node);
            else if (Rewrite(node, from, to, constants) is { } rewritten) nodes.AddRange(rewritten);
            else
                throw new QuantNotebooksException(
                    $"'{name}' is written in ONNX operator set {from} and operator set {to} is needed: node '{node.Name}' ({node.OpType}) can't be converted exactly.");
        }
        return graph.With(nodes, constants.ToImmutable()).WithOpset(to);
    }

    private static NodeProto[]? Rewrite(NodeProto node, long from, long to, ImmutableDictionary<string, TensorProto>.Builder constants)
    {
        if (node.Attribute.Any(attribute => attribute.G is not null || attribute.Graphs.Count > 0)) return null;
        switch (node.OpType)
        {
            case "BatchNormalization" when from < 9 && node.Int("spatial", 1) != 1:
                return null;
            case "Clip" when from < 11 && to >= 11:
                return [Moved(node, constants, Scalar("min"), Scalar("max"))];
            case "Pad" when from < 11 && to >= 11:
                return [Moved(node, constants, Integers("pads"), Scalar("value"))];
            case "Squeeze" or "Unsqueeze" or "ReduceSum" when from < 13 && to >= 13:
                return [Moved(node, constants, Integers("axes"))];
            case "Split" when from < 13 && to >= 13:
                return [WithCount(Moved(node, constants, Integers("split")))];
            case "Split" when from < 18 && to >= 18:
                return [WithCount(node.Clone())];
            case "Slice" when from < 10 && to >= 10:
                return [Moved(node, constants, Integers("starts"), Integers("ends"), Integers("axes"))];
            case "Softmax" or "LogSoftmax" when from < 13 && to >= 13:
                return Flattened(node);
            case var reduction when Reductions.Contains(reduction):
                return from < 18 && to >= 18 ? [Moved(node, constants, Integers("axes"))] : [node];
            case "Clip" or "Squeeze" or "Unsqueeze" or "ReduceSum" or "Split" or "Softmax" or "LogSoftmax":
                return [node];
            case "Pad" or "Resize" or "TopK" when from >= 11:
                return [node];
            case "Slice":
                return [node];
            default:
                return Unchanged.Contains(node.OpType) ? [node] : null;
        }

        (string, Func<AttributeProto, string, TensorProto>) Scalar(string attribute) => (attribute, (value, name) => TensorData.Scalar(name, value.F));

        (string, Func<AttributeProto, string, TensorProto>) Integers(string attribute) =>
            (attribute, (value, name) => TensorData.Create(name, [value.Ints.Count], value.Ints.ToArray()));

        NodeProto WithCount(NodeProto split)
        {
            if (to >= 18 && split.InputOrNull(1) is null) split.Attribute.Add(new AttributeProto { Name = "num_outputs", I = split.Output.Count, Type = AttributeProto.Types.AttributeType.Int });
            return split;
        }
    }

    /// <summary>The node with attributes turned into the inputs that took their place.</summary>
    private static NodeProto Moved(
        NodeProto node, ImmutableDictionary<string, TensorProto>.Builder constants, params ReadOnlySpan<(string Attribute, Func<AttributeProto, string, TensorProto> Make)> moved)
    {
        var changed = node.Clone();
        for (var index = 0; index < moved.Length; index++)
        {
            var (name, make) = moved[index];
            if (changed.Attribute(name) is not { } attribute) continue;
            changed.Attribute.Remove(attribute);
            while (changed.Input.Count < index + 1) changed.Input.Add("");
            var constant = $"{node.Output[0]}/{name}";
            while (constants.ContainsKey(constant)) constant += "_";
            constants[constant] = make(attribute, constant);
            changed.Input.Add(constant);
        }
        return changed;
    }

    /// <summary>
    /// Before operator set 13, Softmax went over all axes from the given one on, flattened into one; since then over one axis. Flattening and
    /// restoring the shape says the same in the later set.
    /// </summary>
    private static NodeProto[] Flattened(NodeProto node)
    {
        var (input, output) = (node.Input[0], node.Output[0]);
        var (shape, flat, result) = ($"{output}/shape", $"{output}/flat", $"{output}/softmax");
        return
        [
            Make("Shape", [input], shape),
            Make("Flatten", [input], flat, node.Int("axis", 1)),
            Make(node.OpType, [flat], result, -1),
            Make("Reshape", [result, shape], output),
        ];

        NodeProto Make(string operation, string[] inputs, string made, long? axis = null)
        {
            var step = new NodeProto { OpType = operation, Name = operation == node.OpType ? node.Name : $"{node.Name}/{operation}" };
            step.Input.AddRange(inputs);
            step.Output.Add(made);
            if (axis is { } value) step.Attribute.Add(new AttributeProto { Name = "axis", I = value, Type = AttributeProto.Types.AttributeType.Int });
            return step;
        }
    }
}
