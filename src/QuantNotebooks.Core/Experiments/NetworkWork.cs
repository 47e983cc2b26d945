using System.Diagnostics;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Experiments;

/// <summary>
/// Runs experiments of one network, one after the other, and keeps what they share: the network after steps that don't look at the scheme, calibrated ranges,
/// and the full-precision outputs on the test images. For one thread at a time.
/// </summary>
internal sealed class NetworkWork(ExperimentKeys.OpenNetwork open)
{
    private readonly Network _network = open.Network;
    private readonly Dictionary<string, Network> _prepared = [];
    private readonly Dictionary<(string Function, string Scheme), ActivationRanges> _ranges = [];
    private readonly FloatOutputs _outputs = new(MemoryBudget.Default.Bytes / 2);

    /// <summary>Runs one experiment.</summary>
    /// <exception cref="QuantNotebooksException">The method or the scheme does not fit the network.</exception>
    public ExperimentResult Run(Experiment experiment, string key, CancellationToken cancellation)
    {
        using var process = Process.GetCurrentProcess();
        var (processor, clock) = (process.TotalProcessorTime, Stopwatch.StartNew());
        var network = Prepared(experiment, cancellation);
        var entry = network.Quantized(experiment.Scheme, () => RangesOf(network, experiment.Scheme, cancellation));
        var prepared = clock.Elapsed;
        var result = EvaluationPass.Run([entry], open.Test, keepDone: false, progress: null, cancellation, _outputs)[0];
        process.Refresh();
        return new ExperimentResult(key, experiment.Network.Name, experiment.Method.Name, experiment.Scheme, experiment.Seed)
        {
            Images = result.Images.Count,
            Metric = result.Metric,
            FloatAccuracy = result.FloatAccuracy,
            Accuracy = result.QuantizedAccuracy,
            Agreement = result.Agreement,
            SqnrDecibels = result.SqnrDecibels is { } decibels && double.IsFinite(decibels) ? decibels : null,
            PrepareSeconds = prepared.TotalSeconds,
            TestSeconds = (clock.Elapsed - prepared).TotalSeconds,
            ProcessorSeconds = (process.TotalProcessorTime - processor).TotalSeconds,
            Date = DateTime.UtcNow,
        };
    }

    private Network Prepared(Experiment experiment, CancellationToken cancellation)
    {
        var (network, steps) = (_network, experiment.Method.Steps);
        for (var index = 0; index < steps.Length; index++)
        {
            var step = steps[index];
            var name = string.Join('+', steps[..(index + 1)].Select(done => done.Name));
            if (!step.DependsOnScheme && _prepared.TryGetValue(name, out var known))
            {
                network = known;
                continue;
            }
            network = step.Run(new ExperimentInputs(network, step.Trains ? open.Training : open.Calibration, experiment.Scheme, experiment.Method, experiment.Seed, cancellation));
            // A training that is stopped gives what it has; an experiment is whole or not at all.
            cancellation.ThrowIfCancellationRequested();
            if (!step.DependsOnScheme) _prepared[name] = network;
        }
        return network;
    }

    /// <summary>Extrema serve all schemes that want no more.</summary>
    private ActivationRanges RangesOf(Network network, QuantizationScheme scheme, CancellationToken cancellation)
    {
        var key = (network.FunctionSha256, scheme.ActivationRange.NeedsDistribution ? scheme.ToJson() : "");
        return _ranges.TryGetValue(key, out var known) ? known : _ranges[key] = network.Calibrate(open.Calibration, scheme, null, cancellation);
    }
}
