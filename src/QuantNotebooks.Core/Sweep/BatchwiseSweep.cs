using System.Collections.Immutable;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Sweep;

/// <summary>The walk of a visitor that only looks, the ranges being known: each batch from input to output.</summary>
internal sealed class BatchwiseSweep
{
    private readonly SweepState _state;
    private readonly BatchReader _reader;
    private readonly BatchStop _stop;
    private readonly InOrder<BatchSeen> _ends;
    private readonly Lock _reporting = new();
    private int _done;
    private int _imagesDone;

    /// <param name="state">What to work with.</param>
    /// <param name="reader">The images.</param>
    /// <param name="stop">Stops it.</param>
    public BatchwiseSweep(SweepState state, BatchReader reader, BatchStop stop)
    {
        _stop = stop;
        _state = state;
        _reader = reader;
        _ends = new InOrder<BatchSeen>(End);
    }

    /// <summary>What was seen of a batch, which counts for all layers or for none.</summary>
    private sealed record BatchSeen(int Batch)
    {
        public List<(Layer Layer, ILayerObserver Observer)> Layers { get; } = [];

        public List<(SplitRunner Split, SplitReading Reading)> Readings { get; } = [];
    }

    public SweepOutcome Run(IProgress<SweepProgress>? progress)
    {
        var steps = _state.Plan.Steps;
        try
        {
            _state.Workers.ForEach(batch => RunBatch(batch, progress), _stop);
        }
        catch (OperationCanceledException) when (_stop.KeepsDone && IsAnyDone())
        {
            // Stopped: the first batches, without a gap.
        }
        for (var index = 0; _state.Visitor.WantsParts && index < steps.Length; index++)
            if (steps[index].Layer is { } layer) _state.Visitor.ObserveParts(layer, _state.LayerRunnerOf(index).Split!.Parts());
        var images = _state.Images.Count;
        if (_imagesDone == images) progress?.Report(new SweepProgress(Total, Total, "done") { ImagesDone = images, TotalImages = images });
        return _state.Outcome(ImmutableDictionary<string, float[]>.Empty, _imagesDone);
    }

    private void RunBatch(int batch, IProgress<SweepProgress>? progress)
    {
        var steps = _state.Plan.Steps;
        var seen = new BatchSeen(batch);
        _state.ReadImages(_reader, batch, _stop.Within);
        _state.Quantize(_state.Batches.InputName, batch);
        for (var index = 0; index < steps.Length; index++)
        {
            Report(progress, steps[index].Name);
            if (steps[index].Layer is null)
            {
                _state.RunNode(index, batch, _stop.Within);
                foreach (var output in steps[index].Outputs) _state.Quantize(output, batch);
            }
            else
            {
                RunLayer(index, batch, seen);
            }
            foreach (var tensor in steps[index].Releases) _state.Frontier.Release(tensor, batch);
        }
        _ends.Add(batch, seen);
    }

    private void End(BatchSeen seen)
    {
        foreach (var (layer, observer) in seen.Layers) _state.Visitor.End(layer, observer);
        foreach (var (split, reading) in seen.Readings) split.Add(reading);
        Volatile.Write(ref _imagesDone, _imagesDone + _state.Batches.ImagesIn(seen.Batch));
    }

    private bool IsAnyDone()
    {
        _ends.Close();
        return _imagesDone > 0;
    }

    private int Total => _state.Batches.Count * _state.Plan.Steps.Length;

    /// <summary>One report at a time, and none once the work was cancelled.</summary>
    private void Report(IProgress<SweepProgress>? progress, string current)
    {
        if (progress is null) return;
        lock (_reporting)
        {
            _stop.Within.ThrowIfCancellationRequested();
            if (_stop.Begins.IsCancellationRequested) return;
            progress.Report(new SweepProgress(_done++, Total, current) { ImagesDone = _imagesDone, TotalImages = _state.Images.Count });
        }
    }

    private void RunLayer(int index, int batch, BatchSeen seen)
    {
        var runner = _state.LayerRunnerOf(index);
        var layer = runner.Layer;
        var (values, reading) = _state.RunLinear(runner, batch, _stop.Within);
        try
        {
            var layout = _state.LayoutOf(layer, values, batch);
            var observer = _state.Visitor.Begin(layer, layout);
            var grid = new Pointwise { Grid = _state.GridOf(layer.Output, values.Full.IsFloat) };
            if (runner.ActivatesApart)
            {
                new LayerPass { Before = true }.Run(layout, values, observer);
                values = runner.Activate(values, _stop.Within);
                new LayerPass { Quantized = grid, After = true }.Run(layout, values, observer);
            }
            else
            {
                new LayerPass
                {
                    Before = true,
                    Full = new Pointwise { Activation = layer.Activation },
                    Quantized = grid with { Activation = layer.Activation },
                    After = true,
                }.Run(layout, values, observer);
            }
            seen.Layers.Add((layer, observer));
            if (reading is not null) seen.Readings.Add((runner.Split!, reading));
        }
        catch
        {
            values.Dispose();
            throw;
        }
        _state.Frontier.Put(layer.Output, batch, values);
    }
}
