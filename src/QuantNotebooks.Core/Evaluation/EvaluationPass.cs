using System.Collections.Immutable;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Evaluation;

/// <summary>One thing to evaluate.</summary>
/// <param name="Network">The network.</param>
/// <param name="Scheme">How to quantize it, or null for full precision only.</param>
/// <param name="Ranges">Its activations' ranges; needed where there is a scheme.</param>
internal sealed record EvaluationEntry(Network Network, QuantizationScheme? Scheme, ActivationRanges? Ranges);

/// <summary>
/// Evaluates several networks and schemes in one pass over the images: each batch is read once, and a full-precision network that several of them share runs
/// once. Each batch goes through all of them on one thread, which keeps it in that core's cache; answers are counted in the order of the images.
/// </summary>
internal sealed class EvaluationPass : IDisposable
{
    private readonly IReadOnlyList<EvaluationEntry> _entries;
    private readonly ImageSet _images;
    private readonly ImageBatches _batches;
    private readonly BatchWorkers _workers;
    private readonly IProgress<SweepProgress>? _progress;
    private readonly TensorPool _pool = new();
    private readonly Dictionary<string, WholeNetwork> _references = [];
    private readonly List<Subject> _subjects = [];
    private readonly Lock _reporting = new();
    private int _steps;
    private int _imagesDone;

    private EvaluationPass(IReadOnlyList<EvaluationEntry> entries, ImageSet images, ImageBatches batches, IProgress<SweepProgress>? progress, FloatOutputs? kept)
    {
        (_entries, _images, _batches, _progress) = (entries, images, batches, progress);
        _workers = BatchWorkers.For(batches, MemoryBudget.Default.Bytes);
        var settings = new SessionSettings(_workers.ThreadsEach, Unoptimized: false);
        try
        {
            foreach (var (network, scheme, ranges) in entries)
            {
                var reference = network.FloatReference;
                if (!_references.TryGetValue(reference.FunctionSha256, out var full))
                    _references[reference.FunctionSha256] = full = new WholeNetwork(reference, kept, settings);
                _subjects.Add(new Subject(
                    full, scheme is null ? null : new QuantizedInference(network, scheme, ranges!, batches.InputName, _pool, settings), OutputTally.For(network, images)));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <param name="Full">The network in full precision.</param>
    /// <param name="Quantized">The quantized one; null where full precision is all that is wanted.</param>
    /// <param name="Tally">Compares both.</param>
    private sealed record Subject(WholeNetwork Full, QuantizedInference? Quantized, OutputTally Tally);

    /// <param name="entries">What to evaluate.</param>
    /// <param name="images">Test images.</param>
    /// <param name="keepDone">Whether a pass that is cancelled ends after the batches under way and gives the results of the images so far; else it throws.</param>
    /// <param name="progress">Told which network and layer is under way.</param>
    /// <param name="cancellation">Stops the pass.</param>
    /// <param name="kept">Full-precision outputs of earlier passes over the same images, which this one adds to; null to keep none.</param>
    /// <returns>A result an entry; fewer where a pass was cancelled before the last entries had begun.</returns>
    public static ImmutableArray<EvaluationResult> Run(
        IReadOnlyList<EvaluationEntry> entries, ImageSet images, bool keepDone, IProgress<SweepProgress>? progress, CancellationToken cancellation,
        FloatOutputs? kept = null)
    {
        var batches = entries.Select(entry => new ImageBatches(entry.Network, images)).ToArray();
        // Networks that take their images in another way, or batches of another size, can't share a pass.
        if (batches.Any(other => !other.ReadsLike(batches[0])))
            return RunApart(entries, images, keepDone, progress, kept, cancellation);
        using var pass = new EvaluationPass(entries, images, batches[0], progress, kept);
        return pass.Run(keepDone, cancellation);
    }

    public void Dispose() => _workers.WhenIdle(() =>
    {
        foreach (var subject in _subjects) subject.Quantized?.Dispose();
        foreach (var full in _references.Values) full.Dispose();
        _pool.Dispose();
    });

    private static ImmutableArray<EvaluationResult> RunApart(
        IReadOnlyList<EvaluationEntry> entries, ImageSet images, bool keepDone, IProgress<SweepProgress>? progress, FloatOutputs? kept, CancellationToken cancellation)
    {
        var results = ImmutableArray.CreateBuilder<EvaluationResult>();
        foreach (var entry in entries)
        {
            if (keepDone && results.Count > 0 && cancellation.IsCancellationRequested) break;
            results.AddRange(Run([entry], images, keepDone, progress, cancellation, kept));
        }
        return results.ToImmutable();
    }

    private ImmutableArray<EvaluationResult> Run(bool keepDone, CancellationToken cancellation)
    {
        using var stop = new BatchStop(keepDone, cancellation);
        foreach (var (entry, subject) in _entries.Zip(_subjects))
            if (subject.Quantized is { } quantized)
                quantized.Begins = index => Report(_subjects.Count == 1 ? quantized.Steps[index].Name : $"{entry.Network.Name}: {quantized.Steps[index].Name}", cancellation);
        var ends = new InOrder<BatchOutputs>(Count);
        var reader = _batches.Open(_pool, stop.Within);
        try
        {
            _workers.ForEach(
                batch =>
                {
                    using var input = reader.Take(batch);
                    ends.Add(batch, Outputs(batch, input, stop));
                },
                stop);
        }
        catch (OperationCanceledException) when (keepDone && IsAnyDone(ends))
        {
            // Stopped: the first batches, without a gap.
        }
        finally
        {
            ends.Close();
            _workers.WhenIdle(reader.Dispose);
        }
        if (_imagesDone == _images.Count)
            _progress?.Report(new SweepProgress(TotalSteps, TotalSteps, "done") { ImagesDone = _images.Count, TotalImages = _images.Count });
        return [.. _subjects.Zip(_entries, (subject, entry) => subject.Tally.Result(entry.Scheme, entry.Ranges is { ByTensor.IsEmpty: false } ranges ? ranges : null))];
    }

    private bool IsAnyDone(InOrder<BatchOutputs> ends)
    {
        ends.Close();
        return _imagesDone > 0;
    }

    private BatchOutputs Outputs(int batch, BatchTensor input, BatchStop stop)
    {
        var outputs = new BatchOutputs(batch);
        try
        {
            foreach (var full in _references.Values)
            {
                Report($"{full.Name} in full precision", stop.Begins);
                outputs.Full.Add(full, full.Run(batch, input, stop.Within));
            }
            foreach (var subject in _subjects) outputs.Quantized.Add(subject.Quantized?.Run(input.Copy(_pool), stop.Within));
            return outputs;
        }
        catch
        {
            outputs.Dispose();
            throw;
        }
    }

    private void Count(BatchOutputs outputs)
    {
        using (outputs)
            foreach (var (subject, actual) in _subjects.Zip(outputs.Quantized))
                subject.Tally.Add(_batches.ImagesIn(outputs.Batch), outputs.Full[subject.Full].Floats, actual is null ? default : actual.Floats);
        Interlocked.Add(ref _imagesDone, _batches.ImagesIn(outputs.Batch));
    }

    private int TotalSteps => _batches.Count * (_references.Count + _subjects.Sum(subject => subject.Quantized?.Steps.Length ?? 0));

    /// <summary>One report at a time, and none once the work was cancelled.</summary>
    private void Report(string current, CancellationToken cancellation)
    {
        if (_progress is null) return;
        lock (_reporting)
            if (!cancellation.IsCancellationRequested)
                _progress.Report(new SweepProgress(_steps++, TotalSteps, current) { ImagesDone = _imagesDone, TotalImages = _images.Count });
    }

    /// <summary>What the networks give for a batch, until it is counted.</summary>
    private sealed record BatchOutputs(int Batch) : IDisposable
    {
        public Dictionary<WholeNetwork, FullOutput> Full { get; } = [];

        /// <summary>One a subject; null where nothing is quantized.</summary>
        public List<BatchTensor?> Quantized { get; } = [];

        public void Dispose()
        {
            foreach (var output in Full.Values) output.Dispose();
            foreach (var output in Quantized) output?.Dispose();
        }
    }

    /// <summary>A full-precision network in one ONNX Runtime session, made when an output is wanted that was not kept. Safe to use from several threads.</summary>
    private sealed class WholeNetwork(Network network, FloatOutputs? kept, SessionSettings settings) : IDisposable
    {
        private readonly Lock _opening = new();
        private OnnxSession? _session;

        public string Name => network.Name;

        public FullOutput Run(int batch, BatchTensor input, CancellationToken cancellation)
        {
            if (kept?.Find(network, batch) is { } known) return new FullOutput(null, known);
            var outputs = Session(cancellation).Run([input.Value], cancellation);
            foreach (var other in outputs.Skip(1)) other.Dispose();
            var output = BatchTensor.Own(outputs[0]);
            kept?.Keep(network, batch, output.Floats);
            return new FullOutput(output, null);
        }

        public void Dispose() => _session?.Dispose();

        private OnnxSession Session(CancellationToken cancellation)
        {
            lock (_opening) return _session ??= OnnxSession.Create(network.ToModel(), network.Name, settings, cancellation);
        }
    }

    /// <summary>The full-precision output of a batch: fresh, or kept.</summary>
    private readonly record struct FullOutput(BatchTensor? Tensor, float[]? Kept) : IDisposable
    {
        public ReadOnlySpan<float> Floats => Tensor is null ? Kept : Tensor.Floats;

        public void Dispose() => Tensor?.Dispose();
    }
}
