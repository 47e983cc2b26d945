using System.Collections.Immutable;
using Microsoft.ML.OnnxRuntime;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Sweep;

/// <summary>Runs a few nodes of a graph in ONNX Runtime as a model of their own, made when the first batch tells the inputs' types. Safe to use from several threads.</summary>
internal sealed class NodeRunner : IDisposable
{
    private readonly Graph _graph;
    private readonly ImmutableArray<NodeProto> _nodes;
    private readonly ImmutableArray<string> _outputs;
    private readonly TensorPool _pool;
    private readonly SessionSettings _settings;
    private readonly bool _shapesFollowInputs;
    private readonly Lock _lock = new();
    private volatile OnnxSession? _session;
    private volatile KnownShapes? _known;

    private sealed record KnownShapes(long[][] Inputs, long[][] Outputs);

    /// <param name="graph">Holds the nodes' constants.</param>
    /// <param name="nodes">What to run.</param>
    /// <param name="outputs">The tensors wanted.</param>
    /// <param name="pool">Memory for outputs whose shape is known.</param>
    /// <param name="settings">Threads and optimizations.</param>
    /// <param name="shapesFollowInputs">Whether the same input shapes always give the same float32 output shapes, as with layers and activations.</param>
    public NodeRunner(
        Graph graph, ImmutableArray<NodeProto> nodes, ImmutableArray<string> outputs, TensorPool pool, SessionSettings settings, bool shapesFollowInputs)
    {
        _graph = graph;
        _nodes = nodes;
        _outputs = outputs;
        _pool = pool;
        _settings = settings;
        _shapesFollowInputs = shapesFollowInputs;
        var made = nodes.SelectMany(node => node.Output).ToHashSet();
        Inputs = [.. nodes.SelectMany(node => node.Reads()).Distinct().Where(name => graph.Constant(name) is null && !made.Contains(name))];
    }

    /// <summary>The tensors to give to <see cref="Run"/>, in order.</summary>
    public ImmutableArray<string> Inputs { get; }

    /// <summary>Runs one batch; the outputs belong to the caller.</summary>
    public BatchTensor[] Run(BatchTensor[] inputs, CancellationToken cancellation)
    {
        var session = _session ?? Open(inputs, cancellation);
        var values = Array.ConvertAll(inputs, input => input.Value);
        if (_shapesFollowInputs && _known is { } known && Fits(known, inputs))
        {
            var bound = Array.ConvertAll(known.Outputs, shape => BatchTensor.Create(_pool, shape));
            session.Run(values, Array.ConvertAll(bound, output => output.Value), cancellation);
            return bound;
        }
        var outputs = session.Run(values, cancellation).Select(BatchTensor.Own).ToArray();
        _known = new KnownShapes(Array.ConvertAll(inputs, input => input.Shape), Array.ConvertAll(outputs, output => output.Shape));
        return outputs;
    }

    public void Dispose() => _session?.Dispose();

    private OnnxSession Open(BatchTensor[] inputs, CancellationToken cancellation)
    {
        lock (_lock)
        {
            return _session ??= OnnxSession.Create(
                _graph.Extract(_nodes, Inputs.Select((name, index) => (name, (int)inputs[index].ElementType)), _outputs), Describe(), _settings, cancellation);
        }
    }

    private static bool Fits(KnownShapes known, BatchTensor[] inputs)
    {
        if (known.Inputs.Length != inputs.Length || inputs.Length == 0) return false;
        for (var index = 0; index < inputs.Length; index++)
            if (!inputs[index].Shape.AsSpan().SequenceEqual(known.Inputs[index])) return false;
        return true;
    }

    private string Describe() => _nodes[0].Name.Length > 0 ? _nodes[0].Name : $"{_nodes[0].OpType} that makes {_nodes[0].Output[0]}";
}
