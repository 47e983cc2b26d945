using System.Collections.Immutable;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Onnx;

/// <summary>What ONNX Runtime infers of a computed tensor.</summary>
/// <param name="ElementType">Type of its elements, as the ONNX schema numbers them.</param>
/// <param name="Rank">Number of its axes; 0 where that is not known, or it is a scalar.</param>
internal readonly record struct TensorType(int ElementType, int Rank);

/// <summary>Lets ONNX Runtime check a whole model and say of which type each of its tensors is.</summary>
internal static class TensorTypes
{
    /// <summary>The types of the graph's own tensors by name.</summary>
    /// <exception cref="QuantNotebooksException">ONNX Runtime refuses the model.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static ImmutableDictionary<string, TensorType> Check(ModelProto model, string source, CancellationToken cancellation = default)
    {
        // ONNX Runtime tells the types of outputs: every tensor is made one. Nothing is run.
        var tapped = model.Clone();
        WeightsAsInputs.Apply(tapped.Graph);
        var outputs = tapped.Graph.Output.Select(output => output.Name).ToHashSet();
        foreach (var node in tapped.Graph.Node)
            foreach (var output in node.Output)
                if (output.Length > 0 && outputs.Add(output)) tapped.Graph.Output.Add(new ValueInfoProto { Name = output });
        using var session = OnnxSession.Create(tapped, source, new SessionSettings(Threads: 1, Unoptimized: true), cancellation);
        var types = ImmutableDictionary.CreateBuilder<string, TensorType>();
        var inputs = from input in model.Graph.Input
                     where session.Inputs.ContainsKey(input.Name)
                     select KeyValuePair.Create(input.Name, session.Inputs[input.Name]);
        foreach (var (name, value) in inputs.Concat(session.Outputs))
            if (value.OnnxValueType == OnnxValueType.ONNX_TYPE_TENSOR) types[name] = new TensorType((int)value.ElementDataType, value.Dimensions.Length);
        return types.ToImmutable();
    }
}
