using System.Collections.Immutable;
using System.Numerics.Tensors;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Sweep;

/// <summary>
/// The walk of a visitor that may change a layer by what it saw on all images, or whose ranges are found on the way: all batches go through a
/// layer before the next one.
/// </summary>
internal sealed class LayerwiseSweep(SweepState state, BatchReader reader, CancellationToken cancellation)
{
    private readonly Dictionary<string, float[]> _biases = [];

    private readonly HashSet<Layer> _done = new(ReferenceEqualityComparer.Instance);

    public SweepOutcome Run(IProgress<SweepProgress>? progress, bool keepDone)
    {
        try
        {
            RunAll(progress);
            return state.Outcome(_biases.ToImmutableDictionary());
        }
        catch (OperationCanceledException) when (keepDone && _done.Count > 0)
        {
            // A bias of the layer under way may be found; its values behind the activation are not.
            var kept = _done.Select(layer => layer.Name).Where(_biases.ContainsKey);
            return state.Outcome(kept.ToImmutableDictionary(name => name, name => _biases[name])) with { StoppedAfter = _done };
        }
    }

    private void RunAll(IProgress<SweepProgress>? progress)
    {
        var steps = state.Plan.Steps;
        state.Workers.ForEach(batch => state.ReadImages(reader, batch, cancellation), cancellation);
        QuantizeAll(state.Batches.InputName);
        for (var index = 0; index < steps.Length; index++)
        {
            progress?.Report(new SweepProgress(index, steps.Length, steps[index].Name) { TotalImages = state.Images.Count });
            if (steps[index].Layer is { } layer)
            {
                RunLayer(index);
                _done.Add(layer);
            }
            else
            {
                var step = index;
                state.Workers.ForEach(batch =>
                {
                    state.RunNode(step, batch, cancellation);
                    ReleaseInputs(step, batch);
                }, cancellation);
                foreach (var output in steps[index].Outputs) QuantizeAll(output);
            }
            foreach (var tensor in steps[index].Releases.Intersect(steps[index].Outputs))
                for (var batch = 0; batch < state.Batches.Count; batch++) state.Frontier.Release(tensor, batch);
            state.Close(index);
        }
        progress?.Report(new SweepProgress(steps.Length, steps.Length, "done") { TotalImages = state.Images.Count });
    }

    /// <summary>Lets go of what nobody reads once a step has run on a batch: its memory is warm for the next batch's output.</summary>
    private void ReleaseInputs(int index, int batch)
    {
        var step = state.Plan.Steps[index];
        foreach (var tensor in step.Releases)
            if (!step.Outputs.Contains(tensor)) state.Frontier.Release(tensor, batch);
    }

    private void RunLayer(int index)
    {
        var runner = state.LayerRunnerOf(index);
        var layer = runner.Layer;
        var ranges = new ActivationRange[state.Batches.Count];
        var readings = new InOrder<SplitReading>(reading => runner.Split!.Add(reading));
        // A bias changes the quantized side alone: the full-precision side goes through its activation at once, and its range is known.
        var activation = new Pointwise { Activation = runner.ActivatesApart ? Activation.None : layer.Activation };
        ForEachObserved(layer, RunLinear, new LayerPass { Before = true, Full = activation }, runner.ActivatesApart ? null : SeeRange);
        if (runner.Split is { } split) state.Visitor.ObserveParts(layer, split.Parts());

        var change = activation with { BiasChange = state.Visitor.BiasToAdd(layer, tried => TryOut(runner, Moved(runner, tried).Change)) is { } added ? Change(runner, added) : null };
        if (runner.ActivatesApart)
        {
            if (change.BiasChange is not null) ForEachObserved(layer, Take, new LayerPass { Quantized = change });
            change = activation;
            state.Workers.ForEach(batch =>
            {
                var pair = runner.Activate(Take(batch), cancellation);
                state.Frontier.Put(layer.Output, batch, pair);
                SeeRange(batch, pair);
            }, cancellation);
        }
        if (IsRangeWanted(layer.Output)) Find(layer.Output, ranges);
        var grid = state.GridOf(layer.Output, state.Frontier.IsFloat(layer.Output, 0));
        ForEachObserved(layer, Take, new LayerPass { Quantized = change with { Grid = grid }, After = true });

        BatchPair RunLinear(int batch)
        {
            var (pair, reading) = state.RunLinear(runner, batch, cancellation);
            if (reading is not null) readings.Add(batch, reading);
            ReleaseInputs(index, batch);
            return pair;
        }

        BatchPair Take(int batch) => state.Frontier.Take(layer.Output, batch);

        void SeeRange(int batch, BatchPair pair)
        {
            if (state.Given is null && state.IsQuantized(layer.Output) && pair.Full.IsFloat) ranges[batch] = ExtremaOf(layer.Output, pair);
        }
    }

    /// <summary>Takes a layer's values from somewhere, shows them to the visitor in a pass, and keeps them as its output.</summary>
    private void ForEachObserved(Layer layer, Func<int, BatchPair> values, LayerPass pass, Action<int, BatchPair>? passed = null)
    {
        var ends = new InOrder<ILayerObserver>(observer => state.Visitor.End(layer, observer));
        state.Workers.ForEach(batch =>
        {
            cancellation.ThrowIfCancellationRequested();
            var pair = values(batch);
            try
            {
                var layout = state.LayoutOf(layer, pair, batch);
                var observer = state.Visitor.Begin(layer, layout);
                pass.Run(layout, pair, observer);
                passed?.Invoke(batch, pair);
                ends.Add(batch, observer);
            }
            catch
            {
                pair.Dispose();
                throw;
            }
            state.Frontier.Put(layer.Output, batch, pair);
        }, cancellation);
    }

    /// <summary>Shows the visitor what the layer would give, before its grid, if the values before the activation moved; the values themselves stay.</summary>
    private void TryOut(LayerRunner runner, float[] change)
    {
        var layer = runner.Layer;
        var ends = new InOrder<ILayerObserver>(observer => state.Visitor.End(layer, observer));
        var moved = new Pointwise { BiasChange = change };
        state.Workers.ForEach(batch =>
        {
            cancellation.ThrowIfCancellationRequested();
            using var lease = state.Frontier.Borrow(layer.Output, batch);
            var layout = state.LayoutOf(layer, lease.Pair, batch);
            var observer = state.Visitor.Begin(layer, layout);
            using var quantized = lease.Pair.Quantized.Copy(state.Pool);
            var pair = lease.Pair with { Quantized = quantized };
            if (runner.ActivatesApart)
            {
                new LayerPass { Quantized = moved }.Run(layout, pair, observer);
                using var after = runner.Activated(pair, cancellation);
                new LayerPass { Tried = true }.Run(layout, after, observer);
            }
            else
            {
                new LayerPass { Quantized = moved with { Activation = layer.Activation }, Tried = true }.Run(layout, pair, observer);
            }
            ends.Add(batch, observer);
        }, cancellation);
    }

    /// <summary>Gives the layer its new bias, and says what its output moves by once that is on its grid again.</summary>
    private float[] Change(LayerRunner runner, float[] added)
    {
        var (bias, change) = Moved(runner, added);
        _biases[runner.Layer.Name] = bias;
        state.Visitor.BiasMoved(runner.Layer, change);
        return change;
    }

    /// <summary>
    /// The layer's bias with that added, and what its output moves by once it is on its grid again. The new bias starts from the quantized
    /// one, whose rounding is part of what the visitor saw: so at most half a step of the bias is left, not a whole one.
    /// </summary>
    private (float[] Bias, float[] Change) Moved(LayerRunner runner, float[] added)
    {
        var bias = new float[added.Length];
        TensorPrimitives.Add(runner.Bias, added, bias);
        var change = LayerQuantizer.Bias(bias, runner.Weights, runner.InputGrid, state.Scheme);
        TensorPrimitives.Subtract(change, runner.Bias, change);
        return (bias, change);
    }

    /// <summary>Puts the quantized side of a tensor on its grid, if the scheme quantizes it, in all batches.</summary>
    private void QuantizeAll(string tensor)
    {
        if (!state.IsQuantized(tensor)) return;
        FindRange(tensor);
        state.Workers.ForEach(batch => state.Quantize(tensor, batch), cancellation);
    }

    /// <summary>The range of the full-precision side, where it was not given.</summary>
    private void FindRange(string tensor)
    {
        if (!IsRangeWanted(tensor)) return;
        var ranges = new ActivationRange[state.Batches.Count];
        state.Workers.ForEach(batch =>
        {
            using var lease = state.Frontier.Borrow(tensor, batch);
            ranges[batch] = ExtremaOf(tensor, lease.Pair);
        }, cancellation);
        Find(tensor, ranges);
    }

    private bool IsRangeWanted(string tensor) => state.Given is null && state.IsQuantized(tensor) && state.Frontier.IsFloat(tensor, 0);

    private ActivationRange ExtremaOf(string tensor, BatchPair pair) => Calibration.ExtremaOf(tensor, pair.Full.Floats, state.Network, state.Images);

    /// <summary>The range that the scheme's estimator finds.</summary>
    private void Find(string tensor, ActivationRange[] extrema)
    {
        var range = extrema.Aggregate((one, other) => one.Union(other));
        if (!state.Scheme.ActivationRange.NeedsDistribution || state.FormatOf(tensor) is not { } format)
        {
            state.Found[tensor] = range;
            return;
        }
        var histogram = new ValueHistogram(range);
        for (var batch = 0; batch < extrema.Length; batch++)
        {
            using var lease = state.Frontier.Borrow(tensor, batch);
            histogram.Add(lease.Pair.Full.Floats);
        }
        state.Found[tensor] = state.Scheme.ActivationRange.Of(histogram, format);
    }
}
