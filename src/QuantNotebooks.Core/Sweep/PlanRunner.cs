using System.Collections.Immutable;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Sweep;

/// <summary>
/// Runs a network step by step, one batch from input to output, and shows every tensor to its owner, who may change it in place: the one way
/// in which ranges are calibrated and the quantized network is evaluated. Several threads may run batches at once.
/// </summary>
internal sealed class PlanRunner : IDisposable
{
    private readonly ExecutionPlan _plan;
    private readonly NodeRunner[] _runners;
    private readonly Action<string, BatchTensor> _made;
    private readonly string _inputName;
    private readonly string _outputName;

    /// <param name="network">The network whose steps run.</param>
    /// <param name="graph">The constants they run with: the network's own, or its quantized weights.</param>
    /// <param name="inputName">The image input.</param>
    /// <param name="pool">Memory for tensors.</param>
    /// <param name="made">Called for the input and for every tensor as soon as it is made.</param>
    /// <param name="settings">How ONNX Runtime is to run it.</param>
    public PlanRunner(Network network, Graph graph, string inputName, TensorPool pool, Action<string, BatchTensor> made, SessionSettings settings = default)
    {
        _plan = ExecutionPlan.Of(network);
        _runners = [.. _plan.Steps.Select(step => new NodeRunner(graph, step.Nodes, step.Outputs, pool, settings, step.Layer is not null))];
        _made = made;
        _inputName = inputName;
        _outputName = network.Graph.Outputs[0].Name;
    }

    /// <summary>What it runs, in order.</summary>
    public ImmutableArray<SweepStep> Steps => _plan.Steps;

    /// <summary>Told the index of each step before it runs.</summary>
    public Action<int>? Begins { get; init; }

    /// <summary>Runs one batch; takes over the input and gives the network's first output to the caller.</summary>
    public BatchTensor Run(BatchTensor input, CancellationToken cancellation)
    {
        var alive = new Dictionary<string, (BatchTensor Tensor, int ReadersLeft)>();
        try
        {
            Add(_inputName, input);
            for (var index = 0; index < _runners.Length; index++)
            {
                Begins?.Invoke(index);
                var inputs = _runners[index].Inputs.Select(name => alive[name].Tensor).ToArray();
                var outputs = _runners[index].Run(inputs, cancellation);
                for (var output = 0; output < outputs.Length; output++) Add(_plan.Steps[index].Outputs[output], outputs[output]);
                foreach (var name in _plan.Steps[index].Inputs) Read(name);
            }
            alive.Remove(_outputName, out var result);
            return result.Tensor;
        }
        finally
        {
            foreach (var (tensor, _) in alive.Values) tensor.Dispose();
        }

        void Add(string name, BatchTensor tensor)
        {
            alive[name] = (tensor, _plan.Readers.GetValueOrDefault(name));
            _made(name, tensor);
        }

        void Read(string name)
        {
            var (tensor, left) = alive[name];
            if (left > 1 || name == _outputName)
            {
                alive[name] = (tensor, left - 1);
                return;
            }
            alive.Remove(name);
            tensor.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (var runner in _runners) runner.Dispose();
    }
}
