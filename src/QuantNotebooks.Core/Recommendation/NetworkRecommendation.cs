using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Recommendation;

/// <summary>Says what to do so that a network loses less when it is quantized.</summary>
public static class NetworkRecommendation
{
    /// <summary>
    /// Measures what each layer does to the output, weighs the remedies for the layers that make nine tenths of the noise, recommends for each the
    /// cheapest that takes half of the layer's noise away, and tries them one after the other: a step that does not raise the output's SQNR on
    /// the held-out images is undone.
    /// </summary>
    /// <remarks>
    /// Remedies are weighed by quantizing each layer alone with the remedy applied (<see cref="Sensitivity.SensitivityMeasurement"/>); predictions
    /// take noises as additive. Equalization and a scale a channel act on the whole network where one layer asks for them; the correction is always tried,
    /// last.
    /// </remarks>
    /// <param name="network">The network; of a corrected one its full-precision reference is planned for.</param>
    /// <param name="images">Images that everything is calibrated, measured and corrected on; no labels needed.</param>
    /// <param name="heldOut">Other images, on which the plan is tried.</param>
    /// <param name="scheme">How the network is to be quantized.</param>
    /// <param name="options">How long it may take, and what becomes of one that is cancelled; null for <see cref="RecommendationOptions.Default"/>.</param>
    /// <param name="progress">Told what is under way.</param>
    /// <param name="cancellation">Stops within a batch; see <see cref="RecommendationOptions.KeepDone"/> for what was done before.</param>
    /// <exception cref="QuantNotebooksException">The images don't fit the network, the network has no layers, or a value is not finite.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static RecommendationReport Recommend(
        this Network network, ImageSet images, ImageSet heldOut, QuantizationScheme scheme, RecommendationOptions? options = null,
        IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
        cancellation = cancellation.OrAmbient();
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(heldOut);
        ArgumentNullException.ThrowIfNull(scheme);
        if (network.Layers.IsEmpty) throw new QuantNotebooksException($"'{network.Name}' has no layers, so there is nothing to recommend.");
        return new Recommender(network.FloatReference, images, heldOut, scheme, options ?? RecommendationOptions.Default, progress, cancellation).Run();
    }
}
