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
/// <param name="After">The shift of the network that came out of it; null where no step was kept.</param>
public sealed record NetworkReport(MeanShiftReport Shift, RecommendationReport Recommendation, MeanShiftReport? After)
{
    /// <summary>The network that was given.</summary>
    public Network Network => Shift.Network;

    /// <summary>Whether it was cancelled before its end and holds what was done until then (<see cref="RecommendationOptions.KeepDone"/>).</summary>
    public bool Stopped => Recommendation.Stopped || Shift.StoppedBefore is not null || After?.StoppedBefore is not null;

    /// <summary>Writes the report as one HTML file that needs no network: a summary, what to do, charts, a section a layer, settings and a glossary.</summary>
    /// <param name="path">The file; one that exists is replaced.</param>
    /// <exception cref="QuantNotebooksException">The file can't be written.</exception>
    public void Save(string path) => Export.ReportFile.Write(path, HtmlPage.Of($"Quantization report of {Network.Name}", this));
}

/// <summary>Makes reports.</summary>
public static class Report
{
    /// <summary>What the shift is measured on where a report is stopped before.</summary>
    private const int FewImages = 16;

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
        var recommendation = network.Recommend(images, heldOut, scheme, options, progress, cancellation);
        var ranges = network.Ranges ?? recommendation.Sensitivity.Ranges;
        var shift = ShiftOf(network, scheme, new() { Split = true, HeldOut = heldOut, Ranges = ranges, KeepDone = keepDone });
        var after = recommendation.Steps.Any(step => step.Kept) && shift.StoppedBefore is null
            ? ShiftOf(recommendation.Network, recommendation.Scheme, new() { KeepDone = keepDone })
            : null;
        return new NetworkReport(shift, recommendation, after);

        MeanShiftReport ShiftOf(Network measured, QuantizationScheme by, MeanShiftOptions how)
        {
            try
            {
                return measured.MeasureMeanShift(images, by, how, progress, cancellation);
            }
            catch (OperationCanceledException) when (keepDone)
            {
                // Each layer of the page needs its shift, and whoever interrupts does not want to wait.
                var few = images.Take(Math.Min(FewImages, images.Count));
                var report = measured.MeasureMeanShift(few, by, how with { HeldOut = null }, null, CancellationToken.None);
                return few.Count == images.Count ? report : report with { StoppedBefore = images.Count };
            }
        }
    }
}
