using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Benchmarks;

/// <summary>MobileNet v2 of width 1.0 for 224x224 images (arXiv 1801.04381, table 2) with random weights, and random images for it.</summary>
internal sealed class MobileNetV2
{
    private readonly ModelProto _model = new() { IrVersion = 8, Graph = new GraphProto { Name = "mobilenet-v2-224" } };
    private readonly Random _random = new(0);
    private int _count;

    public static Network Create()
    {
        var writer = new MobileNetV2();
        writer.Write();
        return writer.Load("mobilenet-v2-224-random");
    }

    /// <summary>The same kind of network with that many blocks alike, of three layers each, on maps of 56x56: so that its cost is in proportion to its layers.</summary>
    public static Network Stack(int blocks)
    {
        var writer = new MobileNetV2();
        writer.Begin();
        var tensor = writer.Conv("x", 3, 16, 3, 4, 1, true);
        for (var block = 0; block < blocks; block++) tensor = writer.Block(tensor, 16, 16, 6, 1);
        writer._model.Graph.Output.Add(new ValueInfoProto { Name = writer.Node("GlobalAveragePool", [tensor]) });
        return writer.Load($"{blocks} blocks");
    }

    public static ImageSet Images(int count) => new("random", "random", new RandomImages(count));

    private Network Load(string name)
    {
        var preprocessing = new Preprocessing { Channels = ChannelOrder.Rgb, Size = new ImageSize(224, 224), Scale = 1 / 255.0, Mean = [0.5], Std = [0.5] };
        var facts = new NetworkFacts(name, name + ".onnx") { Task = new TaskDescription(new InputDescription("x", preprocessing), new NoTask()) };
        return Network.FromModel(_model, facts, LoadOptions.Default);
    }

    private void Begin()
    {
        _model.OpsetImport.Add(new OperatorSetIdProto { Version = 13 });
        var shape = new TensorShapeProto();
        shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimParam = "N" });
        foreach (var length in (long[])[3, 224, 224]) shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = length });
        _model.Graph.Input.Add(new ValueInfoProto { Name = "x", Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = 1, Shape = shape } } });
        _model.Graph.Initializer.Add(TensorData.Scalar("zero", 0));
        _model.Graph.Initializer.Add(TensorData.Scalar("six", 6));
    }

    private void Write()
    {
        Begin();
        var (tensor, channels) = (Conv("x", 3, 32, 3, 2, 1, true), 32);
        foreach (var (expansion, width, repeats, stride) in ((int, int, int, int)[])[(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)])
            for (var repeat = 0; repeat < repeats; repeat++)
            {
                tensor = Block(tensor, channels, width, expansion, repeat == 0 ? stride : 1, adds: repeat > 0);
                channels = width;
            }
        tensor = Node("Flatten", [Node("GlobalAveragePool", [Conv(tensor, channels, 1280, 1, 1, 1, true)])]);
        tensor = Node("Gemm", [tensor, Weights([1280, 1000], 1280), Weights([1000], 100)]);
        _model.Graph.Output.Add(new ValueInfoProto { Name = tensor });
    }

    private string Block(string input, int channels, int width, int expansion, int stride, bool adds = true)
    {
        var hidden = channels * expansion;
        var inner = expansion == 1 ? input : Conv(input, channels, hidden, 1, 1, 1, true);
        inner = Conv(inner, hidden, hidden, 3, stride, hidden, true);
        inner = Conv(inner, hidden, width, 1, 1, 1, false);
        return adds ? Node("Add", [input, inner]) : inner;
    }

    private string Conv(string input, int from, int to, int size, int stride, int groups, bool clips)
    {
        var inputs = from / groups * size * size;
        var made = Node("Conv", [input, Weights([to, from / groups, size, size], inputs), Weights([to], 100)],
            Ints("kernel_shape", size, size), Ints("strides", stride, stride), Ints("pads", size / 2, size / 2, size / 2, size / 2),
            new AttributeProto { Name = "group", I = groups, Type = AttributeProto.Types.AttributeType.Int });
        return clips ? Node("Clip", [made, "zero", "six"]) : made;
    }

    // He's initialization (arXiv 1502.01852): activations keep their size from layer to layer.
    private string Weights(long[] shape, int inputs)
    {
        var values = new float[shape.Aggregate(1L, (product, length) => product * length)];
        for (var index = 0; index < values.Length; index++)
            values[index] = (float)(Math.Sqrt(2.0 / inputs) * Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble()));
        var name = $"w{_count++}";
        _model.Graph.Initializer.Add(TensorData.Create(name, shape, values));
        return name;
    }

    private string Node(string operation, string[] inputs, params AttributeProto[] attributes)
    {
        var node = new NodeProto { OpType = operation, Name = $"{operation}{_count++}" };
        node.Input.AddRange(inputs);
        node.Output.Add(node.Name + "/out");
        node.Attribute.AddRange(attributes);
        _model.Graph.Node.Add(node);
        return node.Output[0];
    }

    private static AttributeProto Ints(string name, params long[] values)
    {
        var attribute = new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        attribute.Ints.AddRange(values);
        return attribute;
    }

    private sealed class RandomImages(int count) : IImageSource
    {
        public int Count => count;

        public ImageShape? CommonShape => new ImageShape(224, 224, 3);

        public ImageAnnotations Annotations => ImageAnnotations.None;

        public string NameOf(int index) => $"image {index}";

        public Image Decode(int index)
        {
            var pixels = new byte[224 * 224 * 3];
            new Random(index).NextBytes(pixels);
            return new Image(224, 224, 3, pixels);
        }
    }
}
