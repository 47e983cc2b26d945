namespace QuantNotebooks.Shift;

/// <summary>
/// One channel of a layer, full precision (y) beside quantized (q), with e = q - y over images and positions (paper A, arXiv 1906.03193).
/// </summary>
/// <param name="Float">Moments of y.</param>
/// <param name="Quantized">Moments of q.</param>
/// <param name="Error">Moments of e.</param>
/// <param name="ImageError">Moments, over images, of each image's mean e: images, not pixels, are the independent samples.</param>
public readonly record struct ChannelShift(Moments Float, Moments Quantized, Moments Error, Moments ImageError)
{
    /// <summary>Mean activation shift, E[q] - E[y]: signed, in the units of the activation.</summary>
    public double MeanShift => Error.Mean;

    /// <summary>Standard error of <see cref="MeanShift"/> over images; NaN for fewer than two images.</summary>
    public double StandardError => ImageError.StandardError;

    /// <summary>Standard deviation of y.</summary>
    public double Sigma => Math.Sqrt(Float.Variance);

    /// <summary>
    /// <see cref="MeanShift"/> / <see cref="Sigma"/>; NaN for a channel that does not vary.
    /// </summary>
    public double ShiftInSigmas => IsConstant ? double.NaN : MeanShift / Sigma;

    /// <summary>Whether y varies less than float32 can tell from rounding.</summary>
    public bool IsConstant => !(Sigma > 1e-6 * Math.Max(Math.Abs(Float.Minimum), Math.Abs(Float.Maximum)));

    /// <summary>E[e^2] = MeanShift^2 + Var[e].</summary>
    public double NoisePower => Error.Power;

    /// <summary>The part of the noise power that is mean shift, 0 to 1; NaN where there is no noise.</summary>
    public double ShiftShare => NoisePower > 0 ? Math.Min(1, MeanShift * MeanShift / NoisePower) : double.NaN;

    /// <summary>The same statistics in units that are <paramref name="unit"/> times as large.</summary>
    public ChannelShift InUnitsOf(double unit) => new(Float.InUnitsOf(unit), Quantized.InUnitsOf(unit), Error.InUnitsOf(unit), ImageError.InUnitsOf(unit));

    /// <summary>The statistics once a constant is added to q.</summary>
    internal ChannelShift Plus(double constant) => this with { Quantized = Quantized.Plus(constant), Error = Error.Plus(constant), ImageError = ImageError.Plus(constant) };

    /// <summary>The statistics of this and other images together.</summary>
    public ChannelShift Merge(ChannelShift other) => new(
        Float.Merge(other.Float), Quantized.Merge(other.Quantized), Error.Merge(other.Error), ImageError.Merge(other.ImageError));
}
