using QuantNotebooks.Equalization;
using QuantNotebooks.Images;

namespace QuantNotebooks.Pruning;

/// <summary>Among which weights the smallest are looked for.</summary>
public enum PruningScope
{
    /// <summary>One threshold for the whole network: layers of small scores lose more.</summary>
    Network,

    /// <summary>Each layer loses the same share of its weights.</summary>
    Layer,
}

/// <summary>How weights are chosen for pruning. Immutable.</summary>
public sealed record PruningOptions
{
    /// <summary>The magnitudes of the equalized network, one threshold for all layers.</summary>
    public static PruningOptions Default { get; } = new();

    /// <summary>
    /// Whose factorization the magnitudes are taken from (paper B, arXiv 1902.01917, promises this use); null for the weights as they are, which depend on
    /// how the scale happens to be spread over the layers.
    /// </summary>
    public EqualizationMethod? Factorization { get; init; } = EqualizationMethod.CrossLayer;

    /// <summary>Among which weights the smallest are looked for.</summary>
    public PruningScope Scope { get; init; }

    /// <summary>Images for the methods that look at the ranges of activations.</summary>
    public ImageSet? Calibration { get; init; }

    /// <summary>
    /// Whether a measurement that is cancelled gives the report of the images that all networks are done with, see <see cref="PruningReport.StoppedBefore"/>,
    /// instead of throwing. It throws all the same where they are done with none.
    /// </summary>
    public bool KeepDone { get; init; }
}
