using System.Collections.Immutable;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Training.Gradients;

/// <summary>
/// A graph for inputs of a fixed shape: every tensor's shape is known, what does not depend on the inputs' values (arithmetic on shapes) has
/// become constant, and every operator stands in the form of operator set 17 or later. Found by running the graph once.
/// </summary>
internal sealed class StaticGraph
{
    /// <summary>The oldest operator set of a static graph; the gradients' own nodes are the same in all later ones.</summary>
    public const int OperatorSet = 17;

    private readonly ImmutableDictionary<string, ImmutableArray<long>> _shapes;

    private StaticGraph(Graph graph, ImmutableDictionary<string, ImmutableArray<long>> shapes)
    {
        Graph = graph;
        _shapes = shapes;
    }

    public Graph Graph { get; }

    /// <summary>A tensor by name.</summary>
    public Tensor Tensor(string name) => new(name, _shapes[name]);

    /// <summary>The same tensors in another graph, and more of them.</summary>
    public StaticGraph With(Graph graph, IReadOnlyDictionary<string, ImmutableArray<long>> shapes) => new(graph, _shapes.SetItems(shapes));

    /// <summary>The values of a constant of integers, as one axis; null for anything else.</summary>
    public long[]? Integers(string name) => Graph.Constant(name) is { } constant ? ConstantValues.Integers(constant) : null;

    /// <param name="graph">The graph.</param>
    /// <param name="inputs">The shape of every input.</param>
    /// <param name="source">What to call the graph in an error.</param>
    /// <param name="cancellation">Stops the run that tells the shapes of all tensors.</param>
    /// <exception cref="QuantNotebooksException">ONNX Runtime can't run it with inputs of that shape, or an operator has no form in a later operator set.</exception>
    public static StaticGraph Of(Graph graph, IReadOnlyDictionary<string, long[]> inputs, string source, CancellationToken cancellation = default)
    {
        var folded = IndependentOfInputs(graph);
        var (shapes, values) = Probe(graph, inputs, [.. folded.SelectMany(node => node.Output)], source, cancellation);
        var constants = graph.Constants.SetItems(values.Select(value => KeyValuePair.Create(value.Name, value)));
        foreach (var (name, constant) in constants) shapes[name] = [.. constant.Dims];
        var rest = graph.With(graph.Nodes.Where(node => !folded.Contains(node)), constants);
        return new StaticGraph(OperatorSetUpgrade.Apply(rest, shapes, OperatorSet, source), shapes.ToImmutableDictionary());
    }

    /// <summary>Nodes whose results follow from constants and from shapes alone.</summary>
    private static HashSet<NodeProto> IndependentOfInputs(Graph graph)
    {
        var nodes = new HashSet<NodeProto>(ReferenceEqualityComparer.Instance);
        var independent = new HashSet<string>();
        foreach (var node in graph.Nodes)
        {
            var random = node.OpType.StartsWith("Random", StringComparison.Ordinal) || node.OpType is "Bernoulli" or "Multinomial";
            var known = node.OpType is "Shape" or "Size" || node.Reads().All(input => graph.Constant(input) is not null || independent.Contains(input));
            if (!known || random || node.Output.Any(graph.IsOutput)) continue;
            nodes.Add(node);
            independent.UnionWith(node.Output.Where(output => output.Length > 0));
        }
        return nodes;
    }

    private static (Dictionary<string, ImmutableArray<long>> Shapes, List<TensorProto> Values) Probe(
        Graph graph, IReadOnlyDictionary<string, long[]> inputs, HashSet<string> fixedTensors, string source, CancellationToken cancellation)
    {
        var model = graph.ToModel();
        model.Graph.Output.Clear();
        foreach (var output in graph.Nodes.SelectMany(node => node.Output).Where(output => output.Length > 0))
            model.Graph.Output.Add(new ValueInfoProto { Name = output });
        var shapes = inputs.ToDictionary(pair => pair.Key, pair => pair.Value.ToImmutableArray());
        var values = new List<TensorProto>();
        var worker = BatchWorkers.One();
        var session = OnnxSession.Create(model, source, new SessionSettings(0, Unoptimized: true), cancellation);
        var given = session.InputNames.Select(name => OrtValue.CreateAllocatedTensorValue(
            OrtAllocator.DefaultInstance, TensorElementType.Float, inputs[name])).ToArray();
        try
        {
            foreach (var value in given) value.GetTensorMutableDataAsSpan<float>().Clear();
            var outputs = worker.Run(() => session.Run(given, cancellation), cancellation);
            for (var index = 0; index < outputs.Count; index++)
            {
                using var output = outputs[index];
                var name = session.OutputNames[index];
                if (output.OnnxType != OnnxValueType.ONNX_TYPE_TENSOR) continue;
                shapes[name] = [.. output.GetTensorTypeAndShape().Shape];
                if (fixedTensors.Contains(name)) values.Add(ConstantValues.Of(name, output));
            }
        }
        finally
        {
            worker.WhenIdle(() =>
            {
                foreach (var value in given) value.Dispose();
                session.Dispose();
            });
        }
        return (shapes, values);
    }
}
