using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using QuantNotebooks.Export;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Core.Tests.Export;

/// <summary>Runs exported files in ONNX Runtime and puts what they give beside the simulation.</summary>
internal static class IntegerEngine
{
    /// <param name="model">The exported model.</param>
    /// <param name="precise">Whether kernels that saturate on processors without VNNI are replaced by ones that don't.</param>
    /// <param name="fused">Whether QuantizeLinear and DequantizeLinear are fused into integer kernels; else every node runs in floating point.</param>
    public static InferenceSession Session(ModelProto model, bool precise, bool fused = true)
    {
        using var options = new SessionOptions
        {
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
            GraphOptimizationLevel = fused ? GraphOptimizationLevel.ORT_ENABLE_ALL : GraphOptimizationLevel.ORT_DISABLE_ALL,
        };
        if (precise) options.AddSessionConfigEntry("session.x64quantprecision", "1");
        return new InferenceSession(model.ToByteArray(), options);
    }

    public static Agreement Compare(
        Network network, QuantizationScheme scheme, ActivationRanges ranges, ImageSet images, bool precise, bool fused = true, QdqOptions? options = null)
    {
        var name = network.Graph.Outputs[0].Name;
        var placement = QuantizerPlacement.Of(network, scheme);
        var batches = new ImageBatches(network, images, 50);
        using var pool = new TensorPool();
        using var reader = batches.Open(pool, CancellationToken.None);
        using var simulation = new QuantizedInference(network, scheme, ranges, batches.InputName, pool);
        using var engine = Session(network.ToQdq(scheme, ranges, options ?? QdqOptions.Default).Model, precise, fused);
        using var run = new RunOptions();
        var (same, within, values, largest, largestValue) = (0, 0L, 0L, 0.0, 0.0);
        for (var batch = 0; batch < batches.Count; batch++)
        {
            var input = reader.Next();
            using var outputs = engine.Run(run, [batches.InputName], [input.Value], [name]);
            var integers = outputs[0].GetTensorDataAsSpan<float>().ToArray();
            using var expected = simulation.Run(input, CancellationToken.None);
            var simulated = expected.Floats;
            var width = integers.Length / batches.ImagesIn(batch);
            // An output that is not on a grid, such as a softmax, is compared in hundredths.
            var step = placement.Tensors.Contains(name) && placement.QuantizerOf(name, ranges.Of(name, network)) is { } grid ? grid.Scale : 0.01;
            for (var index = 0; index < integers.Length; index++)
            {
                var difference = Math.Abs((double)integers[index] - simulated[index]) / step;
                if (difference < 2.001) within++;
                largest = Math.Max(largest, difference);
                largestValue = Math.Max(largestValue, Math.Abs(simulated[index]));
            }
            values += integers.Length;
            for (var image = 0; image < batches.ImagesIn(batch); image++)
                if (IndexOfMax(integers.AsSpan(image * width, width)) == IndexOfMax(simulated.Slice(image * width, width))) same++;
        }
        Assert.True(largestValue > 0);
        return new Agreement((double)same / images.Count, (double)within / values, largest);
    }

    private static int IndexOfMax(ReadOnlySpan<float> values) => System.Numerics.Tensors.TensorPrimitives.IndexOfMax(values);

    internal sealed record Agreement(double SameClass, double WithinTwoSteps, double LargestInSteps);
}
