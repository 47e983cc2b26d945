using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;

namespace QuantNotebooks.Correction.Analytic;

/// <summary>
/// Moments of what MaxPool gives: with k values in a window, each g(x) with x ~ N(mean, deviation^2) and g not falling, the maximum is g of the largest
/// x, whose distribution function is Phi^k. An approximation, for neighbouring values are taken as independent: where they go together, as in images
/// they do, the true mean lies between this one and that of a single value. Windows at a border hold fewer values and count with their share. Immutable.
/// </summary>
internal sealed class WindowMaximum
{
    private const double Reach = 8;
    private const int Steps = 800;

    /// <summary>Weights of Simpson's rule times the density of the largest of the window's standard normal values, from -Reach to Reach.</summary>
    private readonly double[] _weights = new double[Steps + 1];

    /// <param name="windows">Values in a window, and the share of windows that hold so many.</param>
    public WindowMaximum(IReadOnlyDictionary<int, double> windows)
    {
        for (var step = 0; step <= Steps; step++)
        {
            var z = At(step);
            var simpson = (step == 0 || step == Steps ? 1 : step % 2 == 1 ? 4 : 2) * (2 * Reach / Steps) / 3;
            foreach (var (values, share) in windows)
                _weights[step] += simpson * share * values * Math.Pow(NormalDistribution.Cumulative(z), values - 1) * NormalDistribution.Density(z);
        }
    }

    /// <summary>The windows of a MaxPool node over maps of that size.</summary>
    /// <param name="node">The node.</param>
    /// <param name="input">[N, C, size] of its input.</param>
    /// <param name="output">[N, C, positions] of its output.</param>
    public static WindowMaximum Of(NodeProto node, long[] input, long[] output)
    {
        var windows = new Dictionary<int, double> { [1] = 1 };
        for (var axis = 0; axis < input.Length - 2; axis++)
        {
            var counts = Counts(node, axis, input[axis + 2], output[axis + 2]);
            windows = windows.SelectMany(_ => counts, (whole, along) => (Values: whole.Key * along.Key, Share: whole.Value * along.Value))
                .GroupBy(pair => pair.Values).ToDictionary(group => group.Key, group => group.Sum(pair => pair.Share));
        }
        return new WindowMaximum(windows);
    }

    /// <summary>Mean and variance of the maximum.</summary>
    /// <param name="activation">g, piecewise; not falling.</param>
    /// <param name="mean">Of x.</param>
    /// <param name="deviation">Of x.</param>
    public (double Mean, double Variance) Moments(PiecewisePolynomial activation, double mean, double deviation)
    {
        var (first, second) = (0.0, 0.0);
        for (var step = 0; step <= Steps; step++)
        {
            var value = activation.At(mean + deviation * At(step));
            first += _weights[step] * value;
            second += _weights[step] * value * value;
        }
        return (first, Math.Max(0, second - first * first));
    }

    private static double At(int step) => -Reach + 2 * Reach * step / Steps;

    /// <summary>Along one axis: how many taps find a value, and the share of positions where it is so many.</summary>
    private static Dictionary<int, double> Counts(NodeProto node, int axis, long size, long positions)
    {
        var (kernel, stride, dilation) = (node.Ints("kernel_shape")[axis], Of("strides", 1), Of("dilations", 1));
        var missing = Math.Max(0, (positions - 1) * stride + (kernel - 1) * dilation + 1 - size);
        var before = node.Attribute("auto_pad")?.S.ToStringUtf8() switch
        {
            "SAME_UPPER" => missing / 2,
            "SAME_LOWER" => (missing + 1) / 2,
            "VALID" => 0,
            _ => Of("pads", 0),
        };
        return Enumerable.Range(0, (int)positions)
            .GroupBy(position => Enumerable.Range(0, (int)kernel).Count(tap => position * stride - before + tap * dilation is var at && at >= 0 && at < size))
            .ToDictionary(group => group.Key, group => (double)group.Count() / positions);

        long Of(string attribute, long otherwise) => node.Ints(attribute) is { Length: > 0 } values ? values[axis] : otherwise;
    }
}
