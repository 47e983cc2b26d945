using Google.Protobuf;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using static QuantNotebooks.Core.Tests.GraphBuilder;

namespace QuantNotebooks.Core.Tests.Networks;

/// <summary>Writes a random network of the pieces that exporters write, in one operator set. Every choice comes from the numbers it is given.</summary>
internal sealed class ZooGraph
{
    public const int Images = 2;

    private readonly int _opset;
    private readonly GraphBuilder _builder;
    private readonly List<long> _shape;
    private Random _random = new(0);
    private string _tensor = "x";
    private int _names;

    private ZooGraph(int spatialAxes, int opset)
    {
        _opset = opset;
        _shape = [Images, 4, .. Enumerable.Repeat(6L, spatialAxes)];
        InputShape = [.. _shape];
        _builder = new GraphBuilder(opset).Input("x", InputShape);
    }

    public long[] InputShape { get; }

    public ModelProto Model => _builder.Model;

    /// <summary>Linear operators with constant weights that must be found as layers.</summary>
    public int Layers { get; private set; }

    /// <summary>The pieces, in order: what a failing case shows.</summary>
    public List<string> Pieces { get; } = [];

    /// <param name="spatialAxes">0 to 3.</param>
    /// <param name="opset">7 to 23.</param>
    /// <param name="pieces">One piece each: which, and its options.</param>
    public static ZooGraph Create(int spatialAxes, int opset, int[] pieces)
    {
        var zoo = new ZooGraph(spatialAxes, opset);
        zoo._random = new Random(opset * 4 + spatialAxes);
        zoo.Linear();
        foreach (var piece in pieces)
        {
            zoo._random = new Random(piece);
            zoo.Piece();
        }
        zoo._builder.Node("Identity", [zoo._tensor], "y").Output("y");
        if (opset < 9) zoo.ListConstantsAmongInputs();
        return zoo;
    }

    private long Channels => _shape[1];

    private int SpatialAxes => _shape.Count - 2;

    private void Piece()
    {
        var before = _tensor;
        switch (_random.Next(12))
        {
            case 0 or 1 or 2: Linear(); break;
            case 3: BatchNormalization(); break;
            case 4: Arithmetic(); break;
            case 5 or 6 or 7: Activation(); break;
            case 8: Residual(); break;
            case 9: Gate(); break;
            case 10: Shape(); break;
            default: Nothing(); break;
        }
        // A tensor that is an output too may not be folded away.
        if (_random.Next(12) == 0 && _tensor != before && _builder.Model.Graph.Output.All(output => output.Name != _tensor)) _builder.Output(_tensor);
    }

    private void Linear()
    {
        if (_shape.Count == 2) Dense();
        else if (_random.Next(6) == 0 && _shape.Count >= 3) ConstantTimesMatrix();
        else if (_random.Next(4) == 0) Transposed();
        else Convolution();
    }

    private void Convolution()
    {
        var groups = _random.Next(3) switch { 0 => 1, 1 => Channels, _ => Channels % 2 == 0 ? 2 : 1 };
        var outputs = groups * _random.Next(1, groups == Channels ? 3 : 4);
        var kernel = _random.Next(1, 4);
        var (stride, dilation) = (_random.Next(1, 3), _random.Next(1, 3));
        var padding = _random.Next(4);
        if (padding is 1 or 2) dilation = 1;
        var reach = (kernel - 1) * dilation + 1;
        // Small maps keep what they have: an empty map tells nothing.
        if (_shape.Skip(2).Any(length => length < reach)) (padding, kernel, reach, dilation, stride) = (0, 1, 1, 1, 1);
        var (begin, end) = padding == 0 ? (_random.Next(2), _random.Next(2)) : (0, 0);
        var attributes = new List<AttributeProto> { Int("group", groups), Ints("strides", Repeat(stride)), Ints("dilations", Repeat(dilation)) };
        attributes.Add(padding switch
        {
            1 => Text("auto_pad", "SAME_UPPER"),
            2 => Text("auto_pad", "SAME_LOWER"),
            3 => Text("auto_pad", "VALID"),
            _ => Ints("pads", [.. Repeat(begin), .. Repeat(end)]),
        });
        var weights = Weights(Channels / groups * (long)Math.Pow(kernel, SpatialAxes), [outputs, Channels / groups, .. Repeat(kernel)]);
        Layer("Conv", weights, outputs, attributes);
        for (var axis = 2; axis < _shape.Count; axis++)
            _shape[axis] = padding is 1 or 2 ? (_shape[axis] + stride - 1) / stride : (_shape[axis] + begin + end - reach) / stride + 1;
        _shape[1] = outputs;
    }

    private void Transposed()
    {
        var groups = Channels % 2 == 0 && _random.Next(2) == 0 ? 2 : 1;
        var perGroup = _random.Next(1, 4);
        var (kernel, stride) = (_random.Next(1, 4), _random.Next(1, 3));
        if (_shape.Skip(2).Any(length => length > 8)) stride = 1;
        var weights = Weights(Channels / groups * (long)Math.Pow(kernel, SpatialAxes), [Channels, perGroup, .. Repeat(kernel)]);
        Layer("ConvTranspose", weights, groups * perGroup, [Int("group", groups), Ints("strides", Repeat(stride))]);
        for (var axis = 2; axis < _shape.Count; axis++) _shape[axis] = (_shape[axis] - 1) * stride + kernel;
        _shape[1] = groups * perGroup;
    }

    private void Layer(string operation, string weights, long outputs, IEnumerable<AttributeProto> attributes)
    {
        var bias = _random.Next(2) == 0 ? Constant(outputs) : null;
        Add(operation, bias is null ? [_tensor, weights] : [_tensor, weights, bias], [.. attributes]);
        Layers++;
    }

    private void Dense()
    {
        var outputs = _random.Next(2, 6);
        if (_random.Next(2) == 0)
        {
            var transposed = _random.Next(2);
            var weights = Weights(Channels, transposed == 1 ? [outputs, Channels] : [Channels, outputs]);
            if (_random.Next(3) == 0)
            {
                Add("Transpose", [_tensor]);
                Gemm(Int("transA", 1));
            }
            else
                Gemm();
            void Gemm(params AttributeProto[] more)
            {
                long[] bias = _random.Next(4) switch { 0 => [outputs], 1 => [1, outputs], 2 => [1], _ => [] };
                Add("Gemm", [_tensor, weights, Constant(bias)], [.. more, Int("transB", transposed), Float("alpha", 0.5f + _random.NextSingle()), Float("beta", _random.Next(2))]);
            }
        }
        else
        {
            // A weight that is turned around in the graph is a weight all the same.
            var weights = _random.Next(3) == 0 ? Add("Transpose", [Weights(Channels, [outputs, Channels])], keepTensor: true) : Weights(Channels, [Channels, outputs]);
            Add("MatMul", [_tensor, weights]);
            if (_random.Next(2) == 0) Add("Add", Either(Constant(_random.Next(2) == 0 ? [outputs] : [1, outputs])));
        }
        Layers++;
        _shape[1] = outputs;
    }

    /// <summary>Mixes the rows of every map: W x with W constant.</summary>
    private void ConstantTimesMatrix()
    {
        var rows = _random.Next(2, 6);
        Add("MatMul", [Weights(_shape[^2], [rows, _shape[^2]]), _tensor]);
        _shape[^2] = rows;
        if (_random.Next(2) == 0) Add("Add", Either(Constant(rows, 1)));
        Layers++;
    }

    private void BatchNormalization()
    {
        string[] parts = [_tensor, Constant(Channels), Constant(Channels), Constant(Channels), Positive(Channels)];
        Add("BatchNormalization", parts, Float("epsilon", 1e-3f));
    }

    private void Arithmetic()
    {
        var operation = (string[])["Mul", "Add", "Sub", "Div"];
        long[] shape = _random.Next(4) switch { 0 => [], 1 => [1], 2 => [Channels, .. Repeat(1)], _ => [1, Channels, .. Repeat(1)] };
        var which = operation[_random.Next(4)];
        var constant = Positive(shape);
        // c / y would leave the range of what can be compared; all other orders are written.
        Add(which, which == "Div" ? [_tensor, constant] : Either(constant));
    }

    private void Activation()
    {
        var x = _tensor;
        switch (_random.Next(14))
        {
            case 0: Add("Relu", [x]); break;
            case 1: Add("LeakyRelu", [x], Float("alpha", _random.NextSingle())); break;
            case 2: Add("PRelu", [x, Positive(_random.Next(2) == 0 ? [1] : [Channels, .. Repeat(1)])]); break;
            case 3: Clip(_random.NextSingle() - 1, _random.NextSingle()); break;
            case 4: Clip(0, 6); break;
            case 5 when _opset >= 8:
                Add("Max", Either(Constant(Channels, [.. Repeat(1)])));
                Add("Min", Either(Positive([])));
                break;
            case 6: Add("Sigmoid", [x]); break;
            case 7: Add("HardSigmoid", [x], Float("alpha", 0.1f + _random.NextSingle())); break;
            case 8:
                Add("Sigmoid", _random.Next(2) == 0 ? [x] : [Add("Mul", Either(Positive([])))]);
                Add("Mul", [x, _tensor]);
                break;
            case 9:
                Add("Add", Either(Scalar(3)));
                Clip(0, 6);
                Add("Mul", [x, _tensor]);
                Add("Div", [_tensor, Scalar(6)]);
                break;
            case 10 when _opset >= 9:
                Add("Div", [x, Scalar(MathF.Sqrt(2))]);
                Add("Erf", [_tensor]);
                Add("Add", Either(Scalar(1)));
                Add("Mul", [x, _tensor]);
                Add("Mul", Either(Scalar(0.5f)));
                break;
            case 11 when _opset >= 14: Add("HardSwish", [x]); break;
            case 12 when _opset >= 20: Add("Gelu", [x]); break;
            default: Add(_random.Next(2) == 0 ? "Tanh" : "Elu", [x]); break;
        }
    }

    private void Clip(float low, float high)
    {
        if (_opset < 11) Add("Clip", [_tensor], Float("min", low), Float("max", high));
        else Add("Clip", [_tensor, Scalar(low), Scalar(high)]);
    }

    private void Residual()
    {
        var start = _tensor;
        if (_shape.Count == 2) Add("Gemm", [_tensor, Weights(Channels, [Channels, Channels]), Constant(Channels)]);
        else Add("Conv", [_tensor, Weights(Channels * 3, [Channels, Channels, .. Repeat(3)])], Ints("pads", Repeat(1, 2)));
        Layers++;
        Add(_random.Next(3) == 0 && _opset >= 8 ? "Max" : "Add", [start, _tensor]);
    }

    private void Gate()
    {
        if (_shape.Count == 2) return;
        var start = _tensor;
        Add("GlobalAveragePool", [_tensor]);
        Add("Conv", [_tensor, Weights(Channels, [Channels, Channels, .. Repeat(1)]), Constant(Channels)]);
        Layers++;
        Add("Sigmoid", [_tensor]);
        Add("Mul", [start, _tensor]);
    }

    private void Shape()
    {
        if (_shape.Count == 2) Add("Softmax", [_tensor], Int("axis", 1));
        else if (_random.Next(2) == 0 && _shape.Skip(2).All(length => length >= 2))
        {
            Add(_random.Next(2) == 0 ? "MaxPool" : "AveragePool", [_tensor], Ints("kernel_shape", Repeat(2)));
            for (var axis = 2; axis < _shape.Count; axis++) _shape[axis]--;
        }
        else
        {
            Add("GlobalAveragePool", [_tensor]);
            Add("Flatten", [_tensor]);
            _shape.RemoveRange(2, _shape.Count - 2);
        }
    }

    private void Nothing()
    {
        if (_random.Next(2) == 0) Add("Identity", [_tensor]);
        else Add("Dropout", [_tensor]);
    }

    private string Add(string operation, string[] inputs, params AttributeProto[] attributes) => Add(operation, inputs, keepTensor: false, attributes);

    private string Add(string operation, string[] inputs, bool keepTensor, params AttributeProto[] attributes)
    {
        var output = $"t{_names++}";
        _builder.Node(operation, inputs, output, attributes);
        Pieces.Add($"{operation}({string.Join(", ", inputs)}) -> {output} [{string.Join(", ", attributes.Select(attribute => attribute.ToString()))}]");
        if (!keepTensor) _tensor = output;
        return output;
    }

    private string[] Either(string constant) => _random.Next(2) == 0 ? [_tensor, constant] : [constant, _tensor];

    private long[] Repeat(long value, int times = 1) => [.. Enumerable.Repeat(value, SpatialAxes * times)];

    private string Weights(long fanIn, long[] shape) => Filled(shape, () => (float)((_random.NextDouble() * 2 - 1) * 1.7 / Math.Sqrt(fanIn)));

    private string Constant(params long[] shape) => Filled(shape, () => _random.NextSingle() * 2 - 1);

    private string Constant(long channels, long[] rest) => Constant([channels, .. rest]);

    private string Positive(params long[] shape) => Filled(shape, () => _random.NextSingle() + 0.5f);

    private string Scalar(float value) => Filled(_random.Next(2) == 0 ? [] : [1], () => value);

    private string Filled(long[] shape, Func<float> value)
    {
        var name = $"c{_names++}";
        var values = new float[shape.Aggregate(1L, (product, length) => product * length)];
        for (var index = 0; index < values.Length; index++) values[index] = value();
        _builder.Constant(name, shape, values);
        return name;
    }

    private static AttributeProto Text(string name, string value) => new() { Name = name, S = ByteString.CopyFromUtf8(value), Type = AttributeProto.Types.AttributeType.String };

    /// <summary>As files of version 3 have it.</summary>
    private void ListConstantsAmongInputs()
    {
        Model.IrVersion = 3;
        foreach (var tensor in Model.Graph.Initializer)
        {
            var type = new TypeProto.Types.Tensor { ElemType = tensor.DataType, Shape = new TensorShapeProto() };
            foreach (var length in tensor.Dims) type.Shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = length });
            Model.Graph.Input.Add(new ValueInfoProto { Name = tensor.Name, Type = new TypeProto { TensorType = type } });
        }
    }
}
