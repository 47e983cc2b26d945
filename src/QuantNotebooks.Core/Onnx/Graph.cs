using System.Collections.Frozen;
using System.Collections.Immutable;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Onnx;

/// <summary>
/// An ONNX graph that is never changed in place: nodes in topological order, constants by name, and who produces and reads each tensor.
/// The schema's messages inside are treated as frozen: an edit clones the message and makes a new graph.
/// </summary>
internal sealed class Graph
{
    private readonly FrozenDictionary<string, NodeProto> _producers;
    private readonly FrozenDictionary<string, ImmutableArray<NodeProto>> _consumers;
    private readonly FrozenSet<string> _outputNames;

    private Graph(ModelProto header, ImmutableArray<NodeProto> nodes, ImmutableDictionary<string, TensorProto> constants)
    {
        Header = header;
        Nodes = nodes;
        Constants = constants;
        Inputs = [.. header.Graph.Input.Where(input => !constants.ContainsKey(input.Name))];
        Outputs = [.. header.Graph.Output];
        _outputNames = Outputs.Select(output => output.Name).ToFrozenSet();
        var made = new Dictionary<string, NodeProto>();
        var read = new Dictionary<string, ImmutableArray<NodeProto>.Builder>();
        foreach (var node in nodes)
        {
            foreach (var output in node.Output)
                if (output.Length > 0) made[output] = node;
            foreach (var input in node.Reads().Distinct())
            {
                if (!read.TryGetValue(input, out var list)) read[input] = list = ImmutableArray.CreateBuilder<NodeProto>();
                list.Add(node);
            }
        }
        _producers = made.ToFrozenDictionary();
        _consumers = read.ToFrozenDictionary(pair => pair.Key, pair => pair.Value.ToImmutable());
    }

    /// <summary>What the file says besides nodes and constants: versions, functions, metadata, inputs and outputs.</summary>
    public ModelProto Header { get; }

    public ImmutableArray<NodeProto> Nodes { get; }

    public ImmutableDictionary<string, TensorProto> Constants { get; }

    /// <summary>The graph's inputs that are not constants.</summary>
    public ImmutableArray<ValueInfoProto> Inputs { get; }

    public ImmutableArray<ValueInfoProto> Outputs { get; }

    public static Graph From(ModelProto model, string source)
    {
        var constants = ImmutableDictionary.CreateBuilder<string, TensorProto>();
        foreach (var tensor in model.Graph.Initializer) constants[tensor.Name] = tensor;
        var header = model.Clone();
        header.Graph.Node.Clear();
        header.Graph.Initializer.Clear();
        return new Graph(header, TopologicalOrder.Sort(model.Graph, source), constants.ToImmutable());
    }

    public bool IsOutput(string tensor) => _outputNames.Contains(tensor);

    public NodeProto? Producer(string tensor) => _producers.GetValueOrDefault(tensor);

    public ImmutableArray<NodeProto> Consumers(string tensor) => _consumers.TryGetValue(tensor, out var list) ? list : [];

    /// <summary>The one node that reads the tensor, or null where it has no reader, several, or is an output of the graph.</summary>
    public NodeProto? SoleConsumer(string tensor) => !IsOutput(tensor) && Consumers(tensor) is [var only] ? only : null;

    public TensorProto? Constant(string? tensor) => tensor is null ? null : Constants.GetValueOrDefault(tensor);

    public Graph With(IEnumerable<NodeProto> nodes, ImmutableDictionary<string, TensorProto>? constants = null) =>
        new(Header, [.. nodes], constants ?? Constants);

    public Graph WithMetadata(IEnumerable<KeyValuePair<string, string>> entries)
    {
        var header = Header.Clone();
        foreach (var (key, value) in entries)
        {
            var old = header.MetadataProps.FirstOrDefault(entry => entry.Key == key);
            if (old is null) header.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
            else old.Value = value;
        }
        return new Graph(header, Nodes, Constants);
    }

    public string? Metadata(string key) => Header.MetadataProps.FirstOrDefault(entry => entry.Key == key)?.Value;

    /// <summary>The whole graph as a model; constants that nothing reads are left out.</summary>
    public ModelProto ToModel()
    {
        var model = Header.Clone();
        model.Graph.Node.AddRange(Nodes);
        foreach (var (name, tensor) in Constants.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            if (Consumers(name).Length > 0 || IsOutput(name)) model.Graph.Initializer.Add(tensor);
        var kept = model.Graph.Initializer.Select(tensor => tensor.Name).ToHashSet();
        for (var index = model.Graph.Input.Count - 1; index >= 0; index--)
            if (Constants.ContainsKey(model.Graph.Input[index].Name) && !kept.Contains(model.Graph.Input[index].Name)) model.Graph.Input.RemoveAt(index);
        return model;
    }

    /// <summary>
    /// Some of the nodes as a model of their own. Constants they read come along; <paramref name="inputs"/> give the element type of every
    /// other tensor that they read, and <paramref name="outputs"/> are the tensors wanted.
    /// </summary>
    public ModelProto Extract(IEnumerable<NodeProto> nodes, IEnumerable<(string Name, int ElementType)> inputs, IEnumerable<string> outputs)
    {
        var model = new ModelProto { IrVersion = Header.IrVersion, Graph = new GraphProto { Name = Header.Graph.Name } };
        model.OpsetImport.AddRange(Header.OpsetImport);
        model.Functions.AddRange(Header.Functions);
        var needed = new HashSet<string>();
        foreach (var node in nodes)
        {
            model.Graph.Node.Add(node);
            needed.UnionWith(node.Reads());
        }
        foreach (var name in needed)
            if (Constant(name) is { } tensor) model.Graph.Initializer.Add(tensor);
        foreach (var (name, elementType) in inputs)
            model.Graph.Input.Add(new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = elementType } } });
        foreach (var name in outputs) model.Graph.Output.Add(new ValueInfoProto { Name = name });
        return model;
    }
}
