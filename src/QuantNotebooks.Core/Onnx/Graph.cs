using System.Collections.Immutable;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Onnx;

/// <summary>
/// An ONNX graph that is never changed in place: nodes in topological order, constants by name, and who produces and reads each tensor.
/// The schema's messages inside are treated as frozen: an edit clones the message and makes a new graph.
/// </summary>
internal sealed class Graph
{
    private readonly Edges _edges;

    private Graph(
        ModelProto header, ImmutableArray<NodeProto> nodes, ImmutableDictionary<string, TensorProto> constants, ImmutableDictionary<string, TensorType> types, Edges? edges = null)
    {
        Header = header;
        Nodes = nodes;
        Constants = constants;
        Types = types;
        Inputs = [.. header.Graph.Input];
        Outputs = [.. header.Graph.Output];
        _edges = edges ?? new Edges(header.Graph, nodes);
    }

    /// <summary>Who makes and reads each tensor; the same for graphs that differ only in the values of constants.</summary>
    private sealed class Edges
    {
        public readonly Dictionary<string, NodeProto> Producers = [];
        public readonly Dictionary<string, ImmutableArray<NodeProto>> Consumers = [];
        public readonly HashSet<string> OutputNames;

        public Edges(GraphProto header, ImmutableArray<NodeProto> nodes)
        {
            OutputNames = [.. header.Output.Select(output => output.Name)];
            var read = new Dictionary<string, ImmutableArray<NodeProto>.Builder>();
            foreach (var node in nodes)
            {
                foreach (var output in node.Output)
                    if (output.Length > 0) Producers[output] = node;
                foreach (var input in node.Reads().Distinct())
                {
                    if (!read.TryGetValue(input, out var list)) read[input] = list = ImmutableArray.CreateBuilder<NodeProto>(1);
                    list.Add(node);
                }
            }
            foreach (var (name, list) in read) Consumers[name] = list.DrainToImmutable();
        }
    }

    /// <summary>What the file says besides nodes and constants: versions, functions, metadata, inputs and outputs.</summary>
    public ModelProto Header { get; }

    public ImmutableArray<NodeProto> Nodes { get; }

    public ImmutableDictionary<string, TensorProto> Constants { get; }

    /// <summary>What is known of the types of computed tensors.</summary>
    public ImmutableDictionary<string, TensorType> Types { get; }

    /// <summary>The graph's inputs; a constant that the file lists among them is none.</summary>
    public ImmutableArray<ValueInfoProto> Inputs { get; }

    public ImmutableArray<ValueInfoProto> Outputs { get; }

    public static Graph From(ModelProto model, string source, ImmutableDictionary<string, TensorType>? types = null)
    {
        var constants = ImmutableDictionary.CreateBuilder<string, TensorProto>();
        foreach (var tensor in model.Graph.Initializer) constants[tensor.Name] = tensor;
        var header = model.Clone();
        header.Graph.Node.Clear();
        header.Graph.Initializer.Clear();
        // Before version 4 every constant had to be listed among the inputs too, with its shape; since then it is constant only if it is not.
        header.IrVersion = Math.Max(header.IrVersion, 4);
        for (var index = header.Graph.Input.Count - 1; index >= 0; index--)
            if (constants.ContainsKey(header.Graph.Input[index].Name)) header.Graph.Input.RemoveAt(index);
        return new Graph(header, TopologicalOrder.Sort(model.Graph, source), constants.ToImmutable(), types ?? ImmutableDictionary<string, TensorType>.Empty);
    }

    public bool IsOutput(string tensor) => _edges.OutputNames.Contains(tensor);

    public NodeProto? Producer(string tensor) => _edges.Producers.GetValueOrDefault(tensor);

    public ImmutableArray<NodeProto> Consumers(string tensor) => _edges.Consumers.TryGetValue(tensor, out var list) ? list : [];

    /// <summary>The one node that reads the tensor, or null where it has no reader, several, or is an output of the graph.</summary>
    public NodeProto? SoleConsumer(string tensor) => !IsOutput(tensor) && Consumers(tensor) is [var only] ? only : null;

    public TensorProto? Constant(string? tensor) => tensor is null ? null : Constants.GetValueOrDefault(tensor);

    /// <summary>Number of axes of a computed tensor; 0 where it is not known.</summary>
    public int RankOf(string tensor) => Types.GetValueOrDefault(tensor).Rank;

    public Graph With(IEnumerable<NodeProto> nodes, ImmutableDictionary<string, TensorProto>? constants = null) =>
        new(Header, [.. nodes], constants ?? Constants, Types);

    /// <summary>The same nodes with other constants.</summary>
    public Graph With(ImmutableDictionary<string, TensorProto> constants) => new(Header, Nodes, constants, Types, _edges);

    /// <summary>The same nodes, said to be of that operator set, in a file version that may hold it.</summary>
    public Graph WithOpset(long version)
    {
        var header = Header.Clone();
        foreach (var import in header.OpsetImport)
            if (import.Domain is "" or "ai.onnx") import.Version = version;
        // Initializers need not be inputs since 4, and 4-bit integers came with 10.
        header.IrVersion = Math.Max(header.IrVersion, version >= 21 ? 10 : 7);
        return new Graph(header, Nodes, Constants, Types, _edges);
    }

    public Graph WithMetadata(IEnumerable<KeyValuePair<string, string>> entries)
    {
        var header = Header.Clone();
        foreach (var (key, value) in entries)
        {
            var old = header.MetadataProps.FirstOrDefault(entry => entry.Key == key);
            if (old is null) header.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
            else old.Value = value;
        }
        return new Graph(header, Nodes, Constants, Types, _edges);
    }

    public string? Metadata(string key) => Header.MetadataProps.FirstOrDefault(entry => entry.Key == key)?.Value;

    /// <summary>The whole graph as a model; constants that nothing reads are left out.</summary>
    public ModelProto ToModel()
    {
        var model = Header.Clone();
        model.Graph.Node.AddRange(Nodes);
        foreach (var (name, tensor) in Constants.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            if (Consumers(name).Length > 0 || IsOutput(name)) model.Graph.Initializer.Add(tensor);
        // What the file says of tensors that are no longer made would only mislead.
        for (var index = model.Graph.ValueInfo.Count - 1; index >= 0; index--)
            if (!_edges.Producers.ContainsKey(model.Graph.ValueInfo[index].Name)) model.Graph.ValueInfo.RemoveAt(index);
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
