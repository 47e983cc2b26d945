using System.Collections.Immutable;

namespace QuantNotebooks.Shift;

/// <summary>A figure of ours or of another tool: what it is, and how it follows from ours.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Definition">Its formula; y full precision, q quantized, e = q - y, sums over everything that is measured.</param>
/// <param name="Source">Where it is used.</param>
/// <param name="FromOurs">How to get it from our figures, and where that holds only nearly.</param>
public sealed record MetricDefinition(string Name, string Definition, string Source, string FromOurs);

/// <summary>
/// The one place where noise figures are converted between conventions. "SNR" alone means nothing: tools disagree on which way the ratio
/// stands, on powers or amplitudes, on decibels, and on what is averaged before dividing.
/// </summary>
public static class NoiseConventions
{
    /// <summary>Every figure with its definition: first ours, then other tools'.</summary>
    public static ImmutableArray<MetricDefinition> Sheet { get; } =
    [
        new("MAS, mean shift", "E[q] - E[y], a channel", "this tool; paper A (arXiv 1906.03193)", "meanShift; in sigmas: / sigma(y); in steps: / scale of the output's grid"),
        new("noise power", "E[e^2] = MAS^2 + Var[e], a channel", "this tool", "noisePower; shiftShare is MAS^2 over it"),
        new("rQNSR", "sqrt(sum_c E[e^2] / sum_c E[y^2]), a layer", "this tool", "rqnsr; 0 is no noise, 1 is as much noise as signal"),
        new("MSSR", "sqrt(sum_c MAS^2 / sum_c E[y^2]), a layer", "this tool", "mssr; share = MSSR^2 / rQNSR^2"),
        new("SQNR, dB", "10 log10(sum y^2 / sum e^2)", "this tool; ONNX Runtime qdq_loss_debug; PyTorch compute_sqnr", "-20 log10 rQNSR: the same figure, larger is better. ONNX Runtime takes at least 2.2e-16 for either norm, so it stays finite without noise"),
        new("SNR, linear", "sum y^2 / sum e^2", "signal processing", "1 / rQNSR^2, larger is better"),
        new("noise:signal ratio ('SNR' of PPQ)", "mean over images of (sum e^2 / sum y^2 of the image)", "PPQ torch_snr_error", "rQNSR^2, smaller is better; equal where images have equal signal power, else a mean of ratios against our ratio of means"),
        new("NMSE", "sum e^2 / sum y^2", "papers", "rQNSR^2; others divide by the variance of y: rQNSR^2 E[y^2] / Var[y]"),
        new("MSE", "sum e^2 / number of values", "AIMET, PPQ", "mean over channels of noisePower"),
        new("RMSE / scale", "sqrt(MSE) / step", "TensorFlow Lite debugger", "sqrt(mean noisePower) / step; 0.289 = 1/sqrt(12) where rounding alone makes the noise"),
        new("cosine", "sum y q / sqrt(sum y^2 sum q^2)", "this tool, PPQ", "cosine, of all values of a layer; blind to a common scale, and with noise uncorrelated to y near 1 - rQNSR^2 / 2"),
    ];

    /// <summary>-20 log10 rQNSR: our SQNR, ONNX Runtime's and PyTorch's, in dB. Infinite without noise.</summary>
    public static double ToDecibels(double rootQnsr) => 0 - 20 * Math.Log10(rootQnsr);

    /// <summary>rQNSR of an SQNR in dB.</summary>
    public static double FromDecibels(double decibels) => Math.Pow(10, -decibels / 20);

    /// <summary>ONNX Runtime's figure: SQNR in dB with each norm taken as at least the double's epsilon, so that no noise gives a finite number.</summary>
    /// <param name="signalNorm">sqrt(sum y^2) over all values.</param>
    /// <param name="noiseNorm">sqrt(sum e^2) over the same.</param>
    public static double OnnxRuntimeDecibels(double signalNorm, double noiseNorm)
    {
        const double epsilon = 2.220446049250313e-16;
        return 20 * Math.Log10(Math.Max(signalNorm, epsilon) / Math.Max(noiseNorm, epsilon));
    }

    /// <summary>Signal to noise as a ratio of powers: 1 / rQNSR^2.</summary>
    public static double ToLinear(double rootQnsr) => 1 / (rootQnsr * rootQnsr);

    /// <summary>rQNSR of a signal to noise ratio of powers.</summary>
    public static double FromLinear(double ratio) => 1 / Math.Sqrt(ratio);

    /// <summary>Noise to signal as a ratio of powers, rQNSR^2: PPQ's "SNR" where all images have the same signal power, and NMSE.</summary>
    public static double ToNoiseToSignal(double rootQnsr) => rootQnsr * rootQnsr;

    /// <summary>rQNSR of a noise to signal ratio of powers.</summary>
    public static double FromNoiseToSignal(double ratio) => Math.Sqrt(ratio);

    /// <summary>NMSE as those define it who divide by the variance of y over all values of the layer, not by its power; NaN where y does not vary.</summary>
    public static double VarianceNmse(ShiftStatistics statistics)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        var (count, mean, power) = (0.0, 0.0, 0.0);
        foreach (var channel in statistics.Channels)
        {
            count++;
            mean += channel.Float.Mean;
            power += channel.Float.Power;
        }
        var variance = power / count - Math.Pow(mean / count, 2);
        return variance > 0 ? statistics.NoisePower / count / variance : double.NaN;
    }

    /// <summary>The TensorFlow Lite debugger's RMSE / scale: the root mean squared error counted in steps; null where activations are not quantized.</summary>
    public static double? RmseInSteps(LayerShift layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        return layer.Step is { } step ? Math.Sqrt(layer.After.NoisePower / layer.After.Channels.Length) / step : null;
    }
}
