using System.Collections.Immutable;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Evaluation;

/// <summary>Puts networks side by side.</summary>
public static class Evaluate
{
    /// <summary>Evaluates several networks, quantized by one scheme, in one pass over the same images.</summary>
    /// <inheritdoc cref="Compare(IEnumerable{Network}, ImageSet, IEnumerable{QuantizationScheme}, ImageSet, EvaluationOptions, IProgress{SweepProgress}, CancellationToken)"/>
    /// <param name="networks">The networks, in the order wanted.</param>
    /// <param name="images">Test images.</param>
    /// <param name="scheme">How each is quantized.</param>
    /// <param name="calibration">Calibration images for the networks that carry no ranges of their own.</param>
    /// <param name="options">What else is wanted; null for <see cref="EvaluationOptions.Default"/>.</param>
    /// <param name="progress">Told which network is under way.</param>
    /// <param name="cancellation">Stops within a batch.</param>
    public static Comparison Compare(
        IEnumerable<Network> networks, ImageSet images, QuantizationScheme scheme, ImageSet? calibration = null,
        EvaluationOptions? options = null, IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default) =>
        Compare(networks, images, [scheme], calibration, options, progress, cancellation);

    /// <summary>Evaluates several networks, each quantized by several schemes, in one pass over the same images.</summary>
    /// <param name="networks">The networks, in the order wanted.</param>
    /// <param name="images">Test images.</param>
    /// <param name="schemes">How each is quantized, in the order wanted; null for full precision.</param>
    /// <param name="calibration">Calibration images for the networks that carry no ranges of their own.</param>
    /// <param name="options">What else is wanted; null for <see cref="EvaluationOptions.Default"/>.</param>
    /// <param name="progress">Told which network is under way.</param>
    /// <param name="cancellation">Stops within a batch.</param>
    /// <returns>The rows of the first network, one a scheme, then those of the next.</returns>
    /// <exception cref="QuantNotebooksException">
    /// There is no network or no scheme, the images don't fit a network, or a network needs calibration images and there are none.
    /// </exception>
    public static Comparison Compare(
        IEnumerable<Network> networks, ImageSet images, IEnumerable<QuantizationScheme?> schemes, ImageSet? calibration = null,
        EvaluationOptions? options = null, IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
        cancellation = cancellation.OrAmbient();
        ArgumentNullException.ThrowIfNull(networks);
        ArgumentNullException.ThrowIfNull(schemes);
        var wanted = schemes.ToArray();
        var entries = networks.SelectMany(network => wanted.Select(scheme => scheme is null
            ? new EvaluationEntry(network, null, null)
            : network.Quantized(scheme, calibration, progress, cancellation))).ToArray();
        if (entries.Length == 0) throw new QuantNotebooksException(wanted.Length == 0 ? "There is no scheme to compare." : "There is no network to compare.");
        return new Comparison([.. EvaluationPass.Run(entries, images, (options ?? EvaluationOptions.Default).KeepDone, progress, cancellation).Select(result => new ComparisonRow(result.Network.Name, result))]);
    }

    /// <summary>Puts evaluations that were made one by one side by side, each under a name.</summary>
    public static Comparison Compare(params IEnumerable<(string Name, EvaluationResult Result)> rows) =>
        new([.. rows.Select(row => new ComparisonRow(row.Name, row.Result))]);
}
