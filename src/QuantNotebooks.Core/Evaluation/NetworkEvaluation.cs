using System.Numerics.Tensors;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Evaluation;

/// <summary>Runs a network over a test set.</summary>
public static class NetworkEvaluation
{
    private const int BatchSize = 100;

    /// <summary>The accuracy in full precision.</summary>
    /// <param name="network">The network; of a corrected one, its full-precision reference runs.</param>
    /// <param name="images">Test images.</param>
    /// <param name="progress">Told how many batches are done.</param>
    /// <param name="cancellation">Stops within a batch.</param>
    /// <exception cref="QuantNotebooksException">The images don't fit the network.</exception>
    public static EvaluationResult Evaluate(
        this Network network, ImageSet images, IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default) =>
        Run(network, images, null, null, progress, cancellation);

    /// <summary>The accuracy quantized, beside full precision.</summary>
    /// <param name="network">The network.</param>
    /// <param name="images">Test images.</param>
    /// <param name="scheme">How it is quantized.</param>
    /// <param name="calibration">Images that set the activations' ranges; not needed for a network that carries its ranges.</param>
    /// <param name="progress">Told how many batches are done.</param>
    /// <param name="cancellation">Stops within a batch.</param>
    /// <exception cref="QuantNotebooksException">The images don't fit the network, or there are neither ranges nor calibration images.</exception>
    public static EvaluationResult Evaluate(
        this Network network, ImageSet images, QuantizationScheme scheme, ImageSet? calibration = null,
        IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
        var ranges = network.Ranges
            ?? (calibration ?? throw new QuantNotebooksException($"'{network.Name}' carries no calibrated ranges: calibration images are needed to quantize it.")).RangesOf(network, cancellation);
        return Run(network, images, scheme, ranges, progress, cancellation);
    }

    private static ActivationRanges RangesOf(this ImageSet calibration, Network network, CancellationToken cancellation) => network.Calibrate(calibration, cancellation);

    private static EvaluationResult Run(
        Network network, ImageSet images, QuantizationScheme? scheme, ActivationRanges? ranges,
        IProgress<SweepProgress>? progress, CancellationToken cancellation)
    {
        var reference = network.FloatReference;
        var batches = new ImageBatches(network, images, BatchSize);
        var tally = new Tally(network, images);
        using var pool = new TensorPool();
        using var full = new PlanlessInference(reference);
        using var quantized = scheme is null ? null : new QuantizedInference(network, scheme, ranges!, batches.InputName, pool);
        for (var batch = 0; batch < batches.Count; batch++)
        {
            progress?.Report(new SweepProgress(batch, batches.Count, network.Name));
            var input = batches.Read(batch, pool);
            using var expected = full.Run(input, cancellation);
            using var actual = quantized?.Run(input, cancellation);
            if (quantized is null) input.Dispose();
            tally.Add(batches.ImagesIn(batch), expected.Floats, actual is null ? default : actual.Floats);
        }
        progress?.Report(new SweepProgress(batches.Count, batches.Count, "done"));
        return tally.Result(scheme);
    }

    /// <summary>The whole network in one ONNX Runtime session.</summary>
    private sealed class PlanlessInference(Network network) : IDisposable
    {
        private readonly OnnxSession _session = OnnxSession.Create(network.ToModel(), network.Name);

        public BatchTensor Run(BatchTensor input, CancellationToken cancellation)
        {
            var outputs = _session.Run([input.Value], cancellation);
            foreach (var other in outputs.Skip(1)) other.Dispose();
            return BatchTensor.Own(outputs[0]);
        }

        public void Dispose() => _session.Dispose();
    }

    /// <summary>Counts right answers and agreements, and adds up signal and noise of the output.</summary>
    private sealed class Tally(Network network, ImageSet images)
    {
        private readonly bool _classifies = network.Task?.Task is ClassificationTask;
        private int _seen, _fullRight, _quantizedRight, _agree;
        private double _signal, _noise;

        public void Add(int count, ReadOnlySpan<float> full, ReadOnlySpan<float> quantized)
        {
            var width = full.Length / count;
            for (var image = 0; image < count; image++, _seen++)
            {
                var expected = full.Slice(image * width, width);
                var actual = quantized.IsEmpty ? default : quantized.Slice(image * width, width);
                if (_classifies) AddClasses(expected, actual);
                for (var index = 0; index < actual.Length; index++)
                {
                    var error = (double)actual[index] - expected[index];
                    _noise += error * error;
                    _signal += (double)expected[index] * expected[index];
                }
            }
        }

        public EvaluationResult Result(QuantizationScheme? scheme)
        {
            var labelled = _classifies && images.Labels is not null;
            return new EvaluationResult(
                network, scheme, images,
                labelled ? (double)_fullRight / _seen : null,
                labelled && scheme is not null ? (double)_quantizedRight / _seen : null,
                _classifies && scheme is not null ? (double)_agree / _seen : null,
                scheme is null ? null : 10 * Math.Log10(_signal / _noise));
        }

        private void AddClasses(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
        {
            var label = images.Labels?[_seen];
            if (label >= expected.Length)
                throw new QuantNotebooksException($"Image {_seen} of '{images.Name}' has label {label}, and '{network.Name}' tells {expected.Length} classes apart.");
            var expectedClass = TensorPrimitives.IndexOfMax(expected);
            if (expectedClass == label) _fullRight++;
            if (actual.IsEmpty) return;
            var actualClass = TensorPrimitives.IndexOfMax(actual);
            if (actualClass == label) _quantizedRight++;
            if (actualClass == expectedClass) _agree++;
        }
    }
}
