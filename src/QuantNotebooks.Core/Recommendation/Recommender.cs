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
    Network network, ImageSet images, ImageSet heldOut, QuantizationScheme scheme, TimeSpan budget, IProgress<SweepProgress>? progress, CancellationToken cancellation)
{
    /// <summary>What the kept steps have made so far.</summary>
    private readonly record struct State(Network Network, QuantizationScheme Scheme);

    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly ImmutableArray<string>.Builder _untried = ImmutableArray.CreateBuilder<string>();

    private bool IsLate => _watch.Elapsed > budget;

    public RecommendationReport Run()
    {
        var ranges = network.Ranges ?? network.Calibrate(images, scheme, null, cancellation);
        var shift = network.MeasureMeanShift(images, scheme, new() { Ranges = ranges }, progress, cancellation);
        var sensitivity = network.MeasureSensitivity(images, scheme, new() { Ranges = ranges }, progress, cancellation);
        var current = new State(network, scheme);
        var before = Evaluate(current);
        var weighing = new RemedyWeighing(sensitivity, shift);
        Weigh(weighing);
        ImmutableArray<LayerAdvice> advice = [.. weighing.Advise()];

        var steps = ImmutableArray.CreateBuilder<TriedStep>();
        var best = before;
        var done = new List<(Layer, Remedy)>();
        foreach (var remedy in Order(advice))
        {
            if (IsLate)
            {
                _untried.Add($"{remedy.Text()} was not tried");
                continue;
            }
            // A correction is free, so layers that are not worth another remedy have it too.
            var meant = advice.Where(layer => layer.Remedy == remedy || remedy == Remedy.Correct && layer.Remedy == Remedy.Keep).Select(layer => layer.Layer).ToList();
            var start = _watch.Elapsed;
            var changed = Apply(remedy, meant, current);
            var result = Evaluate(changed);
            // A step that is no improvement on images that nothing was fitted to is undone.
            var kept = result.SqnrDecibels > best.SqnrDecibels;
            var predicted = before.SqnrDecibels!.Value + weighing.PredictedGainDecibels(done.Concat(meant.Select(layer => (layer, remedy))));
            steps.Add(new TriedStep(remedy, meant.Count, predicted, result, kept, (_watch.Elapsed - start).TotalSeconds));
            if (!kept) continue;
            done.AddRange(meant.Select(layer => (layer, remedy)));
            (current, best) = (changed, result);
        }
        return new RecommendationReport(network, scheme, images, heldOut, WithMeasured(advice, steps, current), sensitivity, before, steps.ToImmutable())
        {
            Network = WithRanges(current), Scheme = current.Scheme, Untried = _untried.ToImmutable(),
        };
    }

    /// <summary>The correction comes last, and always: it compensates what all the others leave, and costs an engine nothing.</summary>
    private static IEnumerable<Remedy> Order(ImmutableArray<LayerAdvice> advice) =>
        [.. advice.Select(layer => layer.Remedy).Where(remedy => remedy is not (Remedy.Keep or Remedy.Correct)).Distinct().Order(), Remedy.Correct];

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
            if (_watch.Elapsed > budget / 2)
            {
                _untried.Add($"{remedy.Text()} was not weighed");
                return;
            }
            weighing.Add(remedy, changed().MeasureSensitivity(images, changedScheme, null, progress, cancellation));
        }
    }

    private State Apply(Remedy remedy, List<Layer> layers, State state) => remedy switch
    {
        Remedy.DropDeadChannels => state with { Network = state.Network.EliminateDeadChannels(cancellation: cancellation).Network },
        Remedy.Equalize => state with { Network = Equalized(state.Network) },
        Remedy.Correct => state with { Network = state.Network.CorrectBias(images, state.Scheme, progress: progress, cancellation: cancellation).Network },
        Remedy.PerChannel => state with { Scheme = state.Scheme with { WeightGranularity = WeightGranularity.PerChannel } },
        Remedy.MoreBits => state with
        {
            Scheme = layers.Aggregate(state.Scheme, (changed, layer) => changed.WithOverride(
                layer.Name, MoreBits(scheme.SchemeOf(layer).WeightBits), MoreBits(scheme.SchemeOf(layer).ActivationBits))),
        },
        Remedy.LeaveFloat => state with { Scheme = layers.Aggregate(state.Scheme, (changed, layer) => changed.WithOverride(layer.Name, null, null)) },
        _ => throw new ArgumentOutOfRangeException(nameof(remedy)),
    };

    private Network Equalized(Network from) => from.Equalize(EqualizationMethod.CrossLayerTwoStep, images, cancellation: cancellation).Network;

    private EvaluationResult Evaluate(State state) => state.Network.Evaluate(heldOut, state.Scheme, images, null, progress, cancellation);

    /// <summary>The same layers alone on the held-out images, before and after.</summary>
    private ImmutableArray<LayerAdvice> WithMeasured(ImmutableArray<LayerAdvice> advice, IReadOnlyList<TriedStep> steps, State state)
    {
        var kept = steps.Where(step => step.Kept && step.Remedy != Remedy.Correct).Select(step => step.Remedy).ToHashSet();
        if (kept.Count == 0) return advice;
        if (IsLate)
        {
            _untried.Add("the layers' gains were not measured one by one");
            return advice;
        }
        var before = network.MeasureSensitivity(heldOut, scheme, new() { Calibration = images }, progress, cancellation);
        var after = state.Network.MeasureSensitivity(heldOut, state.Scheme, new() { Calibration = images }, progress, cancellation);
        return [.. advice.Select(layer => !kept.Contains(layer.Remedy) ? layer : layer with
        {
            MeasuredGainDecibels = 10 * Math.Log10(before.Layers[layer.Layer.Index].Output.Ratio / after.Layers[layer.Layer.Index].Output.Ratio),
        })];
    }

    private Network WithRanges(State state) => state.Network.Ranges is not null
        ? state.Network
        : state.Network.With([], state.Network.Facts with { Ranges = state.Network.Calibrate(images, state.Scheme, null, cancellation) with { Scheme = state.Scheme.ToJson() } });

    /// <summary>The next of the widths that engines have.</summary>
    private static int? MoreBits(int? bits) => bits switch { null => null, < 4 => 4, < 8 => 8, _ => 16 };
}
