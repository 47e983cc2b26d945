using System.Collections.Immutable;
using System.Globalization;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Pruning;

/// <summary>
/// Runs a network and all that were pruned from it on the same images, batch by batch. Where memory can't hold them all at once, some run a block of
/// batches before the next ones are prepared.
/// </summary>
internal sealed class PruningRun
{
    /// <summary>Images of a block: preparing the networks anew for each must not cost much beside running them.</summary>
    private const int BlockImages = 512;

    /// <summary>While ONNX Runtime prepares a network its weights stand in memory so many times: as they are, serialized, and twice within it.</summary>
    private const int CopiesWhilePrepared = 4;

    /// <summary>Nothing is quantized: the full-precision outputs are compared.</summary>
    private static readonly QuantizationScheme Float = QuantizationScheme.Int8PerTensor with { WeightBits = null, ActivationBits = null };

    private readonly Network _network;
    private readonly ImmutableArray<PruningResult> _pruned;
    private readonly ImageSet _images;
    private readonly ImageBatches _batches;
    private readonly TensorPool _pool;
    private readonly IProgress<SweepProgress>? _progress;
    private readonly CancellationToken _cancellation;
    private readonly OutputTally[] _tallies;
    private readonly int[][] _groups;
    private readonly List<OnnxSession> _sessions = [];
    private int _runs;

    private PruningRun(
        Network network, ImmutableArray<PruningResult> pruned, ImageSet images, int fit, TensorPool pool, IProgress<SweepProgress>? progress, CancellationToken cancellation)
    {
        (_network, _pruned, _images, _pool, _progress, _cancellation) = (network, pruned, images, pool, progress, cancellation);
        _batches = new ImageBatches(network, images);
        _tallies = [.. pruned.Select(_ => OutputTally.For(network, images))];
        _groups = [.. Enumerable.Range(0, pruned.Length + 1).Chunk(fit)];
    }

    /// <summary>How the outputs of each pruned network compare with those of the network itself.</summary>
    /// <param name="network">The network before.</param>
    /// <param name="pruned">Those made from it.</param>
    /// <param name="images">What they run on.</param>
    /// <param name="budget">What the networks may take at once.</param>
    /// <param name="keepDone">Whether a run that is cancelled gives what all networks are done with, if that is anything; else it throws.</param>
    /// <param name="progress">Told which network is under way.</param>
    /// <param name="cancellation">Stops within a batch.</param>
    public static ImmutableArray<EvaluationResult> Run(
        Network network, ImmutableArray<PruningResult> pruned, ImageSet images, MemoryBudget budget, bool keepDone,
        IProgress<SweepProgress>? progress, CancellationToken cancellation)
    {
        using var pool = new TensorPool();
        var weights = Math.Max(1, network.Layers.Sum(layer => (long)layer.Weights.Length * sizeof(float)));
        var fit = Math.Clamp(budget.Bytes / weights - CopiesWhilePrepared, 1, pruned.Length + 1);
        var tallies = new PruningRun(network, pruned, images, (int)fit, pool, progress, cancellation).Run(keepDone);
        return [.. tallies.Select(tally => tally.Result(Float, null))];
    }

    private OutputTally[] Run(bool keepDone)
    {
        var done = Copy();
        var length = _groups.Length == 1 ? 1 : Math.Max(1, BlockImages / _batches.BatchSize);
        using var reader = _batches.Open(_pool, _cancellation);
        try
        {
            for (var first = 0; first < _batches.Count; first += length)
            {
                RunBlock(first, Math.Min(length, _batches.Count - first), _groups.Length == 1 ? reader : null);
                done = Copy();
            }
            Report(_batches.Count - 1, "done");
        }
        catch (OperationCanceledException) when (keepDone && done[0].Seen > 0)
        {
            // What was done is the blocks before.
        }
        finally
        {
            Close();
        }
        return done;
    }

    private OutputTally[] Copy() => [.. _tallies.Select(tally => tally.Copy())];

    private void RunBlock(int first, int length, BatchReader? reader)
    {
        var full = new float[length][];
        foreach (var group in _groups)
        {
            if (_groups.Length > 1) Close();
            if (_sessions.Count == 0) Prepare(group);
            for (var batch = 0; batch < length; batch++)
            {
                using var input = reader?.Next() ?? _batches.Read(first + batch, _pool, _cancellation);
                foreach (var which in group)
                {
                    Report(first + batch, which == 0 ? _network.Name : Named(_pruned[which - 1]));
                    using var output = FirstOutput(_sessions[which - group[0]], input);
                    if (which == 0) full[batch] = output.Floats.ToArray();
                    else _tallies[which - 1].Add(_batches.ImagesIn(first + batch), full[batch], output.Floats);
                    _runs++;
                }
            }
        }
    }

    private void Prepare(int[] group)
    {
        foreach (var which in group)
        {
            // Of large networks: what the one before left behind would otherwise wait until it is several times as much.
            if (_groups.Length > 1) GC.Collect();
            var network = which == 0 ? _network : _pruned[which - 1].Network;
            _sessions.Add(OnnxSession.Create(network.FloatReference.ToModel(), network.Name, cancellation: _cancellation));
        }
    }

    private void Close()
    {
        foreach (var session in _sessions) session.Dispose();
        _sessions.Clear();
    }

    private BatchTensor FirstOutput(OnnxSession session, BatchTensor input)
    {
        var outputs = session.Run([input.Value], _cancellation);
        foreach (var other in outputs.Skip(1)) other.Dispose();
        return BatchTensor.Own(outputs[0]);
    }

    private void Report(int batch, string current)
    {
        var total = _batches.Count * (_pruned.Length + 1);
        _progress?.Report(new SweepProgress(_runs, total, current + ", all layers at once")
        {
            ImagesDone = _runs == total ? _images.Count : Math.Min(_images.Count, batch * _batches.BatchSize), TotalImages = _images.Count,
        });
    }

    private static string Named(PruningResult pruned) =>
        string.Create(CultureInfo.InvariantCulture, $"{100 * pruned.Sparsity:F0} % pruned{(pruned.Options.Factorization is null ? "" : ", factorized")}");
}
