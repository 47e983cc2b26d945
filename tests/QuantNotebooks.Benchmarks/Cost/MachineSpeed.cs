namespace QuantNotebooks.Benchmarks.Cost;

/// <summary>
/// What the steps of a shift measurement cost on this machine, in processor seconds: the coefficients of a model that is linear in what <see cref="NetworkCost"/> counts.
/// Immutable.
/// </summary>
/// <param name="Product">A multiplication in layers with many inputs: convolutions and matrix products.</param>
/// <param name="ThinProduct">A multiplication in layers with few, such as depthwise convolutions.</param>
/// <param name="Value">A value of a tensor: read, written and looked at in both networks.</param>
/// <param name="Weight">A weight: quantized, and handed to ONNX Runtime.</param>
/// <param name="Call">A layer of one batch, however small.</param>
internal sealed record MachineSpeed(double Product, double ThinProduct, double Value, double Weight, double Call)
{
    /// <summary>Processor seconds of a measurement of the mean shift, calibration included.</summary>
    /// <param name="cost">The network.</param>
    /// <param name="images">Number of images.</param>
    public double SecondsOfShift(NetworkCost cost, int images)
    {
        return Counts(cost, images).Zip(ToArray(), (count, seconds) => count * seconds).Sum();
    }

    /// <summary>
    /// Bytes that a shift measurement holds at most, beside the process itself: weights as they are read, quantized, and in ONNX Runtime for both networks with what it
    /// prepares of them; and the tensors of the batches under way, of both networks.
    /// </summary>
    /// <param name="cost">The network.</param>
    public static long BytesOfShift(NetworkCost cost)
    {
        const int weightCopies = 6, sides = 2;
        return sizeof(float) * (weightCopies * cost.Parameters + sides * cost.LiveValues * cost.BatchSize * Environment.ProcessorCount);
    }

    /// <summary>Fits the model to measured runs, in relative error; no coefficient is negative.</summary>
    public static MachineSpeed Fit(IReadOnlyList<(NetworkCost Cost, int Images, double Seconds)> runs)
    {
        var rows = runs.Select(run => Counts(run.Cost, run.Images).Select(count => count / run.Seconds).ToArray()).ToArray();
        var scales = Enumerable.Range(0, rows[0].Length).Select(column => Math.Max(double.Epsilon, rows.Max(row => row[column]))).ToArray();
        var solution = new double[scales.Length];
        // Least squares of sum a x - 1 with a >= 0, one coordinate after the other: few unknowns, so many rounds cost nothing.
        for (var round = 0; round < 20_000; round++)
            for (var column = 0; column < solution.Length; column++)
            {
                var (above, below) = (0.0, 0.0);
                foreach (var row in rows)
                {
                    var rest = 1.0;
                    for (var other = 0; other < solution.Length; other++)
                        if (other != column) rest -= solution[other] * row[other] / scales[other];
                    above += rest * row[column] / scales[column];
                    below += row[column] / scales[column] * (row[column] / scales[column]);
                }
                solution[column] = below == 0 ? 0 : Math.Max(0, above / below);
            }
        var fitted = solution.Zip(scales, (value, scale) => value / scale).ToArray();
        return new MachineSpeed(fitted[0], fitted[1], fitted[2], fitted[3], fitted[4]);
    }

    private static double[] Counts(NetworkCost cost, int images) =>
    [
        (double)images * cost.Layers.Where(layer => !layer.IsThin).Sum(layer => layer.Multiplications),
        (double)images * cost.Layers.Where(layer => layer.IsThin).Sum(layer => layer.Multiplications),
        (double)images * cost.Values,
        cost.Parameters,
        (double)cost.Layers.Length * ((images + cost.BatchSize - 1) / cost.BatchSize),
    ];

    private double[] ToArray() => [Product, ThinProduct, Value, Weight, Call];
}
