using Microsoft.ML.OnnxRuntime;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Core.Tests;

/// <summary>Runs a whole model once in ONNX Runtime and keeps everything asked for: the slow, plain way that tests compare with.</summary>
internal static class ModelRun
{
    /// <summary>The named tensors for one input batch, each with its shape.</summary>
    public static Dictionary<string, (long[] Shape, float[] Values)> Tensors(
        ModelProto model, float[] input, long[] shape, IEnumerable<string>? tensors = null, bool optimize = true)
    {
        var clone = model.Clone();
        if (tensors is not null)
        {
            clone.Graph.Output.Clear();
            foreach (var name in tensors.Distinct()) clone.Graph.Output.Add(new ValueInfoProto { Name = name });
        }
        using var session = OnnxSession.Create(clone, "model of the test", new SessionSettings(0, !optimize));
        using var value = OrtValue.CreateTensorValueFromMemory(input, shape);
        var outputs = session.Run([value], CancellationToken.None);
        var results = new Dictionary<string, (long[], float[])>();
        for (var index = 0; index < outputs.Count; index++)
        {
            results[session.OutputNames[index]] = (outputs[index].GetTensorTypeAndShape().Shape, outputs[index].GetTensorDataAsSpan<float>().ToArray());
            outputs[index].Dispose();
        }
        return results;
    }

    /// <summary>Largest |a - b| beside the largest |a|.</summary>
    public static double RelativeDifference(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var (scale, difference) = (0.0, 0.0);
        for (var index = 0; index < expected.Length; index++)
        {
            scale = Math.Max(scale, Math.Abs(expected[index]));
            difference = Math.Max(difference, Math.Abs((double)expected[index] - actual[index]));
        }
        // Where nothing but zero is expected, only zero is right.
        return difference == 0 ? 0 : difference / scale;
    }
}
