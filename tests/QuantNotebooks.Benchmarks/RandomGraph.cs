using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Benchmarks;

/// <summary>Writes networks for 224x224 images with random weights, and random images for them.</summary>
internal sealed class RandomGraph
{
    private readonly ModelProto _model = new() { IrVersion = 8, Graph = new GraphProto { Name = "random" } };
    private readonly Random _random = new(0);
    private int _count;

    public static ImageSet Images(int count) => new("random", "random", new RandomImages(count));

    public RandomGraph()
    {
        _model.OpsetImport.Add(new OperatorSetIdProto { Version = 13 });
        var shape = new TensorShapeProto();
        shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimParam = "N" });
        foreach (var length in (long[])[3, 224, 224]) shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = length });
        _model.Graph.Input.Add(new ValueInfoProto { Name = "x", Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = 1, Shape = shape } } });
        _model.Graph.Initializer.Add(TensorData.Scalar("zero", 0));
        _model.Graph.Initializer.Add(TensorData.Scalar("six", 6));
    }

    /// <summary>The network, whose output is that tensor.</summary>
    public Network Load(string name, string output)
    {
        _model.Graph.Output.Add(new ValueInfoProto { Name = output });
        var preprocessing = new Preprocessing { Channels = ChannelOrder.Rgb, Size = new ImageSize(224, 224), Scale = 1 / 255.0, Mean = [0.5], StandardDeviation = [0.5] };
        var facts = new NetworkFacts(name, name + ".onnx") { Task = new TaskDescription(new InputDescription("x", preprocessing), new NoTask()) };
        return Network.FromModel(_model, facts, LoadOptions.Default);
    }

    public string Conv(string input, int from, int to, int size, int stride, int groups, string? activation = null)
    {
        var inputs = from / groups * size * size;
        var made = Node("Conv", [input, Weights([to, from / groups, size, size], inputs), Weights([to], 100)],
            Ints("kernel_shape", size, size), Ints("strides", stride, stride), Ints("pads", size / 2, size / 2, size / 2, size / 2),
            new AttributeProto { Name = "group", I = groups, Type = AttributeProto.Types.AttributeType.Int });
        return activation switch
        {
            null => made,
            "Clip" => Node("Clip", [made, "zero", "six"]),
            _ => Node(activation, [made]),
        };
    }

    // He's initialization (arXiv 1502.01852): activations keep their size from layer to layer.
    public string Weights(long[] shape, int inputs)
    {
        var values = new float[shape.Aggregate(1L, (product, length) => product * length)];
        for (var index = 0; index < values.Length; index++)
            values[index] = (float)(Math.Sqrt(2.0 / inputs) * Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble()));
        var name = $"w{_count++}";
        _model.Graph.Initializer.Add(TensorData.Create(name, shape, values));
        return name;
    }

    public string Node(string operation, string[] inputs, params AttributeProto[] attributes)
    {
        var node = new NodeProto { OpType = operation, Name = $"{operation}{_count++}" };
        node.Input.AddRange(inputs);
        node.Output.Add(node.Name + "/out");
        node.Attribute.AddRange(attributes);
        _model.Graph.Node.Add(node);
        return node.Output[0];
    }

    public static AttributeProto Ints(string name, params long[] values)
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
