using System.Collections.Immutable;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Sensitivity;

/// <summary>
/// Runs the full-precision network once for a batch, and from each layer on a second time with just that layer quantized. All of these
/// variants walk the network together, step by step: each holds only the tensors in which it differs, and all run in the same sessions. For one
/// thread at a time.
/// </summary>
internal sealed class SuffixRunner : IDisposable
{
    private readonly Network _network;
    private readonly ExecutionPlan _plan;
    private readonly NodeRunner[] _full;
    private readonly NodeRunner?[] _quantized;
    private readonly QuantizerPlacement _placement;
    private readonly Dictionary<string, Quantizer> _quantizers;
    private readonly TensorPool _pool;
    private readonly string _inputName;
    private readonly string _outputName;

    /// <param name="network">The full-precision network.</param>
    /// <param name="scheme">How a layer is quantized.</param>
    /// <param name="ranges">The ranges of the activations.</param>
    /// <param name="inputName">The image input.</param>
    /// <param name="pool">Memory for tensors.</param>
    public SuffixRunner(Network network, QuantizationScheme scheme, ActivationRanges ranges, string inputName, TensorPool pool)
    {
        _network = network;
        _plan = ExecutionPlan.Of(network);
        _placement = QuantizerPlacement.Of(network, scheme);
        _quantizers = _placement.Quantizers(network, ranges);
        var graph = QuantizedInference.QuantizedGraph(network, scheme, _placement, _quantizers);
        _full = [.. _plan.Steps.Select(step => new NodeRunner(network.Graph, step.Nodes, step.Outputs, pool, default, step.Layer is not null))];
        _quantized = [.. _plan.Steps.Select(step => step.Layer is null ? null : new NodeRunner(graph, step.Nodes, step.Outputs, pool, default, shapesFollowInputs: true))];
        _pool = pool;
        _inputName = inputName;
        _outputName = network.Graph.Outputs[0].Name;
    }

    /// <summary>The steps of a run, in order.</summary>
    public ImmutableArray<SweepStep> Steps => _plan.Steps;

    /// <summary>Runs one batch.</summary>
    /// <param name="input">The images; taken over.</param>
    /// <param name="compare">Given the full-precision output, and for each layer the output with that layer quantized.</param>
    /// <param name="begins">Told each step that begins, by its index.</param>
    /// <param name="cancellation">Stops within a step.</param>
    public void Run(BatchTensor input, Action<BatchTensor, Func<Layer, BatchTensor>> compare, Action<int> begins, CancellationToken cancellation)
    {
        var full = new Dictionary<string, BatchTensor> { [_inputName] = input };
        var variants = _network.Layers.Select(_ => new Dictionary<string, BatchTensor>()).ToArray();
        try
        {
            for (var index = 0; index < _plan.Steps.Length; index++)
            {
                begins(index);
                var step = _plan.Steps[index];
                Keep(full, step, _full[index].Run(InputsOf(_full[index], full, full), cancellation));
                foreach (var variant in variants)
                    if (variant.Count > 0 && step.Inputs.Any(variant.ContainsKey))
                        Keep(variant, step, _full[index].Run(InputsOf(_full[index], variant, full), cancellation));
                if (step.Layer is { } layer) Keep(variants[layer.Index], step, [RunQuantized(layer, _quantized[index]!, full, cancellation)]);
                // A layer that does not lead to the output leaves it as it is.
                if (step.Releases.Contains(_outputName)) compare(full[_outputName], layer => variants[layer.Index].GetValueOrDefault(_outputName, full[_outputName]));
                foreach (var tensors in variants) Release(tensors, step);
                Release(full, step);
            }
        }
        finally
        {
            foreach (var tensors in variants.Append(full))
                foreach (var tensor in tensors.Values) tensor.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (var runner in _full) runner.Dispose();
        foreach (var runner in _quantized) runner?.Dispose();
    }

    /// <summary>The layer alone: its input on its grid, weights and bias on theirs, and its output after the activation on its own.</summary>
    private BatchTensor RunQuantized(Layer layer, NodeRunner runner, Dictionary<string, BatchTensor> full, CancellationToken cancellation)
    {
        var input = full[layer.Input];
        BatchTensor? rounded = null;
        try
        {
            if (input.IsFloat && _quantizers.TryGetValue(_placement.InputGridOf(layer), out var inputGrid))
            {
                rounded = BatchTensor.Create(_pool, input.Shape);
                inputGrid.Apply(input.Floats, rounded.Floats);
            }
            var output = runner.Run([rounded ?? input], cancellation)[0];
            if (_quantizers.TryGetValue(layer.Output, out var outputGrid)) outputGrid.Apply(output.Floats, output.Floats);
            return output;
        }
        finally
        {
            rounded?.Dispose();
        }
    }

    private static BatchTensor[] InputsOf(NodeRunner runner, Dictionary<string, BatchTensor> own, Dictionary<string, BatchTensor> full)
    {
        var inputs = new BatchTensor[runner.Inputs.Length];
        for (var index = 0; index < inputs.Length; index++)
            inputs[index] = own.TryGetValue(runner.Inputs[index], out var tensor) ? tensor : full[runner.Inputs[index]];
        return inputs;
    }

    private static void Keep(Dictionary<string, BatchTensor> tensors, SweepStep step, BatchTensor[] outputs)
    {
        for (var output = 0; output < outputs.Length; output++) tensors[step.Outputs[output]] = outputs[output];
    }

    private static void Release(Dictionary<string, BatchTensor> tensors, SweepStep step)
    {
        foreach (var name in step.Releases)
            if (tensors.Remove(name, out var tensor)) tensor.Dispose();
    }
}
