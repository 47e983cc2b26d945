namespace QuantNotebooks.Benchmarks.Cost;

/// <summary>
/// What the steps of a shift measurement cost on this machine, in processor seconds: the coefficients of a model that is linear in what <see cref="NetworkCost"/> counts, for a process
/// that does it once. There the code is compiled, and every page of memory is new: a weight costs several times what it costs when the same is done again. Immutable.
/// </summary>
/// <param name="Start">What the first measurement of a process takes, however small.</param>
/// <param name="Product">A multiplication in layers with many inputs: convolutions and matrix products.</param>
/// <param name="ThinProduct">A multiplication in layers with few, such as depthwise convolutions.</param>
/// <param name="Value">A value of a tensor: read, written and looked at in both networks.</param>
/// <param name="Weight">A weight of a convolution: quantized, and handed to ONNX Runtime.</param>
/// <param name="MatrixWeight">A weight of a matrix product.</param>
/// <param name="Call">A layer of one batch, however small.</param>
internal sealed record MachineSpeed(double Start, double Product, double ThinProduct, double Value, double Weight, double MatrixWeight, double Call)
{
    /// <summary>Processor seconds of a measurement of the mean shift, calibration included.</summary>
    /// <param name="cost">The network.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="times">How many such networks a process measures, one after the other.</param>
    public double SecondsOfShift(NetworkCost cost, int images, int times = 1)
    {
        var once = Counts(cost, images).Zip(ToArray(), (count, seconds) => count * seconds).Sum();
        return Start + times * (once - Start);
    }

    /// <summary>Fits the model to measured runs, in relative error; no coefficient is negative.</summary>
    public static MachineSpeed Fit(IReadOnlyList<(NetworkCost Cost, int Images, double Seconds)> runs)
    {
        var fitted = RelativeFit.Of([.. runs.Select(run => (Counts(run.Cost, run.Images), run.Seconds))]);
        return new MachineSpeed(fitted[0], fitted[1], fitted[2], fitted[3], fitted[4], fitted[5], fitted[6]);
    }

    private static double[] Counts(NetworkCost cost, int images) =>
    [
        1,
        (double)images * cost.Layers.Where(layer => !layer.IsThin).Sum(layer => layer.Multiplications),
        (double)images * cost.Layers.Where(layer => layer.IsThin).Sum(layer => layer.Multiplications),
        (double)images * cost.Values,
        cost.Layers.Where(layer => !layer.IsMatrix).Sum(layer => layer.Layer.ParameterCount),
        cost.Layers.Where(layer => layer.IsMatrix).Sum(layer => layer.Layer.ParameterCount),
        (double)cost.Layers.Length * ((images + cost.BatchSize - 1) / cost.BatchSize),
    ];

    private double[] ToArray() => [Start, Product, ThinProduct, Value, Weight, MatrixWeight, Call];
}
