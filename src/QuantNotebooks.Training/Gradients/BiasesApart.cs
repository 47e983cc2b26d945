using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Training.Gradients;

/// <summary>
/// Adds the trained biases of convolutions in a node of their own. ONNX Runtime runs a convolution in its fast layout, several times faster where it
/// is depthwise, only if weights and bias are constants; a trained bias is an input.
/// </summary>
internal static class BiasesApart
{
    /// <param name="plain">The graph.</param>
    /// <param name="trained">The trained tensors; a convolution whose weights are among them keeps its bias, for it can't have that layout.</param>
    public static StaticGraph Apply(StaticGraph plain, IReadOnlySet<string> trained)
    {
        var nodes = new List<NodeProto>();
        var constants = plain.Graph.Constants;
        var shapes = new Dictionary<string, ImmutableArray<long>>();
        foreach (var node in plain.Graph.Nodes)
        {
            if (node is { OpType: "Conv", Domain: "" or "ai.onnx", Input: [_, var weights, var bias] } && trained.Contains(bias) && !trained.Contains(weights)) Split(node, bias);
            else nodes.Add(node);
        }
        return plain.With(plain.Graph.With(nodes, constants), shapes);

        void Split(NodeProto node, string bias)
        {
            var sum = node.Output[0];
            var (product, column, shape) = (sum + "/without-bias", sum + "/bias", sum + "/bias-shape");
            var convolution = node.Clone();
            convolution.Input.RemoveAt(2);
            convolution.Output[0] = product;
            // [C] beside [N, C, H, W]: one axis of length 1 for each axis behind the channels.
            long[] columnShape = [plain.Tensor(bias).Shape[0], .. Enumerable.Repeat(1L, plain.Tensor(sum).Rank - 2)];
            constants = constants.SetItem(shape, TensorData.Create(shape, [columnShape.Length], columnShape));
            shapes[shape] = [columnShape.Length];
            shapes[column] = [.. columnShape];
            shapes[product] = plain.Tensor(sum).Shape;
            nodes.Add(convolution);
            nodes.Add(Node("Reshape", [bias, shape], column));
            nodes.Add(Node("Add", [product, column], sum));
        }
    }

    private static NodeProto Node(string operation, string[] inputs, string output)
    {
        var node = new NodeProto { OpType = operation, Name = output };
        node.Input.AddRange(inputs);
        node.Output.Add(output);
        return node;
    }
}
