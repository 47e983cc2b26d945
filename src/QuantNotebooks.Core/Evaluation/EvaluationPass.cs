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
/// Evaluates several networks and schemes in one pass over the images: each batch is read once, and a full-precision network that several of
/// them share runs once.
/// </summary>
internal static class EvaluationPass
{
    /// <summary>Images that go through at once.</summary>
    public const int BatchSize = 100;

    /// <param name="entries">What to evaluate.</param>
    /// <param name="images">Test images.</param>
    /// <param name="keepDone">Whether a pass that is cancelled ends after the batch under way and gives the results of the images so far; else it throws.</param>
    /// <param name="progress">Told which network and layer is under way.</param>
    /// <param name="cancellation">Stops the pass.</param>
    /// <param name="kept">Full-precision outputs of earlier passes over the same images, which this one adds to; null to keep none.</param>
    /// <returns>A result an entry; fewer where a pass was cancelled before the last entries had begun.</returns>
    public static ImmutableArray<EvaluationResult> Run(
        IReadOnlyList<EvaluationEntry> entries, ImageSet images, bool keepDone, IProgress<SweepProgress>? progress, CancellationToken cancellation,
        FloatOutputs? kept = null)
    {
        var batches = entries.Select(entry => new ImageBatches(entry.Network, images, BatchSize)).ToArray();
        // Networks that take their images in another way, or batches of another size, can't share a pass.
        if (batches.Any(other => !other.ReadsLike(batches[0])))
            return RunApart(entries, images, keepDone, progress, kept, cancellation);

        // What is kept is whole batches.
        var within = keepDone ? CancellationToken.None : cancellation;
        using var pool = new TensorPool();
        var references = new Dictionary<string, WholeNetwork>();
        var runs = new List<(WholeNetwork Full, QuantizedInference? Quantized, OutputTally Tally)>();
        try
        {
            foreach (var (network, scheme, ranges) in entries)
            {
                var reference = network.FloatReference;
                if (!references.TryGetValue(reference.FunctionSha256, out var full))
                    references[reference.FunctionSha256] = full = new WholeNetwork(reference, kept);
                runs.Add((full, scheme is null ? null : new QuantizedInference(network, scheme, ranges!, batches[0].InputName, pool), OutputTally.For(network, images)));
            }
            var (batch, step, stepsOfBatch) = (0, 0, references.Count + runs.Sum(run => run.Quantized?.Steps.Length ?? 0));
            foreach (var (entry, run) in entries.Zip(runs))
                if (run.Quantized is { } quantized)
                    quantized.Begins = index => Report(runs.Count == 1 ? quantized.Steps[index].Name : $"{entry.Network.Name}: {quantized.Steps[index].Name}");
            using var reader = batches[0].Open(pool, within);
            for (; batch < batches[0].Count; batch++, step = 0)
            {
                if (batch == 0) cancellation.ThrowIfCancellationRequested();
                else if (keepDone && cancellation.IsCancellationRequested) break;
                using var input = reader.Next();
                var outputs = new Dictionary<WholeNetwork, FullOutput>();
                foreach (var full in references.Values)
                {
                    Report($"{full.Name} in full precision");
                    outputs.Add(full, full.Run(batch, input, within));
                }
                foreach (var (full, quantized, tally) in runs)
                {
                    using var actual = quantized?.Run(input.Copy(pool), within);
                    tally.Add(batches[0].ImagesIn(batch), outputs[full].Floats, actual is null ? default : actual.Floats);
                }
                foreach (var output in outputs.Values) output.Dispose();
            }
            if (batch == batches[0].Count)
                progress?.Report(new SweepProgress(batch * stepsOfBatch, batch * stepsOfBatch, "done") { ImagesDone = images.Count, TotalImages = images.Count });

            void Report(string current) => progress?.Report(new SweepProgress(batch * stepsOfBatch + step++, batches[0].Count * stepsOfBatch, current)
            {
                ImagesDone = batch * batches[0].BatchSize, TotalImages = images.Count,
            });
        }
        finally
        {
            foreach (var (_, quantized, _) in runs) quantized?.Dispose();
            foreach (var full in references.Values) full.Dispose();
        }
        return [.. runs.Zip(entries, (run, entry) => run.Tally.Result(entry.Scheme, entry.Ranges is { ByTensor.IsEmpty: false } ranges ? ranges : null))];
    }

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

    /// <summary>A full-precision network in one ONNX Runtime session, made when an output is wanted that was not kept.</summary>
    private sealed class WholeNetwork(Network network, FloatOutputs? kept) : IDisposable
    {
        private OnnxSession? _session;

        public string Name => network.Name;

        public FullOutput Run(int batch, BatchTensor input, CancellationToken cancellation)
        {
            if (kept?.Find(network, batch) is { } known) return new FullOutput(null, known);
            _session ??= OnnxSession.Create(network.ToModel(), network.Name);
            var outputs = _session.Run([input.Value], cancellation);
            foreach (var other in outputs.Skip(1)) other.Dispose();
            var output = BatchTensor.Own(outputs[0]);
            kept?.Keep(network, batch, output.Floats);
            return new FullOutput(output, null);
        }

        public void Dispose() => _session?.Dispose();
    }

    /// <summary>The full-precision output of a batch: fresh, or kept.</summary>
    private readonly record struct FullOutput(BatchTensor? Tensor, float[]? Kept) : IDisposable
    {
        public ReadOnlySpan<float> Floats => Tensor is null ? Kept : Tensor.Floats;

        public void Dispose() => Tensor?.Dispose();
    }
}
