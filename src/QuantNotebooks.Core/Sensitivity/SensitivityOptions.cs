using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Sensitivity;

/// <summary>What a measurement of sensitivity takes in besides network, images and scheme. Immutable.</summary>
public sealed record SensitivityOptions
{
    /// <summary>The usual: a sample of the images, ranges from the network or from all the images.</summary>
    public static SensitivityOptions Default { get; } = new();

    /// <summary>
    /// How many of the images, evenly spaced over the set, are run; null for <see cref="SampleOf"/>, which bounds the cost.
    /// </summary>
    /// <exception cref="QuantNotebooksException">The number is below 1.</exception>
    public int? Sample
    {
        get;
        init => field = value is null or >= 1 ? value : throw new QuantNotebooksException(FormattableString.Invariant($"A sample has at least 1 image, not {value}."));
    }

    /// <summary>The activations' ranges; null for the network's own or calibrated ones.</summary>
    public ActivationRanges? Ranges { get; init; }

    /// <summary>Images that set the ranges where nothing else does; null for the images that are measured, all of them.</summary>
    public ImageSet? Calibration { get; init; }

    /// <summary>
    /// Whether a cancelled measurement gives the report of the images of the sample that it is done with, the same ones for all layers, see
    /// <see cref="SensitivityReport.StoppedBefore"/>, instead of throwing. It throws all the same where it is done with none.
    /// </summary>
    public bool KeepDone { get; init; }

    /// <summary>
    /// The usual size of the sample. An image costs about half a run of the network for each layer, where measuring its mean shift costs a few
    /// runs: so of N images N * 6 / L are run for L layers, which keeps the whole within twice the measurement of the mean shift on all N. A
    /// whole batch where the network takes only that.
    /// </summary>
    /// <param name="network">The network.</param>
    /// <param name="images">The images at hand.</param>
    /// <exception cref="QuantNotebooksException">The images don't fit the network.</exception>
    public static int SampleOf(Network network, ImageSet images)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(images);
        const int runs = 6;
        var multiple = new ImageBatches(network, images).Multiple;
        var affordable = Math.Clamp((long)images.Count * runs / Math.Max(1, network.Layers.Length), 1, images.Count);
        return (int)((affordable + multiple - 1) / multiple) * multiple;
    }
}
