using System.Collections.Immutable;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Sweep;

/// <summary>The walk of a visitor that only looks, the ranges being known: each batch from input to output.</summary>
internal sealed class BatchwiseSweep
{
    private readonly SweepState _state;
    private readonly BatchReader _reader;
    private readonly CancellationToken _cancellation;
    private readonly CancellationToken _stop;
    private readonly InOrder<ILayerObserver>?[] _ends;
    private readonly Lock _reporting = new();
    private int _done;
    private int _imagesDone;

    /// <param name="state">What to work with.</param>
    /// <param name="reader">The images.</param>
    /// <param name="cancellation">Stops within a batch, and throws.</param>
    /// <param name="stop">Stops too, and what was begun is finished and kept.</param>
    public BatchwiseSweep(SweepState state, BatchReader reader, CancellationToken cancellation, CancellationToken stop)
    {
        _stop = stop;
        _state = state;
        _reader = reader;
        _cancellation = cancellation;
        _ends = [.. state.Plan.Steps.Select(step => step.Layer is { } layer ? new InOrder<ILayerObserver>(observer => state.Visitor.End(layer, observer)) : null)];
    }

    public SweepOutcome Run(IProgress<SweepProgress>? progress)
    {
        var steps = _state.Plan.Steps;
        try
        {
            _state.Workers.ForEachUntil(batch => RunBatch(batch, progress), _stop);
        }
        catch (OperationCanceledException) when (!_cancellation.IsCancellationRequested && _imagesDone > 0)
        {
            // Stopped: what was begun, the first batches without a gap, is done.
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
        _state.ReadImages(_reader, batch, _cancellation);
        _state.Quantize(_state.Batches.InputName, batch);
        for (var index = 0; index < steps.Length; index++)
        {
            Report(progress, steps[index].Name);
            if (steps[index].Layer is null)
            {
                _state.RunNode(index, batch, _cancellation);
                foreach (var output in steps[index].Outputs) _state.Quantize(output, batch);
            }
            else
            {
                RunLayer(index, batch);
            }
            foreach (var tensor in steps[index].Releases) _state.Frontier.Release(tensor, batch);
        }
        Interlocked.Add(ref _imagesDone, _state.Batches.ImagesIn(batch));
    }

    private int Total => _state.Batches.Count * _state.Plan.Steps.Length;

    /// <summary>One report at a time, and none once the work was cancelled.</summary>
    private void Report(IProgress<SweepProgress>? progress, string current)
    {
        if (progress is null) return;
        lock (_reporting)
        {
            _cancellation.ThrowIfCancellationRequested();
            if (_stop.IsCancellationRequested) return;
            progress.Report(new SweepProgress(_done++, Total, current) { ImagesDone = _imagesDone, TotalImages = _state.Images.Count });
        }
    }

    private void RunLayer(int index, int batch)
    {
        var runner = _state.LayerRunnerOf(index);
        var layer = runner.Layer;
        var values = _state.RunLinear(runner, batch, _cancellation);
        try
        {
            var layout = _state.LayoutOf(layer, values, batch);
            var observer = _state.Visitor.Begin(layer, layout);
            var grid = new Pointwise { Grid = _state.GridOf(layer.Output, values.Full.IsFloat) };
            if (runner.ActivatesApart)
            {
                new LayerPass { Before = true }.Run(layout, values, observer);
                values = runner.Activate(values, _cancellation);
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
            _ends[index]!.Add(batch, observer);
        }
        catch
        {
            values.Dispose();
            throw;
        }
        _state.Frontier.Put(layer.Output, batch, values);
    }
}
