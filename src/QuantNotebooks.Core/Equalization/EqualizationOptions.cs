using System.Collections.Immutable;

namespace QuantNotebooks.Equalization;

/// <summary>What an equalization may do. Immutable.</summary>
public sealed record EqualizationOptions
{
    /// <summary>The defaults: factors up to 16.</summary>
    public static EqualizationOptions Default { get; } = new();

    /// <summary>
    /// No channel is multiplied by more than this: one that is almost dead would otherwise get a factor of millions, and its bias with it
    /// (paper B bounds by 16).
    /// </summary>
    /// <exception cref="QuantNotebooksException">The bound is not finite or not above 1.</exception>
    public double MaxFactor
    {
        get;
        init => field = double.IsFinite(value) && value > 1
            ? value
            : throw new QuantNotebooksException(FormattableString.Invariant($"The largest factor must be a number above 1, not {value}."));
    } = 16;

    /// <summary>Whether factors are rounded to powers of two, so that the outputs stay equal bit for bit.</summary>
    public bool PowerOfTwo { get; init; }

    /// <summary>
    /// Whether one-step and two-step do what paper B's released code does and not what the paper says: a depthwise layer's k_i is the largest of
    /// the whole layer, and m_i is 1 where one layer alone reads the channel. Both look like slips; this is for comparing with its results.
    /// </summary>
    public bool ReleasedCode { get; init; }

    /// <summary>
    /// Whether one-step and two-step also hold s_i below max(A / p_i, 1), p_i being how far the channel goes below zero before its activation: for hardware
    /// that keeps values before the activation in a range like the one after it (paper B's third term). Costs one more pass over the images.
    /// </summary>
    public bool PreActivations { get; init; }

    /// <summary>
    /// Whether an equalization that is cancelled while outputs are compared, all factors being found, gives the network with the certificate of the images
    /// compared so far, see <see cref="EqualizationCertificate.StoppedBefore"/>, instead of throwing. While ranges are measured it throws all the same:
    /// ranges of some images would give other factors.
    /// </summary>
    public bool KeepDone { get; init; }

    /// <summary>
    /// Another method for the channels that some layers make, by layer name, or null to leave them as they are. Of layers whose outputs meet, the
    /// first in the network decides.
    /// </summary>
    public ImmutableDictionary<string, EqualizationMethod?> LayerMethods { get; init; } = ImmutableDictionary<string, EqualizationMethod?>.Empty;
}
