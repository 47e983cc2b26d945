using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Formatters;
using QuantNotebooks.Quantization;
using QuantNotebooks.Recommendation;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Notebook.Reports;

/// <summary>All that there is to say of a network and a scheme, to show or to mail. Immutable.</summary>
/// <param name="Shift">The mean activation shift of the network as it is, with the split.</param>
/// <param name="Recommendation">What to do, and what it got on held-out images.</param>
/// <param name="After">The shift of the network that came out of it; null where no step was kept, or where it was stopped before.</param>
public sealed record NetworkReport(MeanShiftReport Shift, RecommendationReport Recommendation, MeanShiftReport? After)
{
    /// <summary>The network that was given.</summary>
    public Network Network => Shift.Network;

    /// <summary>Whether it was cancelled before its end and holds what was done until then (<see cref="RecommendationOptions.KeepDone"/>).</summary>
    public bool Stopped { get; init; }

    /// <summary>Writes the report as one HTML file that needs no network: a summary, what to do, charts, a section a layer, settings and a glossary.</summary>
    /// <param name="path">The file; one that exists is replaced.</param>
    /// <exception cref="QuantNotebooksException">The file can't be written.</exception>
    public void Save(string path) => Export.ReportFile.Write(path, HtmlPage.Of($"Quantization report of {Network.Name}", this));
}

/// <summary>Makes reports.</summary>
public static class Report
{
    /// <summary>Measures the network, weighs and tries remedies, and measures what came of them.</summary>
    /// <param name="network">The network.</param>
    /// <param name="images">Images that everything is calibrated, measured and corrected on; no labels needed.</param>
    /// <param name="heldOut">Other images, on which remedies are tried.</param>
    /// <param name="scheme">How the network is to be quantized.</param>
    /// <param name="options">How long remedies may take, and what becomes of a report that is cancelled; null for <see cref="RecommendationOptions.Default"/>.</param>
    /// <param name="progress">Told what is under way.</param>
    /// <param name="cancellation">Stops within a batch; see <see cref="RecommendationOptions.KeepDone"/> for what was done before.</param>
    /// <exception cref="QuantNotebooksException">The images don't fit the network, the network has no layers, or a value is not finite.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static NetworkReport For(
        Network network, ImageSet images, ImageSet heldOut, QuantizationScheme scheme, RecommendationOptions? options = null,
        IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        var keepDone = options?.KeepDone == true;
        if (!cancellation.CanBeCanceled) cancellation = AmbientCancellation.Token;
        var recommendation = network.Recommend(images, heldOut, scheme, options, progress, cancellation);
        var shift = recommendation.Shift with { HeldOut = ShiftOf(network, heldOut, scheme, recommendation.Sensitivity.Ranges) };
        var after = recommendation.Steps.Any(step => step.Kept) ? ShiftOf(recommendation.Network, images, recommendation.Scheme, null) : null;
        return new NetworkReport(shift, recommendation, after) { Stopped = keepDone && cancellation.IsCancellationRequested };

        // Null where it was stopped before a batch was done.
        MeanShiftReport? ShiftOf(Network measured, ImageSet set, QuantizationScheme by, ActivationRanges? ranges)
        {
            try
            {
                return measured.MeasureMeanShift(set, by, new() { Ranges = ranges, KeepDone = keepDone }, progress, cancellation);
            }
            catch (OperationCanceledException) when (keepDone)
            {
                return null;
            }
        }
    }
}
