using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Equalization;

/// <summary>What a network gave, batch by batch and output by output; null for outputs that are no floats.</summary>
/// <param name="Settings">How ONNX Runtime ran it: two networks are compared as they run alike.</param>
/// <param name="Batches">The values.</param>
internal sealed record KnownOutputs(SessionSettings Settings, IReadOnlyList<float[]?[]> Batches);

/// <summary>Runs two networks on the same images and compares what they give, value by value.</summary>
internal static class FunctionComparison
{
    /// <summary>Node by node: fused nodes may add up in another order, and which ones ONNX Runtime fuses depends on how a clip is written.</summary>
    public static SessionSettings NodeByNode { get; } = new(Threads: 0, Unoptimized: true);

    /// <param name="before">One network.</param>
    /// <param name="after">The other.</param>
    /// <param name="images">Images for both.</param>
    /// <param name="known">What the first gives on them, where that is known.</param>
    /// <param name="keepDone">Whether a comparison that is cancelled gives the certificate of the images whose batches were compared, none perhaps; else it throws.</param>
    /// <param name="progress">Told which batch is under way.</param>
    /// <param name="cancellation">Stops within a batch, or where what is done is kept behind those under way, if they are done soon.</param>
    public static EqualizationCertificate Run(
        Network before, Network after, ImageSet images, KnownOutputs? known, bool keepDone, IProgress<SweepProgress>? progress, CancellationToken cancellation)
    {
        using var stop = new BatchStop(keepDone, cancellation);
        var batches = new ImageBatches(before, images);
        var workers = BatchWorkers.For(batches, MemoryBudget.Default.Bytes);
        var settings = known?.Settings ?? NodeByNode with { Threads = workers.ThreadsEach };
        OnnxSession? first = null;
        OnnxSession second;
        try
        {
            first = known is null ? OnnxSession.Create(before.ToModel(), before.Name, settings, stop.Begins) : null;
            second = OnnxSession.Create(after.ToModel(), after.Name, settings, stop.Begins);
        }
        catch (OperationCanceledException)
        {
            first?.Dispose();
            if (keepDone) return NothingCompared(images);
            throw;
        }
        var (absolute, relative, bitExact) = (0.0, 0.0, true);
        var scales = new double[second.OutputNames.Count];
        var differences = new double[scales.Length];
        var pool = new TensorPool();
        var reader = batches.Open(pool, stop.Within);
        var done = 0;
        var results = new InOrder<Difference[]>(Add);
        try
        {
            workers.ForEach(batches, "comparing outputs, all layers at once", progress, batch => results.Add(batch, CompareBatch(batch)), stop);
        }
        catch (OperationCanceledException) when (keepDone)
        {
            // Stopped: the first batches, without a gap.
        }
        finally
        {
            results.Close();
            workers.WhenIdle(() =>
            {
                reader.Dispose();
                pool.Dispose();
                second.Dispose();
                first?.Dispose();
            });
        }
        for (var output = 0; output < scales.Length; output++)
        {
            absolute = Math.Max(absolute, differences[output]);
            if (differences[output] > 0) relative = Math.Max(relative, differences[output] / scales[output]);
        }
        return done switch
        {
            _ when done == batches.Count => new EqualizationCertificate(images, absolute, relative, bitExact),
            0 => NothingCompared(images),
            _ => new EqualizationCertificate(images.Take(done * batches.BatchSize), absolute, relative, bitExact) { StoppedBefore = images.Count },
        };

        Difference[] CompareBatch(int batch)
        {
            using var input = reader.Take(batch);
            var expected = first?.Run([input.Value], stop.Within);
            var actual = second.Run([input.Value], stop.Within);
            var found = new Difference[actual.Count];
            for (var output = 0; output < found.Length; output++)
            {
                using var one = expected is null ? null : BatchTensor.Own(expected[output]);
                using var other = BatchTensor.Own(actual[output]);
                found[output] = other.IsFloat ? Compare(one is null ? known!.Batches[batch][output] : one.Floats, other.Floats) : new Difference(0, 0, BitExact: true);
            }
            return found;
        }

        void Add(Difference[] found)
        {
            for (var output = 0; output < found.Length; output++)
            {
                (scales[output], differences[output]) = (Math.Max(scales[output], found[output].Scale), Math.Max(differences[output], found[output].Largest));
                bitExact &= found[output].BitExact;
            }
            done++;
        }
    }

    private static EqualizationCertificate NothingCompared(ImageSet images) => new(null, null, null, null) { StoppedBefore = images.Count };

    /// <summary>How two tensors differ.</summary>
    /// <param name="Scale">The largest magnitude of the first's values.</param>
    /// <param name="Largest">The largest distance between two values.</param>
    /// <param name="BitExact">Whether all values are the same.</param>
    private readonly record struct Difference(double Scale, double Largest, bool BitExact);

    private static Difference Compare(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        var (scale, largest, bitExact) = (0.0, 0.0, true);
        for (var index = 0; index < expected.Length; index++)
        {
            scale = Math.Max(scale, Math.Abs(expected[index]));
            if (BitConverter.SingleToInt32Bits(expected[index]) == BitConverter.SingleToInt32Bits(actual[index])) continue;
            // Zero has two signs and one value.
            if (expected[index] == actual[index]) continue;
            bitExact = false;
            var distance = Math.Abs((double)expected[index] - actual[index]);
            largest = double.IsNaN(distance) ? double.PositiveInfinity : Math.Max(largest, distance);
        }
        return new Difference(scale, largest, bitExact);
    }
}
