using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>Writes layer operators in the one form in which layers are recognized, without changing what they compute.</summary>
internal static class OperatorForms
{
    /// <summary>
    /// Gemm without alpha, beta and transA, with a bias of one value a channel; MatMul with a matrix where the constant is one in a batch of one;
    /// convolutions with a bias of one axis.
    /// </summary>
    public static Graph Unify(Graph graph)
    {
        var constants = graph.Constants.ToBuilder();
        var nodes = new List<NodeProto>();
        foreach (var node in graph.Nodes)
        {
            var form = node.Domain is not ("" or "ai.onnx") ? node : node.OpType switch
            {
                "Gemm" => Gemm(node),
                "MatMul" => MatMul(node),
                _ => node,
            };
            nodes.Add(form);
        }
        return graph.With(nodes, constants.ToImmutable());

        NodeProto Gemm(NodeProto node)
        {
            // Only where the weights are constant: then a product can be scaled by scaling them.
            if (Floats(node.InputOrNull(1)) is not { Dims: [var rows, var columns] } weights || graph.Constant(node.InputOrNull(0)) is not null) return node;
            if (node.InputOrNull(2) is { } computed && Floats(computed) is null) return node;
            var (alpha, beta) = (node.Float("alpha", 1), node.Float("beta", 1));
            if (!float.IsFinite(alpha) || !float.IsFinite(beta)) return node;
            var clone = node.Clone();
            if (alpha != 1) clone.Input[1] = Scaled(weights, alpha, node);
            var channels = node.Int("transB", 0) != 0 ? rows : columns;
            if (node.InputOrNull(2) is { } name && Floats(name) is { } bias && IsPerChannel(bias, channels)) clone.Input[2] = Bias(bias, beta, channels, node);
            else if (node.InputOrNull(2) is not null && beta != 1) return node;
            if (node.Int("transA", 0) != 0)
            {
                var transposed = Unique(node.Input[0] + "/transposed");
                var transpose = new NodeProto { OpType = "Transpose", Name = Named(node, "transpose") };
                transpose.Input.Add(node.Input[0]);
                transpose.Output.Add(transposed);
                nodes.Add(transpose);
                clone.Input[0] = transposed;
            }
            foreach (var attribute in clone.Attribute.Where(attribute => attribute.Name is "alpha" or "beta" or "transA").ToList()) clone.Attribute.Remove(attribute);
            return clone;
        }

        NodeProto MatMul(NodeProto node)
        {
            if (Floats(node.InputOrNull(1)) is not { Dims.Count: > 2 } weights || weights.Dims.SkipLast(2).Any(length => length != 1)
                || graph.RankOf(node.Input[0]) < weights.Dims.Count) return node;
            var clone = node.Clone();
            clone.Input[1] = Add(TensorData.Create("", [weights.Dims[^2], weights.Dims[^1]], TensorData.Floats(TensorData.ToRawFloats(weights)!)), weights.Name, node);
            return clone;
        }

        TensorProto? Floats(string? name) =>
            name is not null && constants.TryGetValue(name, out var tensor) && tensor.DataType == (int)TensorProto.Types.DataType.Float ? tensor : null;

        string Scaled(TensorProto tensor, float factor, NodeProto node)
        {
            var values = TensorData.Floats(TensorData.ToRawFloats(tensor)!).ToArray();
            for (var index = 0; index < values.Length; index++) values[index] *= factor;
            return Add(TensorData.Create("", [.. tensor.Dims], values), tensor.Name, node);
        }

        string Bias(TensorProto bias, float beta, long channels, NodeProto node)
        {
            var given = TensorData.Floats(TensorData.ToRawFloats(bias)!);
            var values = new float[channels];
            for (var channel = 0; channel < values.Length; channel++) values[channel] = beta * given[given.Length == 1 ? 0 : channel];
            return Add(TensorData.Create("", [channels], values), bias.Name, node);
        }

        // Another reader of the same constant keeps what it has.
        string Add(TensorProto tensor, string name, NodeProto node)
        {
            tensor.Name = graph.Consumers(name).Length == 1 && !graph.IsOutput(name) ? name : Unique($"{name}@{node.Output[0]}");
            constants[tensor.Name] = tensor;
            return tensor.Name;
        }

        string Unique(string wanted) => GraphNormalizer.UniqueName(wanted, name => constants.ContainsKey(name) || graph.Producer(name) is not null);
    }

    private static bool IsPerChannel(TensorProto bias, long channels) =>
        bias.Dims.SkipLast(1).All(length => length == 1) && (bias.Dims.Count == 0 || bias.Dims[^1] == channels || bias.Dims[^1] == 1);

    private static string Named(NodeProto node, string part) => node.Name.Length > 0 ? $"{node.Name}/{part}" : "";
}
