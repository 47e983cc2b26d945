using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using QuantNotebooks.Correction;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Training;

/// <summary>
/// The training loop: shuffled batches, Adam, a held-out loss after every epoch. Leaves the trained tensors as they were after the best epoch,
/// which may be the state before training: training can't hurt on the held-out images. Used once, by one thread.
/// </summary>
internal sealed class Trainer : IDisposable
{
    /// <summary>A held-out loss that many times the best one, and above the one at the start, has diverged.</summary>
    private const double Divergence = 10;

    private readonly TrainingGraph _graph;
    private readonly TrainedParameters _parameters;
    private readonly TrainingData _data;
    private readonly TrainingData _heldOut;
    private readonly TrainingOptions _options;
    private readonly int _units;
    private readonly float[] _images;
    private readonly float[][] _targets;
    private readonly float[] _scores;
    private readonly OrtValue _imageValue;
    private readonly OrtValue[] _targetValues;
    private readonly string _key;
    private TrainingState _state;

    /// <param name="graph">Loss and gradients.</param>
    /// <param name="parameters">What is trained.</param>
    /// <param name="data">What it is trained on.</param>
    /// <param name="heldOut">What chooses the best epoch.</param>
    /// <param name="units">Units of images in the graph's batch.</param>
    /// <param name="options">How to train.</param>
    /// <param name="key">Tells this training apart from others, for checkpoints.</param>
    public Trainer(TrainingGraph graph, TrainedParameters parameters, TrainingData data, TrainingData heldOut, int units, TrainingOptions options, string key)
    {
        _graph = graph;
        _parameters = parameters;
        _data = data;
        _heldOut = heldOut;
        _options = options;
        _units = units;
        _key = key;
        var shape = data.ShapeOf(units);
        _images = new float[shape.Aggregate(1L, (product, dimension) => product * dimension)];
        _imageValue = OrtValue.CreateTensorValueFromMemory(_images, shape);
        _targets = [.. graph.TargetShapes.Select(target => new float[target.Aggregate(1L, (product, dimension) => product * dimension)])];
        _targetValues = [.. _targets.Zip(graph.TargetShapes, (values, target) => OrtValue.CreateTensorValueFromMemory(values, [.. target]))];
        _scores = graph.Loss is CrossEntropyLoss ? new float[_targets[0].Length] : [];
        _state = TrainingState.Initial(parameters);
    }

    /// <summary>Trains, or goes on from the checkpoint. A cancelled token ends training and keeps the best state so far.</summary>
    public TrainingRun Run(IProgress<SweepProgress>? progress, CancellationToken cancellation)
    {
        if (_options.Checkpoint is { } file && File.Exists(file)) _state = TrainingState.Load(file, _key, _parameters);
        var watch = Stopwatch.StartNew();
        var before = _state.Epochs.Count > 0 ? _state.Epochs[^1].Seconds : 0;
        TrainingEnd end;
        try
        {
            if (_state.Epochs.Count == 0) Finish(double.NaN, before + watch.Elapsed.TotalSeconds, cancellation);
            while ((end = Ended()) == TrainingEnd.Interrupted)
            {
                var loss = Epoch(progress, cancellation);
                Finish(loss, before + watch.Elapsed.TotalSeconds, cancellation);
                if (_options.Checkpoint is { } target) _state.Save(target, _key, _parameters);
            }
        }
        catch (OperationCanceledException)
        {
            end = TrainingEnd.Interrupted;
            if (_state.Epochs.Count == 0) throw;
        }
        Report(progress, step: 0);
        _state.RestoreBest(_parameters);
        return new TrainingRun([.. _state.Epochs], _state.Best, end, _data.Count * _data.UnitSize, _heldOut.Count * _heldOut.UnitSize);
    }

    public void Dispose() => _graph.WhenIdle(() =>
    {
        _imageValue.Dispose();
        foreach (var value in _targetValues) value.Dispose();
    });

    /// <summary>Why training is over, or <see cref="TrainingEnd.Interrupted"/> while it is not.</summary>
    private TrainingEnd Ended()
    {
        var last = _state.Epochs[^1];
        if (!double.IsFinite(last.HeldOutLoss) || last.Epoch > 0 && !double.IsFinite(last.Loss)) return TrainingEnd.Diverged;
        if (last.HeldOutLoss > Math.Max(_state.Epochs[0].HeldOutLoss, Divergence * _state.Epochs[_state.Best].HeldOutLoss)) return TrainingEnd.Diverged;
        if (last.Epoch >= _options.Epochs) return TrainingEnd.Completed;
        return last.Epoch - _state.Best >= _options.Patience ? TrainingEnd.EarlyStop : TrainingEnd.Interrupted;
    }

    /// <summary>One pass; returns the mean loss, which is no number where a step's loss was none.</summary>
    private double Epoch(IProgress<SweepProgress>? progress, CancellationToken cancellation)
    {
        var epoch = _state.Epochs[^1].Epoch;
        var order = Enumerable.Range(0, _data.Count).ToArray();
        // The order follows from seed and epoch alone, so that a resumed training sees what an uninterrupted one does.
        new Random(unchecked(_options.Seed * 1_000_003 + epoch)).Shuffle(order);
        var sum = 0.0;
        for (var step = 0; step < StepsOfEpoch; step++)
        {
            Report(progress, step);
            _data.Fill(order.AsSpan(step * _units, _units), _images, _targets, cancellation);
            var rate = _options.LearningRate * 0.5 * (1 + Math.Cos(Math.PI * (epoch + (double)step / StepsOfEpoch) / _options.Epochs));
            _state.Optimizer.Begin();
            var loss = _graph.Differentiate(_imageValue, _targetValues, [], Move, cancellation);
            if (!float.IsFinite(loss)) return double.NaN;
            _parameters.Quantize();
            sum += loss;

            void Move(int index, TrainedParameter parameter, Span<float> gradient) => _state.Optimizer.Move(index, parameter.Latent, gradient, parameter.Units, rate);
        }
        return sum / StepsOfEpoch;
    }

    /// <summary>Measures the held-out loss and keeps the state if it is the best.</summary>
    private void Finish(double loss, double seconds, CancellationToken cancellation)
    {
        var (heldOutLoss, agreement) = Evaluate(cancellation);
        _state.Add(new TrainingEpoch(_state.Epochs.Count, loss, heldOutLoss, agreement, seconds), _parameters);
    }

    private (double Loss, double? Agreement) Evaluate(CancellationToken cancellation)
    {
        var batches = (_heldOut.Count + _units - 1) / _units;
        var units = new int[_units];
        var (sum, agree, decisions) = (0.0, 0L, 0L);
        for (var batch = 0; batch < batches; batch++)
        {
            // The last batch is filled up with the first images.
            for (var row = 0; row < units.Length; row++) units[row] = (batch * _units + row) % _heldOut.Count;
            _heldOut.Fill(units, _images, _targets, cancellation);
            sum += _graph.Evaluate(_imageValue, _targetValues, _scores, cancellation);
            var width = _graph.Loss.Width;
            for (var row = 0; row < _scores.Length; row += width, decisions++)
                if (TensorPrimitives.IndexOfMax<float>(_scores.AsSpan(row, width)) == TensorPrimitives.IndexOfMax<float>(_targets[0].AsSpan(row, width))) agree++;
        }
        return (sum / batches, decisions > 0 ? (double)agree / decisions : null);
    }

    private int StepsOfEpoch => _data.Count / _units;

    private void Report(IProgress<SweepProgress>? progress, int step)
    {
        if (progress is null) return;
        var last = _state.Epochs[^1];
        var agreement = last.HeldOutAgreement is { } share ? string.Create(CultureInfo.InvariantCulture, $", agreement {100 * share:F1} %") : "";
        progress.Report(new SweepProgress(last.Epoch * StepsOfEpoch + step, _options.Epochs * StepsOfEpoch, string.Create(
            CultureInfo.InvariantCulture, $"epoch {last.Epoch}: held-out loss {last.HeldOutLoss:G4}{agreement}, {last.Seconds:F1} s")));
    }
}
