using System.Collections.Immutable;
using System.Globalization;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Pruning;

/// <summary>Measures what pruning costs, with and without factorization.</summary>
public static class PruningMeasurement
{
    /// <summary>The sparsities that are tried where none are given.</summary>
    public static ImmutableArray<double> DefaultSparsities { get; } = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7];

    /// <summary>Nothing is quantized: the full-precision outputs are compared.</summary>
    private static readonly QuantizationScheme Float = QuantizationScheme.Int8PerTensor with { WeightBits = null, ActivationBits = null };

    /// <summary>Prunes to each sparsity by plain and by factorized magnitude and runs all networks on the images in full precision.</summary>
    /// <param name="network">The network.</param>
    /// <param name="images">Test images; without labels the agreement with the network before is measured.</param>
    /// <param name="sparsities">Shares of weights to set to zero, in ascending order; null for <see cref="DefaultSparsities"/>.</param>
    /// <param name="options">How weights are chosen with factorization; null for the defaults.</param>
    /// <param name="progress">Told which network is under way.</param>
    /// <param name="cancellation">Stops within a batch; see <see cref="PruningOptions.KeepDone"/> for those before it.</param>
    /// <exception cref="QuantNotebooksException">
    /// The options name no factorization, a sparsity is no share below 1 or they don't ascend, or the images don't fit the network.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static PruningReport MeasurePruning(
        this Network network, ImageSet images, IEnumerable<double>? sparsities = null, PruningOptions? options = null,
        IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
        cancellation = cancellation.OrAmbient();
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(images);
        options ??= PruningOptions.Default;
        ImmutableArray<double> shares = sparsities is null ? DefaultSparsities : [.. sparsities];
        if (shares.IsEmpty) throw new QuantNotebooksException("There is no sparsity to prune to.");
        foreach (var share in shares) MagnitudePruning.RequireShare(share);
        if (shares.Zip(shares.Skip(1)).Any(pair => pair.First >= pair.Second)) throw new QuantNotebooksException("The sparsities must ascend, each larger than the one before.");
        if (options.Factorization is null) throw new QuantNotebooksException("The comparison needs a factorization beside the plain magnitude: name a method of equalization.");

        var plain = Results(options with { Factorization = null });
        var factorized = Results(options);
        var results = Run(network, [.. plain, .. factorized], images, options.KeepDone, progress, cancellation);
        return new PruningReport(network, results[0].Images, options, results[0].FloatAccuracy, results[0].Metric, Points(plain, 0), Points(factorized, plain.Length))
        {
            StoppedBefore = results[0].StoppedBefore,
        };

        ImmutableArray<PruningResult> Results(PruningOptions how)
        {
            var scores = MagnitudePruning.ScoresOf(network, how, cancellation);
            return [.. shares.Select(share =>
            {
                cancellation.ThrowIfCancellationRequested();
                return MagnitudePruning.Prune(network, scores, share, how);
            })];
        }

        ImmutableArray<PruningPoint> Points(ImmutableArray<PruningResult> pruned, int first) => [.. pruned.Select((pruning, index) =>
            new PruningPoint(pruning, results[first + index].QuantizedAccuracy, results[first + index].Agreement, results[first + index].SqnrDecibels!.Value))];
    }

    private static string Named(PruningResult pruned) =>
        string.Create(CultureInfo.InvariantCulture, $"{100 * pruned.Sparsity:F0} % pruned{(pruned.Options.Factorization is null ? "" : ", factorized")}");

    /// <summary>One pass over the images through the network and all pruned ones.</summary>
    private static ImmutableArray<EvaluationResult> Run(
        Network network, ImmutableArray<PruningResult> pruned, ImageSet images, bool keepDone, IProgress<SweepProgress>? progress, CancellationToken cancellation)
    {
        var batches = new ImageBatches(network, images);
        using var pool = new TensorPool();
        var tallies = pruned.Select(_ => OutputTally.For(network, images)).ToArray();
        var sessions = new List<OnnxSession>();
        try
        {
            foreach (var other in pruned.Select(result => result.Network).Prepend(network))
            {
                cancellation.ThrowIfCancellationRequested();
                sessions.Add(OnnxSession.Create(other.FloatReference.ToModel(), other.Name));
            }
            using var reader = batches.Open(pool, cancellation);
            for (var batch = 0; batch < batches.Count; batch++) RunBatch(reader, batch);
            Report(batches.Count, 0, "done");
        }
        catch (OperationCanceledException) when (keepDone && tallies[0].Seen > 0)
        {
            // A batch is compared when all networks have run it: what was done is the batches before.
        }
        finally
        {
            foreach (var session in sessions) session.Dispose();
        }
        return [.. tallies.Select(tally => tally.Result(Float, null))];

        void RunBatch(BatchReader reader, int batch)
        {
            using var input = reader.Next();
            var outputs = new List<BatchTensor>(sessions.Count);
            try
            {
                foreach (var session in sessions)
                {
                    Report(batch, outputs.Count, outputs.Count == 0 ? network.Name : Named(pruned[outputs.Count - 1]));
                    outputs.Add(First(session, input));
                }
                for (var index = 0; index < tallies.Length; index++) tallies[index].Add(batches.ImagesIn(batch), outputs[0].Floats, outputs[index + 1].Floats);
            }
            finally
            {
                foreach (var output in outputs) output.Dispose();
            }
        }

        void Report(int batch, int run, string current) => progress?.Report(new SweepProgress(batch * sessions.Count + run, batches.Count * sessions.Count, current + ", all layers at once")
        {
            ImagesDone = Math.Min(images.Count, batch * batches.BatchSize), TotalImages = images.Count,
        });

        BatchTensor First(OnnxSession session, BatchTensor input)
        {
            var outputs = session.Run([input.Value], cancellation);
            foreach (var other in outputs.Skip(1)) other.Dispose();
            return BatchTensor.Own(outputs[0]);
        }
    }
}
