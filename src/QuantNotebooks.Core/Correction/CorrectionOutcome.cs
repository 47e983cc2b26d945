using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Correction;

/// <summary>What a correction did to the network's answers, for example to the lines that it reads.</summary>
/// <param name="Before">The quantized network before the correction, beside full precision.</param>
/// <param name="After">The corrected one on the same images.</param>
public sealed record CorrectionOutcome(EvaluationResult Before, EvaluationResult After)
{
    /// <summary>The same result with what the network answers on some images before and after.</summary>
    /// <param name="result">A correction.</param>
    /// <param name="images">Images, best such as the correction did not see; with labels or texts for an accuracy.</param>
    /// <param name="progress">Told how many batches are done.</param>
    /// <param name="cancellation">Stops within a batch.</param>
    /// <exception cref="QuantNotebooksException">The images don't fit the network.</exception>
    public static CorrectionResult With(CorrectionResult result, ImageSet images, IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
        cancellation = cancellation.OrAmbient();
        ArgumentNullException.ThrowIfNull(result);
        var corrected = result.Network;
        var original = corrected.Parent ?? corrected;
        // Both on the same grids: what differs is the correction alone.
        var before = original.With([], original.Facts with { Ranges = corrected.Ranges });
        return result with
        {
            Outcome = new CorrectionOutcome(
                before.Evaluate(images, result.Scheme, null, null, progress, cancellation), corrected.Evaluate(images, result.Scheme, null, null, progress, cancellation)),
        };
    }
}
