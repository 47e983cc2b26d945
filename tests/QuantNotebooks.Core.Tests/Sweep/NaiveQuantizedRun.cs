using Google.Protobuf;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Core.Tests.Sweep;

/// <summary>
/// The plain way to do what a sweep does: the whole network and the whole fake-quantized network as two ONNX models, every activation kept.
/// Weights and scales are computed here, in scalar double arithmetic, and rounding is ONNX Runtime's.
/// </summary>
internal static class NaiveQuantizedRun
{
    /// <summary>The network's model with quantized weights and, behind each quantized tensor, Div, Round, Clip and Mul.</summary>
    public static ModelProto Quantize(Network network, ActivationRanges ranges, int weightBits, int activationBits)
    {
        var model = network.ToModel().Clone();
        foreach (var layer in network.Layers) SetWeights(model, layer, weightBits);
        foreach (var (name, range) in ranges.ByTensor)
            AddFakeQuantization(model.Graph, name, range, IsBoundary(network, name) ? Math.Max(8, activationBits) : activationBits);
        return model;
    }

    /// <summary>The same with just one layer quantized: its input as it alone reads it, its weights, and its output.</summary>
    public static ModelProto QuantizeAlone(Network network, ActivationRanges ranges, Layer layer, int weightBits, int activationBits)
    {
        var model = network.ToModel().Clone();
        SetWeights(model, layer, weightBits);
        // The grid of what a pooling or reshaping reads is also that of what it gives.
        var origin = layer.Input;
        while (!ranges.ByTensor.ContainsKey(origin)) origin = model.Graph.Node.Single(node => node.Output.Contains(origin)).Input[0];
        var reader = model.Graph.Node.Single(node => node.Input.Contains(layer.WeightName));
        var own = layer.Input + "//own";
        var at = model.Graph.Node.IndexOf(reader);
        InsertGrid(model.Graph, at, layer.Input, own, ranges.ByTensor[origin], IsBoundary(network, origin) ? Math.Max(8, activationBits) : activationBits);
        reader.Input[reader.Input.IndexOf(layer.Input)] = own;
        AddFakeQuantization(model.Graph, layer.Output, ranges.ByTensor[layer.Output], IsBoundary(network, layer.Output) ? Math.Max(8, activationBits) : activationBits);
        return model;
    }

    private static void SetWeights(ModelProto model, Layer layer, int bits) =>
        model.Graph.Initializer.Single(tensor => tensor.Name == layer.WeightName).RawData =
            ByteString.CopyFrom(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(QuantizedWeights(layer, bits)).ToArray());

    private static bool IsBoundary(Network network, string name) => name == "input" || name == network.Layers[^1].Output;

    private static float[] QuantizedWeights(Layer layer, int bits)
    {
        var highest = (1 << (bits - 1)) - 1;
        double magnitude = 0;
        foreach (var weight in layer.Weights) magnitude = Math.Max(magnitude, Math.Abs(weight));
        var scale = (float)(magnitude / highest);
        return [.. layer.Weights.ToArray().Select(weight => (float)Math.Clamp(Math.Round(weight / scale, MidpointRounding.ToEven), -highest, highest) * scale)];
    }

    private static void AddFakeQuantization(GraphProto graph, string name, ActivationRange range, int bits)
    {
        string raw, quantized;
        var producer = graph.Node.FirstOrDefault(node => node.Output.Contains(name));
        if (producer is null)
        {
            (raw, quantized) = (name, name + "//quantized");
            foreach (var node in graph.Node)
                for (var index = 0; index < node.Input.Count; index++)
                    if (node.Input[index] == name) node.Input[index] = quantized;
        }
        else
        {
            (raw, quantized) = (name + "//raw", name);
            producer.Output[producer.Output.IndexOf(name)] = raw;
        }
        var at = producer is null ? 0 : graph.Node.IndexOf(producer) + 1;
        InsertGrid(graph, at, raw, quantized, range, bits);
    }

    private static void InsertGrid(GraphProto graph, int at, string raw, string quantized, ActivationRange range, int bits)
    {
        var highest = (1 << bits) - 1;
        var (low, high) = (Math.Min(0.0, range.Minimum), Math.Max(0.0, range.Maximum));
        var scale = (float)((high - low) / highest);
        var zeroPoint = Math.Round(-(float)low / scale, MidpointRounding.ToEven);
        string Name(string part) => $"{quantized}//{part}";
        graph.Initializer.Add(TensorData.Scalar(Name("scale"), scale));
        graph.Initializer.Add(TensorData.Scalar(Name("low"), (float)-zeroPoint));
        graph.Initializer.Add(TensorData.Scalar(Name("high"), (float)(highest - zeroPoint)));
        graph.Node.Insert(at++, Make("Div", [raw, Name("scale")], Name("steps")));
        graph.Node.Insert(at++, Make("Round", [Name("steps")], Name("rounded")));
        graph.Node.Insert(at++, Make("Clip", [Name("rounded"), Name("low"), Name("high")], Name("clipped")));
        graph.Node.Insert(at, Make("Mul", [Name("clipped"), Name("scale")], quantized));
    }

    private static NodeProto Make(string operation, string[] inputs, string output)
    {
        var node = new NodeProto { OpType = operation };
        node.Input.AddRange(inputs);
        node.Output.Add(output);
        return node;
    }
}
