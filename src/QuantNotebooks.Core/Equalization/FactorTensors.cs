using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Equalization;

/// <summary>
/// For every tensor that a network computes from one image its shape, the integers in it, and the factor of each of its elements. NaN marks an element that is
/// zero in both networks, whose factor may be anything.
/// </summary>
internal sealed class FactorTensors : IDisposable
{
    /// <summary>Factors found by dividing float32 weights are right to a few roundings a layer.</summary>
    public const double Tolerance = 1e-4;

    private readonly Dictionary<string, (long[] Shape, bool IsFloat)> _tensors;
    private readonly Dictionary<string, BatchTensor> _integers;
    private readonly Dictionary<string, float[]> _factors = [];
    private readonly TensorPool _pool;

    private FactorTensors(Dictionary<string, (long[] Shape, bool IsFloat)> tensors, Dictionary<string, BatchTensor> integers, TensorPool pool) =>
        (_tensors, _integers, _pool) = (tensors, integers, pool);

    public int ScaledTensors { get; private set; }

    /// <summary>Runs the network once on the first image.</summary>
    public static FactorTensors Of(Network network, ImageSet? images, CancellationToken cancellation)
    {
        var pool = new TensorPool();
        var model = network.ToModel();
        model.Graph.Output.Clear();
        foreach (var name in network.Graph.Nodes.SelectMany(node => node.Output).Where(name => name.Length > 0)) model.Graph.Output.Add(new ValueInfoProto { Name = name });
        using var session = OnnxSession.Create(model, network.Name, new SessionSettings(0, Unoptimized: true), cancellation);
        using var input = Input(network, images, pool, cancellation);
        var tensors = new Dictionary<string, (long[] Shape, bool IsFloat)> { [session.InputNames[0]] = (input.Shape, true) };
        var integers = new Dictionary<string, BatchTensor>();
        var outputs = session.Run([input.Value], cancellation);
        for (var index = 0; index < outputs.Count; index++)
        {
            var (name, value) = (session.OutputNames[index], BatchTensor.Own(outputs[index]));
            tensors[name] = (value.Shape, value.IsFloat);
            if (value.IsFloat) value.Dispose();
            else integers[name] = value;
        }
        var factors = new FactorTensors(tensors, integers, pool);
        factors.SetOne(session.InputNames[0]);
        return factors;
    }

    private static BatchTensor Input(Network network, ImageSet? images, TensorPool pool, CancellationToken cancellation)
    {
        if (images is not null)
        {
            var batches = new ImageBatches(network, images.Take(1));
            return batches.Read(0, pool, cancellation);
        }
        if (network.Graph.Inputs.Length != 1) throw new QuantNotebooksException($"'{network.Name}' has {network.Graph.Inputs.Length} inputs: give images to check its structure.");
        var dimensions = network.Graph.Inputs[0].Type?.TensorType?.Shape?.Dim.Select(dimension => Math.Max(1, dimension.DimValue)).ToArray() ?? [];
        var zeros = BatchTensor.Create(pool, dimensions);
        zeros.Floats.Clear();
        return zeros;
    }

    public bool IsFloat(string tensor) => _tensors.TryGetValue(tensor, out var value) && value.IsFloat;

    public long[] Shape(string tensor) => _tensors[tensor].Shape;

    public float[] Factors(string tensor) => _factors[tensor];

    public bool IsOne(string tensor) => Array.TrueForAll(_factors[tensor], IsOne);

    public static bool IsOne(float factor) => float.IsNaN(factor) || Math.Abs(factor - 1) <= Tolerance;

    public static bool Same(float one, float other) => float.IsNaN(one) || float.IsNaN(other) || Math.Abs(one - other) <= Tolerance * Math.Abs(one);

    public void SetOne(string tensor)
    {
        var factors = new float[Count(Shape(tensor))];
        Array.Fill(factors, 1);
        _factors[tensor] = factors;
    }

    /// <summary>Takes the array over and notes the factors; what is 1 but for rounding becomes 1.</summary>
    public void Set(string tensor, float[] factors)
    {
        // x hardsigmoid(x) and its like multiply a factor by itself: rounding would double from layer to layer.
        foreach (ref var factor in factors.AsSpan())
            if (Math.Abs(factor - 1) <= Tolerance / 10) factor = 1;
        if (!Array.TrueForAll(factors, IsOne)) ScaledTensors++;
        _factors[tensor] = factors;
    }

    /// <summary>Forgets the factors of a tensor that nothing will read any more: for large images they are as large as all activations.</summary>
    public void Release(string tensor) => _factors.Remove(tensor);

    /// <summary>The factor of each channel of a tensor, or null where one channel has several.</summary>
    public float[]? PerChannel(string tensor, int axis)
    {
        var (shape, factors) = (Shape(tensor), Factors(tensor));
        if (axis < 0) axis += shape.Length;
        var channels = new float[shape[axis]];
        Array.Fill(channels, float.NaN);
        var inner = (int)Count(shape.AsSpan(axis + 1));
        for (var index = 0; index < factors.Length; index++)
        {
            ref var channel = ref channels[index / inner % channels.Length];
            if (!Same(channel, factors[index])) return null;
            if (float.IsNaN(channel)) channel = factors[index];
        }
        return channels;
    }

    /// <summary>A tensor whose channels have these factors.</summary>
    public void SetPerChannel(string tensor, int axis, float[] channels)
    {
        var shape = Shape(tensor);
        if (axis < 0) axis += shape.Length;
        var factors = new float[Count(shape)];
        var inner = (int)Count(shape.AsSpan(axis + 1));
        for (var index = 0; index < factors.Length; index++) factors[index] = channels[index / inner % channels.Length];
        Set(tensor, factors);
    }

    /// <summary>Sends the factors of a node's float inputs through the node itself; only for nodes that move elements.</summary>
    public void Move(Graph graph, NodeProto node)
    {
        var names = node.Input.Where(name => name.Length > 0 && graph.Constant(name) is null).Distinct().ToArray();
        var inputs = Array.ConvertAll(names, name => IsFloat(name) ? Copy(name) : _integers[name]);
        using var runner = new NodeRunner(graph, [node], [.. node.Output.Where(name => name.Length > 0)], _pool, new SessionSettings(1, Unoptimized: true), shapesFollowInputs: false);
        var ordered = runner.Inputs.Select(name => inputs[Array.IndexOf(names, name)]).ToArray();
        var outputs = runner.Run(ordered, CancellationToken.None);
        for (var index = 0; index < outputs.Length; index++)
        {
            Set(node.Output[index], outputs[index].Floats.ToArray());
            outputs[index].Dispose();
        }
        for (var index = 0; index < names.Length; index++)
            if (IsFloat(names[index])) inputs[index].Dispose();
    }

    public static long Count(ReadOnlySpan<long> shape)
    {
        var count = 1L;
        foreach (var size in shape) count *= size;
        return count;
    }

    public void Dispose()
    {
        foreach (var value in _integers.Values) value.Dispose();
        _pool.Dispose();
    }

    private BatchTensor Copy(string name)
    {
        var tensor = BatchTensor.Create(_pool, Shape(name));
        Factors(name).CopyTo(tensor.Floats);
        return tensor;
    }
}
