using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Shift;

/// <summary>What a measurement of the mean shift takes in besides network, images and scheme. Immutable.</summary>
public sealed record MeanShiftOptions
{
    /// <summary>The usual: no split, ranges from the network or from the images that are measured.</summary>
    public static MeanShiftOptions Default { get; } = new();

    /// <summary>Whether to take each shift apart into own weights, own input rounding, and what is inherited.</summary>
    public bool Split { get; init; }

    /// <summary>The activations' ranges, for example those of an earlier measurement; null for the network's own or calibrated ones.</summary>
    public ActivationRanges? Ranges { get; init; }

    /// <summary>Images that set the ranges where nothing else does; null for the images that are measured.</summary>
    public ImageSet? Calibration { get; init; }

    /// <summary>Images to measure side by side with the same ranges; null for none.</summary>
    public ImageSet? HeldOut { get; init; }

    /// <summary>
    /// Whether a cancelled measurement gives the report of the images that it is done with, see <see cref="MeanShiftReport.StoppedBefore"/>, instead
    /// of throwing. It throws all the same where it is done with none.
    /// </summary>
    public bool KeepDone { get; init; }

    /// <summary>Most memory for tensors; null for <see cref="MemoryBudget.Default"/>.</summary>
    public MemoryBudget? Memory { get; init; }
}
