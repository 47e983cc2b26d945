using System.Collections.Immutable;
using Google.Protobuf;
using QuantNotebooks.Images;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using Graph = QuantNotebooks.Onnx.Graph;

namespace QuantNotebooks.Networks;

/// <content>Reading and writing.</content>
public sealed partial class Network
{
    /// <summary>
    /// Reads an ONNX file, folds batch normalization, finds the layers and, unless told otherwise, silences dead channels.
    /// A sidecar <c>NAME.task.json</c> beside the file says how images become its input.
    /// </summary>
    /// <exception cref="QuantNotebooksException">The file is missing, damaged, not ONNX, or ONNX Runtime refuses it.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Network Load(string path, LoadOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= LoadOptions.Default;
        cancellation = cancellation.OrAmbient();
        var (model, sha256) = OnnxFile.Read(path, cancellation);
        var facts = new NetworkFacts(System.IO.Path.GetFileNameWithoutExtension(path), path)
        {
            FileSha256 = sha256,
            KeepsDeadChannels = options.KeepDeadChannels,
            Task = TaskDescription.FindBeside(path),
        };
        return FromModel(model, facts, options, cancellation);
    }

    /// <summary>Writes the network, with its history, task and calibrated ranges in the metadata, as an ONNX file.</summary>
    /// <exception cref="QuantNotebooksException">The file can't be written.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; there is no such file then, or the one before.</exception>
    public void Save(string path, CancellationToken cancellation = default) => OnnxFile.Write(ToModel(), path, cancellation.OrAmbient());

    internal static Network FromModel(ModelProto model, NetworkFacts facts, LoadOptions options, CancellationToken cancellation = default)
    {
        // A circle or a missing tensor is told in our words; then come the runtime's own checks (types, shapes, operators), on the file as it is.
        TopologicalOrder.Sort(model.Graph, facts.Path);
        var types = TensorTypes.Check(model, facts.Path, cancellation);
        if (Float16Conversion.IsNeeded(model))
        {
            model = Float16Conversion.ToFloat32(model);
            types = TensorTypes.Check(model, facts.Path, cancellation);
            facts = facts with { WasFloat16 = true };
        }
        return FromGraph(Onnx.Graph.From(model, facts.Path, types), facts, options, cancellation);
    }

    /// <summary>The network of a graph that was checked.</summary>
    internal static Network FromGraph(Graph raw, NetworkFacts facts, LoadOptions options, CancellationToken cancellation = default)
    {
        facts = NetworkMetadata.Read(raw, facts, facts.Path);
        cancellation.ThrowIfCancellationRequested();
        var (graph, notes) = AffineFolding.Fold(GraphNormalizer.Simplify(raw));
        cancellation.ThrowIfCancellationRequested();
        graph = InputAffineFolding.Fold(graph);
        var layers = LayerFinder.Find(graph, notes);
        notes = DeadChannelRemoval.WithZeroWeights(layers, notes);
        if (!options.KeepDeadChannels) graph = DeadChannelRemoval.Silence(graph, LayerFinder.Find(graph, notes));
        if (facts.History.IsEmpty)
        {
            var settings = (options.KeepDeadChannels ? "dead channels kept" : "dead channels dropped") + (facts.WasFloat16 ? ", float16 turned into float32" : "");
            facts = facts with { History = [new HistoryEntry("load", settings, null, null, ToolVersion.Text)] };
        }
        return new Network(graph, notes, facts);
    }

    /// <summary>
    /// The full-precision network that this one is compared with: itself, or, where biases compensate the quantization, the same network with
    /// the biases it had before.
    /// </summary>
    internal Network FloatReference
    {
        get
        {
            if (Facts.ReferenceBiases.IsEmpty) return this;
            var changes = from layer in Layers
                          where Facts.ReferenceBiases.ContainsKey(layer.Name)
                          let bias = Facts.ReferenceBiases[layer.Name]
                          select new LayerChange(layer, null, bias is { } values ? [.. values] : new float[layer.Channels]);
            return With(changes, Facts with { ReferenceBiases = Facts.ReferenceBiases.Clear(), Ranges = null });
        }
    }
}
