using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using DataType = QuantNotebooks.Onnx.Schema.TensorProto.Types.DataType;

namespace QuantNotebooks.Core.Tests.Networks;

/// <summary>A float16 network is read as float32: the same weights, and the function within what float16 permits.</summary>
public sealed class Float16Tests
{
    private static readonly long[] Shape = [4, 1, 32, 32];

    private static float[] Input { get; } = [.. Enumerable.Range(0, 4 * 1024).Select(value => (float)(Half)MathF.Sin(value * 0.05f))];

    /// <summary>ResNet-14 as converters to float16 write it: whole, or with float32 at its borders.</summary>
    private static ModelProto Halved(bool castsAtBorders)
    {
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(TestData.PathOf(TestData.ResNet14)));
        foreach (var tensor in model.Graph.Initializer.Where(tensor => tensor.DataType == (int)DataType.Float))
        {
            var halves = Array.ConvertAll(TensorData.Floats(TensorData.ToRawFloats(tensor)!).ToArray(), value => (Half)value);
            tensor.DataType = (int)DataType.Float16;
            tensor.FloatData.Clear();
            tensor.RawData = ByteString.CopyFrom(System.Runtime.InteropServices.MemoryMarshal.AsBytes(halves.AsSpan()));
        }
        model.Graph.ValueInfo.Clear();
        if (!castsAtBorders)
        {
            foreach (var value in model.Graph.Input.Concat(model.Graph.Output)) value.Type.TensorType.ElemType = (int)DataType.Float16;
            return model;
        }
        foreach (var node in model.Graph.Node)
        {
            for (var index = 0; index < node.Input.Count; index++)
                if (node.Input[index] == "input") node.Input[index] = "input16";
            for (var index = 0; index < node.Output.Count; index++)
                if (node.Output[index] == "logits") node.Output[index] = "logits16";
        }
        model.Graph.Node.Insert(0, Cast("input", "input16", DataType.Float16));
        model.Graph.Node.Add(Cast("logits16", "logits", DataType.Float));
        return model;
    }

    private static NodeProto Cast(string from, string to, DataType type)
    {
        var node = new NodeProto { OpType = "Cast", Name = to };
        node.Input.Add(from);
        node.Output.Add(to);
        node.Attribute.Add(GraphBuilder.Int("to", (int)type));
        return node;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void It_is_analysed_in_float32(bool castsAtBorders)
    {
        var model = Halved(castsAtBorders);
        var network = Network.FromModel(model, new NetworkFacts("half", "half.onnx"), LoadOptions.Default);
        Assert.True(network.WasFloat16);
        Assert.Contains("float16 turned into float32", Assert.Single(network.History).Settings, StringComparison.Ordinal);
        // Only the cast that gives the output its name is left.
        Assert.All(network.Graph.Nodes.Where(node => node.OpType == "Cast"), node => Assert.Equal("logits", node.Output[0]));
        Assert.Equal(TestData.Load(TestData.ResNet14).Layers.Select(layer => layer.ToString()), network.Layers.Select(layer => layer.ToString()));
        ModelChecker.Check(network.ToModel());
        var actual = ModelRun.Tensors(network.ToModel(), Input, Shape)["logits"].Values;
        // Ten layers of float16's 2^-11.
        Assert.InRange(ModelRun.RelativeDifference(castsAtBorders ? ModelRun.Tensors(model, Input, Shape)["logits"].Values : HalfLogits(model), actual), 1e-7, 1e-2);
    }

    [Fact]
    public void Values_of_float16_are_exact_in_float32()
    {
        // Every finite float16, in both of the fields that a file can hold it in.
        var halves = Enumerable.Range(0, 1 << 16).Select(bits => BitConverter.UInt16BitsToHalf((ushort)bits)).Where(Half.IsFinite).ToArray();
        var raw = new TensorProto { DataType = (int)DataType.Float16, RawData = ByteString.CopyFrom(System.Runtime.InteropServices.MemoryMarshal.AsBytes(halves.AsSpan())) };
        var listed = new TensorProto { DataType = (int)DataType.Float16 };
        listed.Int32Data.AddRange(halves.Select(value => (int)BitConverter.HalfToUInt16Bits(value)));
        foreach (var tensor in new[] { raw, listed })
            Assert.Equal(Array.ConvertAll(halves, value => (float)value), TensorData.Floats(TensorData.ToRawFloats(tensor)!).ToArray());
    }

    private static float[] HalfLogits(ModelProto model)
    {
        using var session = OnnxSession.Create(model, "float16 model of the test");
        using var input = OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(Input, value => (Float16)value), Shape);
        using var output = session.Run([input], CancellationToken.None)[0];
        return Array.ConvertAll(output.GetTensorDataAsSpan<Float16>().ToArray(), value => (float)value);
    }
}
