using System.Collections.Frozen;
using System.Collections.Immutable;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>One axis of a tensor.</summary>
/// <param name="Size">Its length, or -1 where the graph alone does not tell.</param>
/// <param name="Symbol">The name of an unknown length: equal names mean equal lengths.</param>
internal readonly record struct Dimension(long Size, string Symbol)
{
    public bool IsKnown => Size >= 0;

    public bool IsSurelyEqual(Dimension other) => IsKnown ? Size == other.Size : !other.IsKnown && Symbol.Length > 0 && Symbol == other.Symbol;
}

/// <summary>The shapes of a graph's float32 tensors as far as they can be told without running it, inferred by ONNX Runtime.</summary>
internal sealed class TensorShapes
{
    private readonly FrozenDictionary<string, ImmutableArray<Dimension>> _shapes;

    private TensorShapes(FrozenDictionary<string, ImmutableArray<Dimension>> shapes) => _shapes = shapes;

    /// <summary>For <see cref="Network.Shapes"/>, which keeps them.</summary>
    public static TensorShapes Of(Network network) => Of(network, network.Graph.ToModel());

    /// <summary>The same where one of the network's inputs has a known shape.</summary>
    public static TensorShapes Of(Network network, string input, IEnumerable<int> shape)
    {
        var model = network.Graph.ToModel().Clone();
        var tensor = model.Graph.Input.First(value => value.Name == input).Type.TensorType;
        tensor.Shape = new TensorShapeProto();
        foreach (var length in shape) tensor.Shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = length });
        return Of(network, model);
    }

    private static TensorShapes Of(Network network, ModelProto model)
    {
        model.Graph.Output.Clear();
        WeightsAsInputs.Apply(model.Graph);
        foreach (var name in network.Graph.Nodes.SelectMany(node => node.Output).Where(name => name.Length > 0))
            model.Graph.Output.Add(new ValueInfoProto { Name = name });
        using var session = OnnxSession.Create(model, network.Path, new SessionSettings(Threads: 1, Unoptimized: true));
        return new TensorShapes(session.FloatShapes().ToFrozenDictionary(
            shape => shape.Name,
            shape => shape.Dimensions.Select((size, axis) => new Dimension(size, shape.Symbols[axis])).ToImmutableArray()));
    }

    /// <summary>Whether the tensor is known to hold float32 values.</summary>
    public bool IsFloat(string tensor) => _shapes.ContainsKey(tensor);

    /// <summary>The tensor's axes, or an empty array where not even their number is known (or it has none).</summary>
    public ImmutableArray<Dimension> this[string tensor] => _shapes.TryGetValue(tensor, out var shape) ? shape : [];

    /// <summary>The length of an axis, or -1.</summary>
    public long SizeOf(string tensor, int axis)
    {
        var shape = this[tensor];
        return axis < shape.Length ? shape[axis].Size : -1;
    }
}
