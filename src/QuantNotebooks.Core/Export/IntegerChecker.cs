using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Export;

/// <summary>Runs an exported file in ONNX Runtime, with its integer kernels, and puts what it gives beside the simulation.</summary>
public static class IntegerChecker
{
    private const int BatchSize = 50;

    /// <summary>Checks the file that an export wrote against the simulation, image by image.</summary>
    /// <param name="export">What <see cref="QdqExport.SaveQdq(Network, string, QuantizationScheme, ActivationRanges?, QdqOptions?, CancellationToken)"/> gave; its file must still be there.</param>
    /// <param name="images">Images; those of the test set say most.</param>
    /// <param name="progress">Told which layer of the simulation is under way.</param>
    /// <param name="cancellation">Stops within a batch.</param>
    /// <returns>The export with <see cref="ExportResult.Check"/>.</returns>
    /// <exception cref="QuantNotebooksException">The export is in floating point, its file can't be run, or the images don't fit the network.</exception>
    public static ExportResult CheckAgainstSimulation(
        this ExportResult export, ImageSet images, IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
        cancellation = cancellation.OrAmbient();
        ArgumentNullException.ThrowIfNull(export);
        ArgumentNullException.ThrowIfNull(images);
        if (export.Scheme is not { } scheme)
            throw new QuantNotebooksException($"'{export.Path}' is in floating point: there is no integer arithmetic to check.");
        var network = export.Network;
        var ranges = export.Ranges ?? ActivationRanges.None;
        var output = network.Graph.Outputs[0].Name;
        var batches = new ImageBatches(network, images, BatchSize);
        using var pool = new TensorPool();
        using var reader = batches.Open(pool, cancellation);
        using var simulation = new QuantizedInference(network, scheme, ranges, batches.InputName, pool);
        using var asItRuns = new Engine(export.Path, precise: false, network, images, cancellation);
        using var precise = new Engine(export.Path, precise: true, network, images, cancellation);
        var placement = QuantizerPlacement.Of(network, scheme);
        var grid = placement.Tensors.Contains(output) ? placement.FormatOf(output) : null;
        var step = grid?.Over(ranges.Of(output, network)).Scale ?? 0;
        var done = 0;
        simulation.Begins = index => Report(done * simulation.Steps.Length + index, simulation.Steps[index].Name);
        for (; done < batches.Count; done++)
        {
            var input = reader.Next();
            using var first = asItRuns.Run(input.Value, output, cancellation);
            using var second = precise.Run(input.Value, output, cancellation);
            // The simulation takes its input over.
            using var simulated = simulation.Run(input, cancellation);
            if (step == 0) step = Math.Max(TensorPrimitives.MaxMagnitude(simulated.Floats), float.Epsilon) / byte.MaxValue;
            asItRuns.Compare(batches.ImagesIn(done), simulated.Floats, first.GetTensorDataAsSpan<float>(), step);
            precise.Compare(batches.ImagesIn(done), simulated.Floats, second.GetTensorDataAsSpan<float>(), step);
        }
        Report(done * simulation.Steps.Length, "done");
        return export with { Check = new IntegerCheck(images, step, asItRuns.Agreement(scheme), precise.Agreement(scheme)) };

        void Report(int step, string current) => progress?.Report(new SweepProgress(step, batches.Count * simulation.Steps.Length, current)
        {
            ImagesDone = Math.Min(images.Count, done * batches.BatchSize), TotalImages = images.Count,
        });
    }

    /// <summary>The file in a session, and how far it agrees so far.</summary>
    private sealed class Engine(string path, bool precise, Network network, ImageSet images, CancellationToken cancellation) : IDisposable
    {
        private readonly OnnxSession _session = OnnxSession.Create(File.ReadAllBytes(path), path, new SessionSettings { PreciseIntegers = precise }, cancellation);
        private readonly OutputTally _answers = OutputTally.For(network, images);
        private long _values, _near;
        private double _largest;

        /// <summary>The values of one output for a batch; the input stays the caller's.</summary>
        public OrtValue Run(OrtValue input, string output, CancellationToken cancellation)
        {
            var outputs = _session.Run([input], cancellation);
            var wanted = _session.OutputNames.ToList().IndexOf(output);
            for (var index = 0; index < outputs.Count; index++)
                if (index != wanted) outputs[index].Dispose();
            return outputs[wanted];
        }

        public void Compare(int count, ReadOnlySpan<float> simulated, ReadOnlySpan<float> integers, double step)
        {
            for (var index = 0; index < integers.Length; index++)
            {
                var difference = Math.Abs((double)integers[index] - simulated[index]) / step;
                if (difference < IntegerAgreement.TwoSteps) _near++;
                // What is no number is as far as can be.
                _largest = Math.Max(_largest, double.IsNaN(difference) ? double.PositiveInfinity : difference);
            }
            _values += integers.Length;
            _answers.Add(count, simulated, integers);
        }

        /// <summary>The tally's full precision is here the simulation, and its quantized network the engine.</summary>
        public IntegerAgreement Agreement(QuantizationScheme scheme) =>
            new(_answers.Result(scheme, null).Agreement, (double)_near / _values, _largest);

        public void Dispose() => _session.Dispose();
    }
}
