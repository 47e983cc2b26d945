using Microsoft.ML.OnnxRuntime;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Training.Gradients;

namespace QuantNotebooks.Training.Tests.Gradients;

/// <summary>
/// Checks one operator's gradient rule: what ONNX Runtime gives for the written graph, against central differences of the scalar reference in
/// double precision. The loss is the sum of all outputs, each element times a random number, so that every element's gradient takes part.
/// </summary>
internal sealed class NodeCheck
{
    private readonly NodeProto _node = new();
    private readonly List<(string Name, long[] Shape, float[] Values, bool Differentiated)> _floats = [];
    private readonly List<TensorProto> _constants = [];
    private readonly Random _random;

    public NodeCheck(string operation, int seed = 1, int opset = 20)
    {
        _node.OpType = operation;
        _node.Name = "checked";
        _random = new Random(seed);
        Opset = opset;
    }

    private int Opset { get; }

    /// <summary>An input with random values; its gradient is checked.</summary>
    public NodeCheck Input(long[] shape, double from = -2, double to = 2)
    {
        var values = new float[Doubles.Size(shape)];
        for (var index = 0; index < values.Length; index++) values[index] = (float)(from + (to - from) * _random.NextDouble());
        return Add(shape, values, differentiated: true);
    }

    /// <summary>An input of given values whose gradient is not asked for.</summary>
    public NodeCheck Fixed(long[] shape, params float[] values) => Add(shape, values, differentiated: false);

    public NodeCheck Integers(params long[] values)
    {
        var tensor = new TensorProto { Name = "i" + _node.Input.Count, DataType = (int)TensorProto.Types.DataType.Int64 };
        tensor.Dims.Add(values.Length);
        tensor.Int64Data.AddRange(values);
        _constants.Add(tensor);
        _node.Input.Add(tensor.Name);
        return this;
    }

    /// <summary>An input that stands in the file: one axis of numbers.</summary>
    public NodeCheck Constant(params float[] values)
    {
        var tensor = TensorData.Create("c" + _node.Input.Count, [values.Length], values);
        _constants.Add(tensor);
        _node.Input.Add(tensor.Name);
        return this;
    }

    public NodeCheck Absent()
    {
        _node.Input.Add("");
        return this;
    }

    public NodeCheck With(params AttributeProto[] attributes)
    {
        _node.Attribute.AddRange(attributes);
        return this;
    }

    public void Run(int outputs = 1, double tolerance = 1e-3)
    {
        for (var output = 0; output < outputs; output++) _node.Output.Add("y" + output);
        var forward = StaticGraph.Of(Graph.From(Model(), "test"), _floats.ToDictionary(input => input.Name, input => input.Shape), "test");
        var weights = Enumerable.Range(0, outputs).Select(output =>
        {
            long[] shape = [.. forward.Tensor("y" + output).Shape];
            return Doubles.Fill(shape, _ => (float)(_random.NextDouble() + 0.5));
        }).ToArray();
        var (loss, gradients) = Written(weights);

        Assert.Equal(Loss(null, 0, 0, weights), loss, 1e-4 * Math.Max(1, Math.Abs(loss)));
        foreach (var (name, shape, values, _) in _floats.Where(input => input.Differentiated))
        {
            var expected = new double[values.Length];
            const double step = 1e-5;
            for (var index = 0; index < values.Length; index++)
                expected[index] = (Loss(name, index, step, weights) - Loss(name, index, -step, weights)) / (2 * step);
            var scale = expected.Max(Math.Abs);
            var actual = gradients[name];
            Assert.Equal(expected.Length, actual.Length);
            for (var index = 0; index < expected.Length; index++)
                Assert.True(
                    Math.Abs(expected[index] - actual[index]) <= tolerance * Math.Max(Math.Abs(expected[index]), 0.1 * scale),
                    $"{_node.OpType}, gradient of {name} at {index} of [{string.Join(", ", shape)}]: expected {expected[index]}, got {actual[index]}");
        }
    }

    private NodeCheck Add(long[] shape, float[] values, bool differentiated)
    {
        _floats.Add(("x" + _node.Input.Count, shape, values, differentiated));
        _node.Input.Add("x" + _node.Input.Count);
        return this;
    }

    private ModelProto Model()
    {
        var builder = new GraphBuilder(Opset);
        foreach (var (name, shape, _, _) in _floats) builder.Input(name, shape);
        foreach (var output in _node.Output) builder.Output(output);
        builder.Model.Graph.Initializer.AddRange(_constants);
        builder.Model.Graph.Node.Add(_node);
        return builder.Model;
    }

    /// <summary>The loss and its gradients as ONNX Runtime computes them.</summary>
    private (double Loss, Dictionary<string, float[]> Gradients) Written(Doubles[] weights)
    {
        var graph = StaticGraph.Of(Graph.From(Model(), "test"), _floats.ToDictionary(input => input.Name, input => input.Shape), "test");
        var targets = _floats.Where(input => input.Differentiated).Select(input => input.Name).ToArray();
        var emit = new NodeEmitter();
        var seeds = weights.Select((weight, output) => ("y" + output, emit.Constant(Array.ConvertAll(weight.Values, value => (float)value), [.. weight.Shape])));
        var gradients = ReverseMode.Differentiate(graph, emit, seeds.ToArray(), targets);
        var written = ReverseMode.ToModel(
            graph, emit, _floats.Select(input => graph.Tensor(input.Name)), [.. _node.Output, .. gradients.Select(gradient => gradient.Name)]);

        using var session = OnnxSession.Create(written, "written gradient");
        var given = session.InputNames.Select(name => _floats.Single(input => input.Name == name))
            .Select(input => OrtValue.CreateTensorValueFromMemory(input.Values, input.Shape)).ToArray();
        var results = session.Run(given, CancellationToken.None);
        var values = session.OutputNames.Zip(results).ToDictionary(pair => pair.First, pair => pair.Second.GetTensorDataAsSpan<float>().ToArray());
        foreach (var result in results.Concat(given)) result.Dispose();
        var loss = weights.Select((weight, output) => weight.Values.Zip(values["y" + output], (one, other) => one * other).Sum()).Sum();
        return (loss, targets.Zip(gradients).ToDictionary(pair => pair.First, pair => values[pair.Second.Name]));
    }

    /// <summary>The loss of the scalar reference, with one element of one input moved.</summary>
    private double Loss(string? moved, int at, double by, Doubles[] weights)
    {
        var inputs = _node.Input.Select(name => _constants.FirstOrDefault(tensor => tensor.Name == name) is { } constant
            ? new Doubles([.. constant.Dims], TensorData.IsFloat(constant) ? Array.ConvertAll(TensorData.Floats(constant).ToArray(), value => (double)value) : [.. constant.Int64Data.Select(value => (double)value)])
            : _floats.FirstOrDefault(input => input.Name == name) is { Name: not null } found ? Values(found) : null).ToArray();
        var sum = 0.0;
        for (var output = 0; output < weights.Length; output++)
        {
            var result = ScalarReference.Run(_node, inputs, weights[output].Shape, output);
            for (var index = 0; index < result.Values.Length; index++) sum += result.Values[index] * weights[output].Values[index];
        }
        return sum;

        Doubles Values((string Name, long[] Shape, float[] Values, bool) input)
        {
            var values = Array.ConvertAll(input.Values, value => (double)value);
            if (input.Name == moved) values[at] += by;
            return new Doubles(input.Shape, values);
        }
    }
}
