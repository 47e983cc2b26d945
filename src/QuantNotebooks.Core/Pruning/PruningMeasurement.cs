using System.Collections.Immutable;
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
    /// <param name="progress">Told how many batches are done.</param>
    /// <param name="cancellation">Stops within a batch.</param>
    /// <exception cref="QuantNotebooksException">
    /// The options name no factorization, a sparsity is no share below 1 or they don't ascend, or the images don't fit the network.
    /// </exception>
    public static PruningReport MeasurePruning(
        this Network network, ImageSet images, IEnumerable<double>? sparsities = null, PruningOptions? options = null,
        IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
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
        var results = Run(network, [.. plain, .. factorized], images, progress, cancellation);
        return new PruningReport(network, images, options, results[0].FloatAccuracy, results[0].Metric, Points(plain, 0), Points(factorized, plain.Length));

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

    /// <summary>One pass over the images through the network and all pruned ones.</summary>
    private static ImmutableArray<EvaluationResult> Run(
        Network network, ImmutableArray<PruningResult> pruned, ImageSet images, IProgress<SweepProgress>? progress, CancellationToken cancellation)
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
            for (var batch = 0; batch < batches.Count; batch++)
            {
                progress?.Report(new SweepProgress(batch, batches.Count, images.Name));
                using var input = reader.Next();
                using var expected = First(sessions[0], input);
                for (var index = 0; index < tallies.Length; index++)
                {
                    using var actual = First(sessions[index + 1], input);
                    tallies[index].Add(batches.ImagesIn(batch), expected.Floats, actual.Floats);
                }
            }
        }
        finally
        {
            foreach (var session in sessions) session.Dispose();
        }
        progress?.Report(new SweepProgress(batches.Count, batches.Count, "done"));
        return [.. tallies.Select(tally => tally.Result(Float, null))];

        BatchTensor First(OnnxSession session, BatchTensor input)
        {
            var outputs = session.Run([input.Value], cancellation);
            foreach (var other in outputs.Skip(1)) other.Dispose();
            return BatchTensor.Own(outputs[0]);
        }
    }
}
