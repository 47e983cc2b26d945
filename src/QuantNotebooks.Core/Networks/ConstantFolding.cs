using System.Collections.Immutable;
using Google.Protobuf;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>
/// Computes what exporters leave to be done to constants: a transposed or reshaped weight is a weight. Only operators that give no more values
/// than they take are computed, so that no file can ask for more memory than it brings.
/// </summary>
internal static class ConstantFolding
{
    private static readonly ImmutableHashSet<string> Foldable = ["Transpose", "Reshape", "Cast", "Squeeze", "Unsqueeze", "Flatten"];

    public static Graph Fold(Graph graph)
    {
        var folded = new List<NodeProto>();
        var known = new HashSet<string>();
        foreach (var node in graph.Nodes)
        {
            if (!Foldable.Contains(node.OpType) || node.Domain is not ("" or "ai.onnx") || node.Output.Count != 1 || graph.IsOutput(node.Output[0])) continue;
            if (!node.Input.All(input => input.Length == 0 || graph.Constant(input) is not null || known.Contains(input))) continue;
            folded.Add(node);
            known.Add(node.Output[0]);
        }
        if (folded.Count == 0) return graph;
        // Only what something else reads is worth keeping.
        var gone = folded.ToHashSet<NodeProto>(ReferenceEqualityComparer.Instance);
        var wanted = known.Where(name => graph.Consumers(name).Any(reader => !gone.Contains(reader))).ToList();
        var constants = graph.Constants.ToBuilder();
        if (wanted.Count > 0)
        {
            using var session = OnnxSession.Create(graph.Extract(folded, [], wanted), "the network's constants", new SessionSettings(Threads: 1, Unoptimized: true));
            var values = session.Run([], CancellationToken.None);
            for (var index = 0; index < values.Count; index++)
            {
                using var value = values[index];
                var type = value.GetTensorTypeAndShape();
                // Text has no raw form; a network that casts a constant to text keeps the node.
                if (type.ElementDataType == Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.String) return graph;
                var tensor = new TensorProto
                {
                    Name = session.OutputNames[index], DataType = (int)type.ElementDataType, RawData = ByteString.CopyFrom(value.GetTensorMutableRawData()),
                };
                tensor.Dims.AddRange(type.Shape);
                constants[tensor.Name] = tensor;
            }
        }
        return graph.With(graph.Nodes.Where(node => !gone.Contains(node)), constants.ToImmutable());
    }
}
