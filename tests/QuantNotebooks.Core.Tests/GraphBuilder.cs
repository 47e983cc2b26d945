using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Core.Tests;

/// <summary>Writes small ONNX models for tests.</summary>
internal sealed class GraphBuilder
{
    private readonly ModelProto _model = new() { IrVersion = 8, Graph = new GraphProto { Name = "test" } };
    private readonly Random _random = new(1);

    public GraphBuilder(int opset = 17) => _model.OpsetImport.Add(new OperatorSetIdProto { Version = opset });

    public ModelProto Model => _model;

    public GraphBuilder Input(string name, params long[] shape)
    {
        _model.Graph.Input.Add(Value(name, shape));
        return this;
    }

    public GraphBuilder Output(string name)
    {
        _model.Graph.Output.Add(new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float } },
        });
        return this;
    }

    public GraphBuilder Constant(string name, long[] shape, params float[] values)
    {
        _model.Graph.Initializer.Add(TensorData.Create(name, shape, values));
        return this;
    }

    /// <summary>A constant of 64-bit integers with one axis: a shape, axes, indices.</summary>
    public GraphBuilder Integers(string name, params long[] values)
    {
        var tensor = new TensorProto { Name = name, DataType = (int)TensorProto.Types.DataType.Int64 };
        tensor.Dims.Add(values.Length);
        tensor.Int64Data.AddRange(values);
        _model.Graph.Initializer.Add(tensor);
        return this;
    }

    public GraphBuilder RandomConstant(string name, params long[] shape)
    {
        var values = new float[shape.Aggregate(1L, (product, dimension) => product * dimension)];
        for (var index = 0; index < values.Length; index++) values[index] = (float)(_random.NextDouble() * 2 - 1);
        return Constant(name, shape, values);
    }

    public GraphBuilder Node(string operation, string[] inputs, string output, params AttributeProto[] attributes) =>
        Node(operation, inputs, [output], attributes);

    public GraphBuilder Node(string operation, string[] inputs, string[] outputs, params AttributeProto[] attributes)
    {
        var node = new NodeProto { OpType = operation, Name = operation + "/" + outputs[0] };
        node.Input.AddRange(inputs);
        node.Output.AddRange(outputs);
        node.Attribute.AddRange(attributes);
        _model.Graph.Node.Add(node);
        return this;
    }

    public Network Load(LoadOptions? options = null) => Network.FromModel(_model, new NetworkFacts("test", "test.onnx"), options ?? LoadOptions.Default);

    public static AttributeProto Int(string name, long value) => new() { Name = name, I = value, Type = AttributeProto.Types.AttributeType.Int };

    public static AttributeProto Float(string name, float value) => new() { Name = name, F = value, Type = AttributeProto.Types.AttributeType.Float };

    public static AttributeProto Text(string name, string value) =>
        new() { Name = name, S = Google.Protobuf.ByteString.CopyFromUtf8(value), Type = AttributeProto.Types.AttributeType.String };

    public static AttributeProto Ints(string name, params long[] values)
    {
        var attribute = new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        attribute.Ints.AddRange(values);
        return attribute;
    }

    private static ValueInfoProto Value(string name, long[] shape)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float, Shape = new TensorShapeProto() };
        foreach (var dimension in shape)
            tensor.Shape.Dim.Add(dimension > 0
                ? new TensorShapeProto.Types.Dimension { DimValue = dimension }
                : new TensorShapeProto.Types.Dimension { DimParam = "N" });
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }
}
