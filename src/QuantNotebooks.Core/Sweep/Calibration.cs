using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Sweep;

/// <summary>Finds the ranges of the tensors that are to be quantized.</summary>
public static class Calibration
{
    /// <summary>
    /// The extrema of every quantized tensor of the full-precision network on the images (min-max calibration, paper A). Holds one batch of
    /// images at a time.
    /// </summary>
    /// <param name="network">The network; of a corrected one, its full-precision reference is calibrated.</param>
    /// <param name="images">Calibration images; no labels needed.</param>
    /// <param name="progress">Told of each batch.</param>
    /// <param name="cancellation">Stops within a batch.</param>
    /// <exception cref="QuantNotebooksException">The images don't fit the network, or a value is not finite.</exception>
    public static ActivationRanges Calibrate(
        this Network network, ImageSet images, IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default) =>
        Extrema(network, images, progress, cancellation.OrAmbient());

    private static ActivationRanges Extrema(Network network, ImageSet images, IProgress<SweepProgress>? progress, CancellationToken cancellation)
    {
        var reference = network.FloatReference;
        var placement = QuantizerPlacement.Of(reference, QuantizationScheme.Int8PerTensor);
        var ranges = new SortedDictionary<string, ActivationRange>(StringComparer.Ordinal);
        ForEachTensor(reference, images, Extend, progress, cancellation);
        return new ActivationRanges(ranges.ToImmutableSortedDictionary(StringComparer.Ordinal), images.Sha256, images.Count);

        void Extend(string name, BatchTensor tensor)
        {
            if (!placement.Tensors.Contains(name) || !tensor.IsFloat) return;
            var range = ExtremaOf(name, tensor.Floats, reference, images);
            lock (ranges) ranges[name] = ranges.TryGetValue(name, out var before) ? before.Union(range) : range;
        }
    }

    /// <summary>The ranges that a scheme's estimator finds on the images; it takes a second pass where the extrema are not enough.</summary>
    /// <param name="network">The network; of a corrected one, its full-precision reference is calibrated.</param>
    /// <param name="images">Calibration images; no labels needed.</param>
    /// <param name="scheme">Says the estimator and the bits that it is for.</param>
    /// <param name="progress">Told of each batch, of both passes where there are two.</param>
    /// <param name="cancellation">Stops within a batch.</param>
    /// <exception cref="QuantNotebooksException">The images don't fit the network, or a value is not finite.</exception>
    public static ActivationRanges Calibrate(
        this Network network, ImageSet images, QuantizationScheme scheme, IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
        cancellation = cancellation.OrAmbient();
        ArgumentNullException.ThrowIfNull(scheme);
        var reference = network.FloatReference;
        // First, because a scheme that does not fit the network is refused here.
        var placement = QuantizerPlacement.Of(reference, scheme);
        var extrema = Extrema(network, images, progress, cancellation);
        if (!scheme.ActivationRange.NeedsDistribution || !placement.QuantizesActivations) return extrema;
        var histograms = extrema.ByTensor.ToDictionary(pair => pair.Key, pair => new ValueHistogram(pair.Value));
        ForEachTensor(reference, images, Count, progress, cancellation);
        return extrema with
        {
            ByTensor = extrema.ByTensor.ToImmutableSortedDictionary(
                pair => pair.Key,
                pair => placement.FormatOf(pair.Key) is { } format ? scheme.ActivationRange.Of(histograms[pair.Key], format) : pair.Value,
                StringComparer.Ordinal),
        };

        void Count(string name, BatchTensor tensor)
        {
            if (!histograms.TryGetValue(name, out var histogram)) return;
            lock (histogram) histogram.Add(tensor.Floats);
        }
    }

    /// <summary>Shows every tensor that a step of the network makes, batch by batch; several batches at once, in any order, on threads of their own.</summary>
    internal static void ForEachTensor(Network network, ImageSet images, Action<string, BatchTensor> made, IProgress<SweepProgress>? progress, CancellationToken cancellation)
    {
        var (done, begun, reporting) = (0, 0, new Lock());
        var batches = new ImageBatches(network, images);
        var workers = BatchWorkers.For(batches, MemoryBudget.Default.Bytes);
        var pool = new TensorPool();
        var steps = ExecutionPlan.Of(network).Steps;
        var runner = new PlanRunner(network, network.Graph, batches.InputName, pool, made, new SessionSettings(workers.ThreadsEach, Unoptimized: false)) { Begins = Tell };
        var reader = batches.Open(pool, cancellation);
        try
        {
            workers.ForEach(Run, cancellation);
        }
        finally
        {
            workers.WhenIdle(() =>
            {
                reader.Dispose();
                runner.Dispose();
                pool.Dispose();
            });
        }

        void Run(int batch)
        {
            runner.Run(reader.Take(batch), cancellation).Dispose();
            lock (reporting)
            {
                if (++done == batches.Count) Report("done");
            }
        }

        void Tell(int step)
        {
            lock (reporting)
            {
                if (cancellation.IsCancellationRequested) return; // by another batch's report
                Report(steps[step].Name);
                begun++;
            }
        }

        void Report(string current) => progress?.Report(new SweepProgress(begun, batches.Count * steps.Length, $"calibration: {current}")
        {
            ImagesDone = Math.Min(images.Count, done * batches.BatchSize), TotalImages = images.Count,
        });
    }

    /// <summary>Smallest and largest value; a value that is not finite is refused by the tensor's name, for no grid could cover it.</summary>
    internal static ActivationRange ExtremaOf(string tensor, ReadOnlySpan<float> values, Network network, ImageSet images)
    {
        // A tensor without values needs no grid; any will do.
        if (values.IsEmpty) return default;
        return Extrema(values) ?? throw new QuantNotebooksException(
            $"Tensor '{tensor}' of '{network.Name}' takes values that are not finite (NaN or infinity) in full precision on '{images.Name}'.");
    }

    /// <summary>Smallest and largest of at least one value; null where a NaN or an infinity is among them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ActivationRange? Extrema(ReadOnlySpan<float> values)
    {
        var (lowest, highest, notFinite) = (values[0], values[0], 0f);
        var index = 0;
        if (values.Length >= Vector<float>.Count)
        {
            var (low, high, differences) = (new Vector<float>(values), new Vector<float>(values), Vector<float>.Zero);
            for (; index <= values.Length - Vector<float>.Count; index += Vector<float>.Count)
            {
                var vector = new Vector<float>(values[index..]);
                (low, high) = (Vector.MinNative(low, vector), Vector.MaxNative(high, vector));
                // 0 for every finite value, NaN for the others.
                differences += vector - vector;
            }
            for (var lane = 0; lane < Vector<float>.Count; lane++) (lowest, highest) = (Math.Min(lowest, low[lane]), Math.Max(highest, high[lane]));
            notFinite = Vector.Sum(differences);
        }
        for (; index < values.Length; index++)
        {
            (lowest, highest) = (Math.Min(lowest, values[index]), Math.Max(highest, values[index]));
            notFinite += values[index] - values[index];
        }
        return notFinite == 0 ? new ActivationRange(lowest, highest) : null;
    }
}
