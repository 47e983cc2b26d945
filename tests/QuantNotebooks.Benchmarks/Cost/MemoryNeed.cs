namespace QuantNotebooks.Benchmarks.Cost;

/// <summary>
/// What a shift measurement holds at most: a process that does little, so many copies of the weights (as they are read, quantized, as the bytes of models and in ONNX Runtime for both
/// networks, and what the garbage collector lets stand of all that), and so many of the tensors of the batches under way. Fitted in relative error of the whole, so that a network in
/// which the weights weigh little says little of them. Immutable.
/// </summary>
/// <param name="Process">Bytes of a process that measures a network of nothing.</param>
/// <param name="WeightCopies">How many times the weights are held.</param>
/// <param name="ValueCopies">How many times the tensors are held that are alive in a batch, on every processor.</param>
internal sealed record MemoryNeed(double Process, double WeightCopies, double ValueCopies)
{
    /// <summary>The peak of resident memory in bytes.</summary>
    /// <param name="cost">The network.</param>
    /// <param name="images">Number of images.</param>
    public double BytesOfShift(NetworkCost cost, int images)
    {
        var counts = Counts(cost, images);
        return Process * counts[0] + WeightCopies * counts[1] + ValueCopies * counts[2];
    }

    /// <summary>Fits the model to measured runs.</summary>
    /// <param name="runs">Networks, numbers of images, and peaks of resident memory.</param>
    public static MemoryNeed Fit(IReadOnlyList<(NetworkCost Cost, int Images, long Bytes)> runs)
    {
        var fitted = RelativeFit.Of([.. runs.Select(run => (Counts(run.Cost, run.Images), (double)run.Bytes))]);
        return new MemoryNeed(fitted[0], fitted[1], fitted[2]);
    }

    private static double[] Counts(NetworkCost cost, int images) =>
        [1, (double)sizeof(float) * cost.Parameters, (double)sizeof(float) * cost.LiveValues * Math.Min(cost.BatchSize * Environment.ProcessorCount, images)];
}
