using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Benchmarks;

/// <summary>
/// What a measurement is held against: ONNX Runtime alone, all its optimizations on, runs the float network, and the same with quantized weights
/// and a QuantizeLinear/DequantizeLinear pair on every tensor on a grid, in floating point.
/// </summary>
internal static class BareRuntime
{
    /// <summary>Seconds for all images, decoding included, from when the session is made.</summary>
    public static double Float(Network network, ImageSet images) => Time(network, network.ToModel(), images);

    /// <summary>The float network whose layers' outputs before their activations are all fetched, as every measurement needs them: nothing can be fused across them.</summary>
    public static double Fetched(Network network, ImageSet images)
    {
        var model = network.ToModel().Clone();
        foreach (var layer in network.Layers)
            if (!model.Graph.Output.Any(output => output.Name == layer.LinearNodes[^1].Output[0])) model.Graph.Output.Add(new ValueInfoProto { Name = layer.LinearNodes[^1].Output[0] });
        return Time(network, model, images);
    }

    /// <inheritdoc cref="Float"/>
    public static double FakeQuantized(Network network, ImageSet images, QuantizationScheme scheme, ActivationRanges ranges)
    {
        var placement = QuantizerPlacement.Of(network, scheme);
        var graph = LayerEditor.Apply(network.Graph, network.Layers.Select(layer => new LayerChange(layer, LayerQuantizer.Weights(layer, scheme).Weights, null)));
        var model = graph.ToModel().Clone();
        if (!model.OpsetImport.Any(set => set.Domain == "com.microsoft")) model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.microsoft", Version = 1 });
        foreach (var (tensor, range) in ranges.ByTensor)
            if (placement.QuantizerOf(tensor, range) is { } quantizer) AddPair(model.Graph, tensor, quantizer);
        return Time(network, model, images);
    }

    private static double Time(Network network, ModelProto model, ImageSet images)
    {
        using var options = new SessionOptions { IntraOpNumThreads = Environment.ProcessorCount, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        options.AddSessionConfigEntry("session.disable_quant_qdq", "1");
        // As in the measurement: on a machine that others use too, threads that spin slow down their own side.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        using var session = new InferenceSession(Google.Protobuf.MessageExtensions.ToByteArray(model), options);
        using var run = new RunOptions();
        var batches = new ImageBatches(network, images);
        using var pool = new TensorPool();
        var watch = Stopwatch.StartNew();
        using var reader = batches.Open(pool, CancellationToken.None);
        for (var batch = 0; batch < batches.Count; batch++)
        {
            using var input = reader.Next();
            using var outputs = session.Run(run, [batches.InputName], [input.Value], session.OutputNames);
        }
        return watch.Elapsed.TotalSeconds;
    }

    private static void AddPair(GraphProto graph, string tensor, Quantizer quantizer)
    {
        var (scale, zero, integers) = (tensor + "//scale", tensor + "//zero", tensor + "//integers");
        graph.Initializer.Add(TensorData.Scalar(scale, quantizer.Scale));
        graph.Initializer.Add(TensorData.Create(zero, [], [(byte)quantizer.ZeroPoint]));
        var producer = graph.Node.FirstOrDefault(node => node.Output.Contains(tensor));
        var (raw, result) = producer is null ? (tensor, tensor + "//quantized") : (tensor + "//raw", tensor);
        if (producer is null)
        {
            foreach (var node in graph.Node)
                for (var index = 0; index < node.Input.Count; index++)
                    if (node.Input[index] == tensor) node.Input[index] = result;
        }
        else
        {
            producer.Output[producer.Output.IndexOf(tensor)] = raw;
        }
        var at = producer is null ? 0 : graph.Node.IndexOf(producer) + 1;
        graph.Node.Insert(at, Node("QuantizeLinear", raw, integers));
        graph.Node.Insert(at + 1, Node("DequantizeLinear", integers, result));

        NodeProto Node(string operation, string from, string to)
        {
            // ONNX Runtime's own, for files older than the standard's.
            var node = new NodeProto { OpType = operation, Domain = "com.microsoft" };
            node.Input.Add([from, scale, zero]);
            node.Output.Add(to);
            return node;
        }
    }
}
