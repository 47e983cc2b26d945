using QuantNotebooks.Networks;

namespace QuantNotebooks.Quantization;

/// <summary>How often which values occur: what a range estimator looks at.</summary>
internal interface IValueDistribution
{
    /// <summary>Smallest and largest value.</summary>
    ActivationRange Extrema { get; }

    /// <summary>The value below which that share of all values lies, 0 to 1.</summary>
    double Quantile(double share);

    /// <summary>The magnitude below which that share of all magnitudes lies, 0 to 1.</summary>
    double MagnitudeQuantile(double share);

    /// <summary>Mean squared error of putting every value on the grid.</summary>
    double MeanSquaredError(Quantizer quantizer);

    /// <summary>The values in bins.</summary>
    ValueHistogram ToHistogram();
}
