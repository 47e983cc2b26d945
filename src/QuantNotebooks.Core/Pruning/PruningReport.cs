using System.Collections.Immutable;
using System.Globalization;
using QuantNotebooks.Equalization;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Pruning;

/// <summary>One pruned network, run on images beside the network before.</summary>
/// <param name="Pruning">The pruned network and how it came about.</param>
/// <param name="Accuracy">Share of images that it answers right, 0 to 1; null where the right answers are not known.</param>
/// <param name="Agreement">Share of images to which it gives the answer of the network before; null without a task.</param>
/// <param name="SqnrDecibels">Of its output, the change by pruning being the noise.</param>
public sealed record PruningPoint(PruningResult Pruning, double? Accuracy, double? Agreement, double SqnrDecibels)
{
    /// <summary>What to judge by: the accuracy, or the agreement where it is not known.</summary>
    public double? Score => Accuracy ?? Agreement;
}

/// <summary>Accuracy against sparsity, with and without factorization. Immutable.</summary>
/// <param name="Original">The network before.</param>
/// <param name="Images">What it was tried on.</param>
/// <param name="Options">How weights are chosen with factorization.</param>
/// <param name="OriginalAccuracy">Share of images that the network before answers right; null where the right answers are not known.</param>
/// <param name="Metric">What counts as right.</param>
/// <param name="Plain">Pruned by the magnitude of the weights as they are, one entry a sparsity.</param>
/// <param name="Factorized">Pruned by the magnitude in the factorization, in the same order.</param>
public sealed record PruningReport(
    Network Original, ImageSet Images, PruningOptions Options, double? OriginalAccuracy, AccuracyMetric Metric,
    ImmutableArray<PruningPoint> Plain, ImmutableArray<PruningPoint> Factorized)
{
    /// <summary>How many images were to be run, where the measurement was stopped before their end and <see cref="Images"/> are the first of them; else null.</summary>
    public int? StoppedBefore { get; init; }

    /// <summary>The network with the largest sparsity asked for, pruned with factorization.</summary>
    public Network Network => Factorized[^1].Pruning.Network;

    /// <summary>Where the two ways differ most, in one sentence without a full stop.</summary>
    public string Finding
    {
        get
        {
            var method = Options.Factorization!.Value.Text();
            var pairs = Plain.Zip(Factorized).Where(pair => pair.First.Score is not null).ToArray();
            if (pairs.Length == 0) return $"{Original.Name}: what the answers are is not known, so only the outputs can be compared";
            var (plain, factorized) = pairs.MaxBy(pair => Math.Abs(pair.Second.Score!.Value - pair.First.Score!.Value));
            var what = plain.Accuracy is null ? "agreement" : Metric.Text();
            var (low, high) = (Interval(plain), Interval(factorized));
            var overlap = low.Low <= high.High && high.Low <= low.High ? ", which these images can't tell apart" : "";
            return string.Create(CultureInfo.InvariantCulture,
                $"{Original.Name}: {method} factors make most difference at {100 * factorized.Pruning.Sparsity:F0} % sparsity, {100 * factorized.Score!.Value:F1} % {what} beside {100 * plain.Score!.Value:F1} % without{overlap}");
        }
    }

    /// <summary>The 95 % interval of a point's score, the images taken as independent.</summary>
    public WilsonInterval Interval(PruningPoint point)
    {
        ArgumentNullException.ThrowIfNull(point);
        return WilsonInterval.Of(point.Score ?? 0, Images.Count);
    }
}
