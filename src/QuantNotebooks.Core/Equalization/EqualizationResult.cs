using System.Collections.Immutable;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Equalization;

/// <summary>The range of each channel before and after, one entry a channel.</summary>
/// <param name="Before">Before.</param>
/// <param name="After">After.</param>
public sealed record ChannelRanges(ImmutableArray<float> Before, ImmutableArray<float> After)
{
    /// <summary>The largest channel's range over the median channel's (of those above zero), before; NaN where all are zero.</summary>
    public double RatioBefore => WeightRanges.Ratio(Before);

    /// <summary>The same after.</summary>
    public double RatioAfter => WeightRanges.Ratio(After);
}

/// <summary>Channels of one tensor, or of several that meet, each with its factor.</summary>
/// <param name="Producers">Layers whose output channels were multiplied by the factors.</param>
/// <param name="Consumers">Layers whose input channels were divided by them.</param>
/// <param name="Factors">One a channel.</param>
/// <param name="Weights">max|w| of the weights that make each channel; of several producers the geometric mean of theirs.</param>
/// <param name="ConsumerWeights">max|w| of the weights that read each channel; of several consumers the geometric mean of theirs.</param>
/// <param name="Activations">max|x| of each channel on the images, in the tensor that an integer engine quantizes; null without images.</param>
/// <param name="WeightBitsGained">
/// log2 of how many times more steps of its producer's grid a channel's weights span than before, with one scale a tensor; the least of several
/// producers', NaN for weights of zero.
/// </param>
/// <param name="ActivationBitsGained">The same for the channel's values; empty without images.</param>
public sealed record FactorGroup(
    ImmutableArray<string> Producers, ImmutableArray<string> Consumers, ImmutableArray<double> Factors, ChannelRanges Weights, ChannelRanges ConsumerWeights,
    ChannelRanges? Activations, ImmutableArray<double> WeightBitsGained, ImmutableArray<double> ActivationBitsGained);

/// <summary>A path between two layers along which no factor may pass.</summary>
/// <param name="From">The layer that makes the values, or the network's input.</param>
/// <param name="To">The layer that reads them, or the node or output of the network where they end.</param>
/// <param name="Reason">Why not.</param>
public sealed record RefusedEdge(string From, string To, string Reason);

/// <summary>That two networks are the same function.</summary>
/// <param name="Images">The images on which outputs were compared; null where there were none, and then the differences are null too.</param>
/// <param name="MaxAbsoluteDifference">Largest |difference| of any output value.</param>
/// <param name="MaxRelativeDifference">The same over the largest |output|.</param>
/// <param name="BitExact">Whether all output values are the same floats.</param>
public sealed record EqualizationCertificate(ImageSet? Images, double? MaxAbsoluteDifference, double? MaxRelativeDifference, bool? BitExact)
{
    /// <summary>What float rounding makes of most networks stays below this; where a difference is larger it is compared with the network's own.</summary>
    private const double Expected = 1e-5;

    /// <summary>
    /// How many images outputs were to be compared on, where that was stopped before: <see cref="Images"/> are the first of them. Null where it ran to its end.
    /// </summary>
    public int? StoppedBefore { get; init; }

    /// <summary>
    /// How far float rounding alone moves the first network's outputs, over the largest |output|: on the same images, with each of its weights moved within its
    /// last bit. Measured where the difference is above 1e-5, and null elsewhere.
    /// </summary>
    public double? OwnRounding { get; init; }

    /// <summary>The certificate of a network in which nothing was changed.</summary>
    internal static EqualizationCertificate Unchanged(ImageSet? images) => new(images, 0, 0, true);

    /// <summary>The outputs of both networks on the images, value by value; nothing is known without images.</summary>
    internal static EqualizationCertificate Compare(
        Network before, Network after, ImageSet? images, CancellationToken cancellation, KnownOutputs? known = null, bool keepDone = false, IProgress<SweepProgress>? progress = null)
    {
        if (images is null) return new EqualizationCertificate(null, null, null, null);
        var certificate = Compared(after);
        return certificate is { StoppedBefore: null, MaxRelativeDifference: > Expected } && Compared(LastBits.Moved(before)) is { StoppedBefore: null } moved
            ? certificate with { OwnRounding = moved.MaxRelativeDifference }
            : certificate;

        EqualizationCertificate Compared(Network other) => FunctionComparison.Run(before, other, images, known, keepDone, progress, cancellation);
    }
}

/// <summary>An equalized network and what was done to it. Immutable.</summary>
/// <param name="Network">The equalized network; <see cref="Networks.Network.Parent"/> is the one before.</param>
/// <param name="Method">How the factors were chosen.</param>
/// <param name="Options">What it might do.</param>
/// <param name="Images">The images that ranges were measured on and outputs compared on, or null; the certificate says if fewer were compared.</param>
/// <param name="Groups">The free channels with their factors, in topological order.</param>
/// <param name="Refused">What could not be scaled, and why.</param>
/// <param name="Certificate">That nothing was changed.</param>
public sealed record EqualizationResult(
    Network Network, EqualizationMethod Method, EqualizationOptions Options, ImageSet? Images, ImmutableArray<FactorGroup> Groups,
    ImmutableArray<RefusedEdge> Refused, EqualizationCertificate Certificate)
{
    /// <summary>
    /// How cross-layer factors were found: the largest |log| by which any factor was still off, round by round; empty where no factor was found so.
    /// </summary>
    public ImmutableArray<double> Convergence { get; init; } = [];

    /// <summary>Whether nothing could be scaled: then <see cref="Network"/> is the one that was given.</summary>
    public bool IsUnchanged => Groups.IsEmpty;

    /// <summary>How many of a group's factors are as large, or as small, as the bound lets them be; 0 for a method without a bound, and for two methods in turn, whose products don't tell.</summary>
    /// <param name="group">One of <see cref="Groups"/>.</param>
    public int HeldFactors(FactorGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        if (Method is EqualizationMethod.Canonical or EqualizationMethod.CrossLayerTwoStep) return 0;
        var mean = Method == EqualizationMethod.CrossLayer ? group.Factors.Average(Math.Log) : 0;
        return group.Factors.Count(factor => Math.Abs(Math.Log(factor) - mean) > Math.Log(Options.MaxFactor) * 0.99);
    }

    /// <summary>
    /// The other half of the certificate, for all images: a walk through both graphs that knows nothing of groups and factors. Made when it is first asked
    /// for, and then kept; null where <see cref="EqualizationOptions.KeepDone"/> was asked for and the equalization was stopped before it.
    /// </summary>
    /// <exception cref="QuantNotebooksException">Without images: the graph does not say enough of its input's shape to run it.</exception>
    public StructureCertificate? Structure
    {
        get => field ??= IsUnproven ? null : Prove(default);
        private init;
    }

    private bool IsUnproven { get; init; }

    /// <summary>Makes the proof now, unless that is stopped: on large images it takes seconds.</summary>
    internal EqualizationResult Proven(CancellationToken cancellation)
    {
        try
        {
            cancellation.ThrowIfCancellationRequested();
            return this with { Structure = BatchWorkers.One().Run(() => Prove(cancellation), cancellation) };
        }
        catch (OperationCanceledException)
        {
            return this with { IsUnproven = true };
        }
    }

    private StructureCertificate Prove(CancellationToken cancellation) => StructureCheck.Run(IsUnchanged ? Network : Network.Parent!, Network, Images, cancellation);
}
