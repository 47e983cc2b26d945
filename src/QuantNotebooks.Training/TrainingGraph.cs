using System.Collections.Immutable;
using Microsoft.ML.OnnxRuntime;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;
using QuantNotebooks.Training.Gradients;

namespace QuantNotebooks.Training;

/// <summary>
/// The quantized network as one ONNX graph that takes a batch of images, the trained tensors on their grids and the targets, and gives the loss,
/// what the loss looks at, and the gradient of every trained tensor. A second graph leaves the gradients out.
/// </summary>
internal sealed class TrainingGraph : IDisposable
{
    private readonly TrainedParameters _parameters;
    private readonly Dictionary<string, OrtValue> _parameterValues = [];
    private readonly string _imageName;
    private readonly string _lossName;
    private readonly ImmutableArray<string> _gradientNames;
    private readonly BatchWorkers _worker = BatchWorkers.One();
    private readonly OnnxSession _backward;
    private readonly OnnxSession _forward;

    /// <param name="network">A network in which every layer has a bias.</param>
    /// <param name="parameters">Its trained tensors.</param>
    /// <param name="quantizers">The grids of its activations.</param>
    /// <param name="loss">What to minimize.</param>
    /// <param name="imageShape">The shape of a batch.</param>
    /// <param name="cancellation">Stops making it.</param>
    /// <exception cref="QuantNotebooksException">An operator behind the first trained tensor has no gradient.</exception>
    public TrainingGraph(Network network, TrainedParameters parameters, Dictionary<string, Quantizer> quantizers, TrainingLoss loss, long[] imageShape, CancellationToken cancellation)
    {
        _parameters = parameters;
        Loss = loss;
        _imageName = network.Graph.Inputs[0].Name;
        var plain = StaticGraph.Of(
            LayerEditor.Apply(network.Graph, parameters.QuantizedWeights), new Dictionary<string, long[]> { [_imageName] = imageShape }, network.Name, cancellation);
        string[] trained = [.. parameters.All.Select(parameter => parameter.Name)];
        var graph = FakeQuantization.Insert(BiasesApart.Apply(plain, trained.ToHashSet()), quantizers);
        var emit = new NodeEmitter();
        var (lossTensor, seeds) = loss.Write(emit, graph);
        _lossName = lossTensor.Name;
        var gradients = ReverseMode.Differentiate(graph, emit, seeds, trained);
        _gradientNames = [.. gradients.Select(gradient => gradient.Name)];
        TargetShapes = [.. loss.Tensors.Select(name => graph.Tensor(name).Shape)];

        Tensor[] inputs =
        [
            graph.Tensor(_imageName), .. parameters.All.Select(parameter => graph.Tensor(parameter.Name)),
            .. loss.Tensors.Select(name => graph.Tensor(name) with { Name = TrainingLoss.TargetOf(name) }),
        ];
        string[] results = [_lossName, loss.Tensors[0]];
        _forward = OnnxSession.Create(ReverseMode.ToModel(graph, emit, inputs, results), $"{network.Name}, quantized", cancellation: cancellation);
        _backward = OnnxSession.Create(ReverseMode.ToModel(graph, emit, inputs, [.. results, .. _gradientNames]), $"{network.Name}, gradients", cancellation: cancellation);
        foreach (var parameter in parameters.All) _parameterValues[parameter.Name] = OrtValue.CreateTensorValueFromMemory(parameter.Quantized, parameter.Shape);
    }

    public TrainingLoss Loss { get; }

    /// <summary>The shape of the batch's target for each of the loss's tensors.</summary>
    public ImmutableArray<ImmutableArray<long>> TargetShapes { get; }

    /// <summary>The loss of a batch and, for the first of the loss's tensors, the values.</summary>
    /// <param name="images">[N, C, H, W].</param>
    /// <param name="targets">One for each of the loss's tensors.</param>
    /// <param name="scores">Receives the values; empty where nobody asks.</param>
    /// <param name="cancellation">Stops the run.</param>
    public float Evaluate(OrtValue images, IReadOnlyList<OrtValue> targets, Span<float> scores, CancellationToken cancellation)
    {
        var outputs = Run(_forward, images, targets, cancellation);
        try
        {
            return Read(_forward, outputs, scores);
        }
        finally
        {
            foreach (var output in outputs) output.Dispose();
        }
    }

    /// <summary>The same, and where the loss is a finite number calls <paramref name="use"/> with every trained tensor's gradient.</summary>
    public float Differentiate(
        OrtValue images, IReadOnlyList<OrtValue> targets, Span<float> scores, Action<int, TrainedParameter, Span<float>> use, CancellationToken cancellation)
    {
        var outputs = Run(_backward, images, targets, cancellation);
        try
        {
            var loss = Read(_backward, outputs, scores);
            for (var index = 0; index < _gradientNames.Length && float.IsFinite(loss); index++)
            {
                var gradient = outputs[IndexOf(_backward, _gradientNames[index])].GetTensorMutableDataAsSpan<float>();
                _parameters.ClearClipped(_parameters.All[index], gradient);
                use(index, _parameters.All[index], gradient);
            }
            return loss;
        }
        finally
        {
            foreach (var output in outputs) output.Dispose();
        }
    }

    /// <summary>Releases what a run uses, once none is under way: one that does not stop is left behind.</summary>
    public void WhenIdle(Action release) => _worker.WhenIdle(release);

    public void Dispose() => WhenIdle(() =>
    {
        _forward.Dispose();
        _backward.Dispose();
        foreach (var value in _parameterValues.Values) value.Dispose();
    });

    private IReadOnlyList<OrtValue> Run(OnnxSession session, OrtValue images, IReadOnlyList<OrtValue> targets, CancellationToken cancellation)
    {
        OrtValue[] inputs = [.. session.InputNames.Select(name =>
            name == _imageName ? images
            : _parameterValues.TryGetValue(name, out var parameter) ? parameter
            : targets[Loss.Tensors.IndexOf(name[..^TrainingLoss.TargetOf("").Length])])];
        return _worker.Run(() => session.Run(inputs, cancellation), cancellation);
    }

    private float Read(OnnxSession session, IReadOnlyList<OrtValue> outputs, Span<float> scores)
    {
        if (!scores.IsEmpty) outputs[IndexOf(session, Loss.Tensors[0])].GetTensorDataAsSpan<float>().CopyTo(scores);
        return outputs[IndexOf(session, _lossName)].GetTensorDataAsSpan<float>()[0];
    }

    private static int IndexOf(OnnxSession session, string output)
    {
        for (var index = 0; index < session.OutputNames.Count; index++)
            if (session.OutputNames[index] == output) return index;
        throw new InvalidOperationException($"There is no output '{output}'.");
    }
}
