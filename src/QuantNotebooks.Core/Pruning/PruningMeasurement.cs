using System.Collections.Immutable;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Pruning;

/// <summary>Measures what pruning costs, with and without factorization.</summary>
public static class PruningMeasurement
{
    /// <summary>The sparsities that are tried where none are given.</summary>
    public static ImmutableArray<double> DefaultSparsities { get; } = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7];

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
        var results = PruningRun.Run(network, [.. plain, .. factorized], images, MemoryBudget.Default, options.KeepDone, progress, cancellation);
        return new PruningReport(network, results[0].Images, options, results[0].FloatAccuracy, results[0].Metric, Points(plain, 0), Points(factorized, plain.Length))
        {
            StoppedBefore = results[0].StoppedBefore,
        };

        ImmutableArray<PruningResult> Results(PruningOptions how)
        {
            var scored = MagnitudePruning.Scored(network, how, cancellation);
            var ranking = new WeightRanking(scored, how.Scope, cancellation);
            return [.. shares.Select(share =>
            {
                var (layers, make) = MagnitudePruning.Prune(network, scored, ranking, share, how, cancellation);
                return new PruningResult(PruningResult.OnDemand(make), how, layers);
            })];
        }

        ImmutableArray<PruningPoint> Points(ImmutableArray<PruningResult> pruned, int first) => [.. pruned.Select((pruning, index) =>
            new PruningPoint(pruning, results[first + index].QuantizedAccuracy, results[first + index].Agreement, results[first + index].SqnrDecibels!.Value))];
    }
}
