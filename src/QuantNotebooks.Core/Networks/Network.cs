using System.Collections.Immutable;
using QuantNotebooks.Images;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Networks;

/// <summary>
/// A neural network read from an ONNX file: its layers in topological order, with batch normalization folded. Immutable and safe to share
/// between threads: every operation returns a new network that knows its <see cref="Parent"/> and <see cref="History"/>.
/// </summary>
public sealed partial class Network
{
    private readonly Lazy<string> _sha256;
    private readonly Lazy<string> _functionSha256;
    private readonly Lazy<TensorShapes> _shapes;

    private Network(Graph graph, ImmutableDictionary<string, LayerNotes> notes, NetworkFacts facts)
    {
        Graph = graph;
        Notes = notes;
        Facts = facts;
        Layers = LayerFinder.Find(graph, notes);
        var normalizations = LayerNormalizationFinder.Find(graph);
        Junctions = Junction.Find(graph, Layers, normalizations);
        (OtherNodes, NotAnalysed) = NodeRoles.Of(graph, Layers, Junctions, normalizations);
        _shapes = new Lazy<TensorShapes>(() => TensorShapes.Of(this), LazyThreadSafetyMode.PublicationOnly);
        _functionSha256 = new Lazy<string>(() =>
        {
            var model = graph.ToModel();
            model.MetadataProps.Clear();
            return ModelHash.Of(model);
        });
        _sha256 = new Lazy<string>(() => ModelHash.Of(ToModel()));
    }

    /// <summary>The file's name without its ending, or what a derived network was called.</summary>
    public string Name => Facts.Name;

    /// <summary>The file that the network, or its first ancestor, was read from.</summary>
    public string Path => Facts.Path;

    /// <summary>
    /// SHA-256 of the file at <see cref="Path"/> as it was when it was read, in lower-case hexadecimal; null for a network that was read from no file.
    /// </summary>
    public string? FileSha256 => Facts.FileSha256;

    /// <summary>SHA-256 of the network as it would be saved, in lower-case hexadecimal.</summary>
    public string Sha256 => _sha256.Value;

    /// <summary>Makes <see cref="Sha256"/> beside what follows: that of a large network takes long, and who is stopped before it is needed does not wait for it.</summary>
    // On a thread of its own, for those of the thread pool are few, and read images. What may fail fails again where the hash is needed.
    internal void BeginSha256() =>
        System.Threading.Tasks.Task.Factory.StartNew(() => Sha256, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    /// <summary>SHA-256 of what the network computes, without its name and history: equal for networks that are the same function by construction.</summary>
    internal string FunctionSha256 => _functionSha256.Value;

    /// <summary>The shapes of its float32 tensors as far as the graph tells them; ONNX Runtime infers them when they are first asked for.</summary>
    internal TensorShapes Shapes => _shapes.Value;

    /// <summary>The layers in topological order.</summary>
    public ImmutableArray<Layer> Layers { get; }

    /// <summary>Nodes that run but are not analysed, each with its reason.</summary>
    public ImmutableArray<NotAnalysed> NotAnalysed { get; }

    /// <summary>The nodes beside the layers that are understood: where tensors meet, values are moved or averaged, shapes are computed.</summary>
    public ImmutableArray<OtherNode> OtherNodes { get; }

    /// <summary>Whether channels with a constant output were left as they are in the file.</summary>
    public bool KeepsDeadChannels => Facts.KeepsDeadChannels;

    /// <summary>Whether the file holds float16 tensors, which were turned into float32 when it was read: the analysis, and a saved copy, are in float32.</summary>
    public bool WasFloat16 => Facts.WasFloat16;

    /// <summary>What the network's input and output mean, from its sidecar or its metadata; null where neither says.</summary>
    public TaskDescription? Task => Facts.Task;

    /// <summary>The calibrated ranges a corrected network carries, or null.</summary>
    public ActivationRanges? Ranges => Facts.Ranges;

    /// <summary>What was done to the network since it was read, oldest first.</summary>
    public ImmutableArray<HistoryEntry> History => Facts.History;

    /// <summary>The network that this one was derived from, or null for one that was read from a file.</summary>
    public Network? Parent => Facts.Parent;

    internal Graph Graph { get; }

    internal NetworkFacts Facts { get; }

    /// <summary>Where computed tensors meet and are quantized.</summary>
    internal ImmutableArray<Junction> Junctions { get; }

    private ImmutableDictionary<string, LayerNotes> Notes { get; }

    /// <summary>
    /// What equalization multiplied each output channel of a layer by, beside the network that was loaded first: divide by it to compare values
    /// in the original's units. Empty where nothing was scaled.
    /// </summary>
    /// <param name="layer">A layer of this network.</param>
    public ImmutableArray<double> ChannelFactors(Layer layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        return Facts.ChannelFactors.GetValueOrDefault(layer.Name, []);
    }

    /// <summary>The layer of that name.</summary>
    /// <exception cref="QuantNotebooksException">There is none.</exception>
    public Layer Layer(string name) => Layers.FirstOrDefault(layer => layer.Name == name || layer.NodeName == name)
        ?? throw new QuantNotebooksException($"'{Name}' has no layer '{name}'; its layers are {string.Join(", ", Layers.Take(4).Select(layer => layer.Name))}{(Layers.Length > 4 ? ", ..." : "")}.");

    /// <summary>Name, number of layers and weights.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"{Name}: {Layers.Length} layers, {Layers.Sum(layer => (long)layer.Weights.Length):N0} weights");

    internal ModelProto ToModel() => NetworkMetadata.Write(Graph, Facts).ToModel();

    /// <summary>A network with another graph of the same layers, of which something else is known.</summary>
    internal Network With(Graph graph, Func<Layer, LayerNotes> notes, NetworkFacts facts) =>
        new(graph, Layers.ToImmutableDictionary(layer => layer.WeightName, notes), facts);

    /// <summary>A network with other weights or biases in some layers; a layer that had no bias gets one.</summary>
    internal Network With(IEnumerable<LayerChange> changes, NetworkFacts facts) => new(LayerEditor.Apply(Graph, changes), Notes, facts);
}

/// <summary>New values for one layer.</summary>
/// <param name="Layer">The layer, of the network that is changed.</param>
/// <param name="Weights">New weights in the layer's layout, or null to keep them.</param>
/// <param name="Bias">New bias, one a channel, or null to keep it.</param>
internal sealed record LayerChange(Layer Layer, float[]? Weights, float[]? Bias);

/// <summary>What is known of a network besides its graph.</summary>
internal sealed record NetworkFacts(string Name, string Path)
{
    public string? FileSha256 { get; init; }

    public bool KeepsDeadChannels { get; init; }

    public bool WasFloat16 { get; init; }

    public TaskDescription? Task { get; init; }

    public ActivationRanges? Ranges { get; init; }

    public ImmutableArray<HistoryEntry> History { get; init; } = [];

    public Network? Parent { get; init; }

    /// <summary>
    /// Where channels were scaled: by layer name, what each output channel is multiplied by beside the network that was loaded first.
    /// </summary>
    public ImmutableSortedDictionary<string, ImmutableArray<double>> ChannelFactors { get; init; } =
        ImmutableSortedDictionary.Create<string, ImmutableArray<double>>(StringComparer.Ordinal);

    /// <summary>
    /// Where biases compensate quantization: the biases of the full-precision network by layer name, null for a layer that had none.
    /// </summary>
    public ImmutableSortedDictionary<string, ImmutableArray<float>?> ReferenceBiases { get; init; } =
        ImmutableSortedDictionary.Create<string, ImmutableArray<float>?>(StringComparer.Ordinal);
}
