namespace QuantNotebooks.Benchmarks.Cost;

/// <summary>
/// What a shift measurement holds at most: a process that does little, so many copies of the weights (as they are read, quantized, and in ONNX Runtime for both networks with what it
/// prepares of them), and so many of the tensors of the batches under way. Immutable.
/// </summary>
/// <param name="Process">Bytes of a process that measures a small network.</param>
/// <param name="WeightCopies">How many times the weights are held.</param>
/// <param name="ValueCopies">How many times the tensors are held that are alive in a batch, on every processor.</param>
internal sealed record MemoryNeed(long Process, double WeightCopies, double ValueCopies)
{
    /// <summary>The peak of resident memory in bytes.</summary>
    /// <param name="cost">The network.</param>
    /// <param name="images">Number of images.</param>
    public double BytesOfShift(NetworkCost cost, int images)
    {
        var counts = Counts(cost, images);
        return Process + WeightCopies * counts[0] + ValueCopies * counts[1];
    }

    /// <summary>Fits the copies to measured runs.</summary>
    /// <param name="process">Bytes of a process that measures a small network.</param>
    /// <param name="runs">Networks, numbers of images, and peaks of resident memory.</param>
    public static MemoryNeed Fit(long process, IReadOnlyList<(NetworkCost Cost, int Images, long Bytes)> runs)
    {
        var copies = RelativeFit.Of([.. runs.Select(run => (Counts(run.Cost, run.Images), (double)Math.Max(1, run.Bytes - process)))]);
        return new MemoryNeed(process, copies[0], copies[1]);
    }

    private static double[] Counts(NetworkCost cost, int images) =>
        [(double)sizeof(float) * cost.Parameters, (double)sizeof(float) * cost.LiveValues * Math.Min(cost.BatchSize * Environment.ProcessorCount, images)];
}
