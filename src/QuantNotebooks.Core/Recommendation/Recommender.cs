using System.Collections.Immutable;
using System.Diagnostics;
using QuantNotebooks.Correction;
using QuantNotebooks.Equalization;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sensitivity;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Recommendation;

/// <summary>Measures, weighs the remedies layer by layer, and tries the plan step by step.</summary>
internal sealed class Recommender(
    Network network, ImageSet images, ImageSet heldOut, QuantizationScheme scheme, RecommendationOptions options, IProgress<SweepProgress>? progress, CancellationToken cancellation)
{
    /// <summary>What the kept steps have made so far.</summary>
    private readonly record struct State(Network Network, QuantizationScheme Scheme);

    /// <summary>What stands before the plan is run on at most so few images first: whoever interrupts later does not want to wait.</summary>
    private const int FewImages = 16;

    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly ImmutableArray<string>.Builder _untried = ImmutableArray.CreateBuilder<string>();

    private bool IsLate => _watch.Elapsed > options.Budget;

    private bool IsStopped => options.KeepDone && cancellation.IsCancellationRequested;

    public RecommendationReport Run()
    {
        var ranges = network.Ranges ?? network.Calibrate(images, scheme, progress, cancellation);
        var shift = network.MeasureMeanShift(images, scheme, new() { Ranges = ranges, Split = true }, During("shift"), cancellation);
        var entry = network.Quantized(scheme, () => ranges);
        var few = options.KeepDone ? EvaluateFew(entry) : null;
        var sensitivity = network.MeasureSensitivity(images, scheme, new() { Ranges = ranges, KeepDone = options.KeepDone }, During("each layer alone"), cancellation);
        if (sensitivity.StoppedBefore is { } wanted) _untried.Add(FormattableString.Invariant($"layers were measured on the first {sensitivity.Sample.Count} of {wanted} images only"));
        var current = new State(network, scheme);
        var before = EvaluateBefore(entry, few);
        var weighing = new RemedyWeighing(sensitivity, shift);
        Weigh(weighing);
        ImmutableArray<LayerAdvice> advice = [.. weighing.Advise()];

        var steps = ImmutableArray.CreateBuilder<TriedStep>();
        var best = before;
        var done = new List<(Layer, Remedy)>();
        foreach (var remedy in Order(advice))
        {
            if (IsLate || IsStopped)
            {
                _untried.Add($"{remedy.Text()} was not tried");
                continue;
            }
            // A correction is free, so layers that are not worth another remedy have it too.
            var meant = advice.Where(layer => layer.Remedy == remedy || remedy == Remedy.Correct && layer.Remedy == Remedy.Keep).Select(layer => layer.Layer).ToList();
            var start = _watch.Elapsed;
            if (UnlessStopped($"{remedy.Text()} was not tried to the end", () => Try(remedy, meant, current)) is not { } tried) continue;
            var (changed, result) = tried;
            // A step that is no improvement on images that nothing was fitted to is undone.
            var kept = result.SqnrDecibels > best.SqnrDecibels;
            var predicted = before.SqnrDecibels!.Value + weighing.PredictedGainDecibels(done.Concat(meant.Select(layer => (layer, remedy))));
            steps.Add(new TriedStep(remedy, meant.Count, predicted, result, kept, (_watch.Elapsed - start).TotalSeconds));
            if (!kept) continue;
            done.AddRange(meant.Select(layer => (layer, remedy)));
            (current, best) = (changed, result);
        }
        var measured = WithMeasured(advice, steps, current);
        return new RecommendationReport(network, scheme, images, heldOut, measured, sensitivity, before, steps.ToImmutable())
        {
            Shift = shift, Network = WithRanges(current, best.Ranges), Scheme = current.Scheme, Untried = _untried.ToImmutable(),
            Stopped = IsStopped && (_untried.Count > 0 || before.StoppedBefore is not null),
        };
    }

    /// <summary>The work's outcome; null where it is stopped, what is kept until then, and that is noted.</summary>
    private T? UnlessStopped<T>(string missing, Func<T> work) where T : struct
    {
        try
        {
            return work();
        }
        catch (OperationCanceledException) when (options.KeepDone)
        {
            _untried.Add(missing);
            return null;
        }
    }

    /// <summary>The correction comes last, and always: it compensates what all the others leave, and costs an engine nothing.</summary>
    private static IEnumerable<Remedy> Order(ImmutableArray<LayerAdvice> advice) =>
        [.. advice.Select(layer => layer.Remedy).Where(remedy => remedy is not (Remedy.Keep or Remedy.Correct)).Distinct().Order(), Remedy.Correct];

    private IProgress<SweepProgress>? During(string phase) => progress is null ? null : new PhaseProgress(progress, phase);

    private void Weigh(RemedyWeighing weighing)
    {
        if (network.KeepsDeadChannels && network.Layers.Any(layer => !layer.DeadChannels.IsEmpty))
            Weigh(Remedy.DropDeadChannels, () => network.EliminateDeadChannels(cancellation: cancellation).Network, scheme);
        if (scheme is { WeightBits: not null, WeightGranularity: WeightGranularity.PerTensor })
        {
            Weigh(Remedy.Equalize, () => Equalized(network), scheme);
            Weigh(Remedy.PerChannel, () => network, scheme with { WeightGranularity = WeightGranularity.PerChannel });
        }
        if (MoreBits(scheme.WeightBits) != scheme.WeightBits || MoreBits(scheme.ActivationBits) != scheme.ActivationBits)
            Weigh(Remedy.MoreBits, () => network, scheme with { WeightBits = MoreBits(scheme.WeightBits), ActivationBits = MoreBits(scheme.ActivationBits), Overrides = [] });

        void Weigh(Remedy remedy, Func<Network> changed, QuantizationScheme changedScheme)
        {
            // Half of the time is for trying.
            if (_watch.Elapsed > options.Budget / 2 || IsStopped)
            {
                _untried.Add($"{remedy.Text()} was not weighed");
                return;
            }
            UnlessStopped($"{remedy.Text()} was not weighed", () =>
            {
                weighing.Add(remedy, changed().MeasureSensitivity(images, changedScheme, null, During($"weighing {remedy.Text()}"), cancellation));
                return true;
            });
        }
    }

    private (State Changed, EvaluationResult Result) Try(Remedy remedy, List<Layer> layers, State state)
    {
        var changed = Apply(remedy, layers, state);
        return (changed, changed.Network.Evaluate(heldOut, changed.Scheme, images, null, During($"trying {remedy.Text()}"), cancellation));
    }

    private State Apply(Remedy remedy, List<Layer> layers, State state) => remedy switch
    {
        Remedy.DropDeadChannels => state with { Network = state.Network.EliminateDeadChannels(cancellation: cancellation).Network },
        Remedy.Equalize => state with { Network = Equalized(state.Network) },
        Remedy.Correct => state with { Network = state.Network.CorrectBias(images, state.Scheme, progress: During($"trying {remedy.Text()}"), cancellation: cancellation).Network },
        Remedy.PerChannel => state with { Scheme = state.Scheme with { WeightGranularity = WeightGranularity.PerChannel } },
        Remedy.MoreBits => state with
        {
            Scheme = layers.Aggregate(state.Scheme, (changed, layer) => changed.WithOverride(
                layer.Name, MoreBits(scheme.SchemeOf(layer).WeightBits), MoreBits(scheme.SchemeOf(layer).ActivationBits))),
        },
        Remedy.LeaveFloat => state with { Scheme = layers.Aggregate(state.Scheme, (changed, layer) => changed.WithOverride(layer.Name, null, null)) },
        _ => throw new ArgumentOutOfRangeException(nameof(remedy)),
    };

    private Network Equalized(Network from) => from.Equalize(EqualizationMethod.CrossLayerTwoStep, images, progress: During(Remedy.Equalize.Text()), cancellation: cancellation).Network;

    private EvaluationResult EvaluateFew(EvaluationEntry entry)
    {
        var few = heldOut.Take(Math.Min(FewImages, new ImageBatches(network, heldOut).ImagesIn(0)));
        return EvaluationPass.Run([entry], few, keepDone: false, null, cancellation)[0] with { StoppedBefore = few.Count == heldOut.Count ? null : heldOut.Count };
    }

    private EvaluationResult EvaluateBefore(EvaluationEntry entry, EvaluationResult? few)
    {
        try
        {
            return EvaluationPass.Run([entry], heldOut, options.KeepDone, During("as it is"), cancellation)[0];
        }
        catch (OperationCanceledException) when (few is not null)
        {
            return few;
        }
    }

    /// <summary>The same layers alone on the held-out images, before and after.</summary>
    private ImmutableArray<LayerAdvice> WithMeasured(ImmutableArray<LayerAdvice> advice, IReadOnlyList<TriedStep> steps, State state)
    {
        var kept = steps.Where(step => step.Kept && step.Remedy != Remedy.Correct).Select(step => step.Remedy).ToHashSet();
        if (kept.Count == 0) return advice;
        const string missing = "the layers' gains were not measured one by one";
        if (IsLate || IsStopped)
        {
            _untried.Add(missing);
            return advice;
        }
        var measured = UnlessStopped(missing, () => (
            Before: network.MeasureSensitivity(heldOut, scheme, new() { Calibration = images }, During("gains"), cancellation),
            After: state.Network.MeasureSensitivity(heldOut, state.Scheme, new() { Calibration = images }, During("gains"), cancellation)));
        if (measured is not (var before, var after)) return advice;
        return [.. advice.Select(layer => !kept.Contains(layer.Remedy) ? layer : layer with
        {
            MeasuredGainDecibels = 10 * Math.Log10(before.Layers[layer.Layer.Index].Output.Ratio / after.Layers[layer.Layer.Index].Output.Ratio),
        })];
    }

    /// <param name="state">What the kept steps have made.</param>
    /// <param name="ranges">The ranges that its result was measured with; null where no activation is quantized.</param>
    private static Network WithRanges(State state, ActivationRanges? ranges) => state.Network.Ranges is not null || ranges is null
        ? state.Network
        : state.Network.With([], state.Network.Facts with { Ranges = ranges with { Scheme = state.Scheme.ToJson() } });

    /// <summary>The next of the widths that engines have.</summary>
    private static int? MoreBits(int? bits) => bits switch { null => null, < 4 => 4, < 8 => 8, _ => 16 };

    /// <summary>Says beside the layer what it runs for.</summary>
    private sealed class PhaseProgress(IProgress<SweepProgress> inner, string phase) : IProgress<SweepProgress>
    {
        public void Report(SweepProgress value) => inner.Report(value with { Current = $"{phase}, {value.Current}" });
    }
}
