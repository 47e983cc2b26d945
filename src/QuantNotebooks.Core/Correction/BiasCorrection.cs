using System.Collections.Immutable;
using System.Globalization;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Correction;

/// <summary>How the constants that are added to the biases are found.</summary>
public enum BiasCorrectionMethod
{
    /// <summary>
    /// Paper A's iterative bias correction (arXiv 1906.03193): layer by layer from the input, each against the quantized input that it will
    /// really see, with every earlier layer corrected already.
    /// </summary>
    Iterative,
}

/// <summary>Corrects the mean activation shift by a constant a channel.</summary>
public static class BiasCorrection
{
    /// <summary>
    /// Iterative bias correction (paper A, our reading): for each layer, input to output, b_c += E[y_c] - E[q_c] before the activation, over
    /// calibration images and positions, where q comes through the layers corrected so far and b is the quantized bias; then the sum is
    /// quantized again. Layers without
    /// a bias get one. Costs one sweep, and two more where held-out images are given.
    /// </summary>
    /// <param name="network">The network.</param>
    /// <param name="images">Calibration images, no labels needed; their extrema set the activations' ranges unless the network carries some.</param>
    /// <param name="scheme">How the network is quantized.</param>
    /// <param name="heldOut">Other images, on which the shift before and after is measured too; null to leave that out.</param>
    /// <param name="memory">Most memory for tensors, all images of a layer being held at once; what is beyond it goes to a temporary file.</param>
    /// <param name="progress">Told which layer is under way.</param>
    /// <param name="cancellation">Stops within a batch.</param>
    /// <exception cref="QuantNotebooksException">The images don't fit the network, or a value is not finite.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static CorrectionResult CorrectBias(
        this Network network, ImageSet images, QuantizationScheme scheme, ImageSet? heldOut = null,
        MemoryBudget? memory = null, IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
        var visitor = new IterativeCorrection(network);
        SweepOutcome outcome;
        using (var sweep = new LayerSweep(network, scheme, images, visitor, network.Ranges, memory)) outcome = sweep.Run(progress, cancellation);

        var corrected = Corrected(network, images, scheme, outcome);
        var heldOutBefore = heldOut is null ? null : network.MeasureMeanShift(heldOut, scheme, new() { Ranges = outcome.Ranges }, progress, cancellation);
        var heldOutAfter = heldOut is null ? null : corrected.MeasureMeanShift(heldOut, scheme, new() { Ranges = outcome.Ranges }, progress, cancellation);
        var layers = network.Layers.Select(layer => new LayerCorrection(
            layer, CorrectionOf(layer, outcome.Biases[layer.Name]), visitor.Before(layer), visitor.After(layer),
            heldOutBefore?.Layers[layer.Index].Before, heldOutAfter?.Layers[layer.Index].Before, Skipped: null));
        return new CorrectionResult(corrected, "iterative", scheme, images, [.. layers]) { HeldOut = heldOut };
    }

    private static ImmutableArray<float> CorrectionOf(Layer layer, float[] bias) =>
        [.. bias.Select((value, channel) => value - (layer.HasBias ? layer.Bias[channel] : 0))];

    private static Network Corrected(Network network, ImageSet images, QuantizationScheme scheme, SweepOutcome outcome)
    {
        var references = network.Facts.ReferenceBiases.ToBuilder();
        var changes = new List<LayerChange>();
        foreach (var layer in network.Layers)
        {
            // A network that was corrected before keeps its first, true reference.
            if (!references.ContainsKey(layer.Name)) references[layer.Name] = layer.HasBias ? [.. layer.Bias] : null;
            changes.Add(new LayerChange(layer, null, outcome.Biases[layer.Name]));
        }
        var entry = new HistoryEntry(
            "correct-bias iterative", string.Create(CultureInfo.InvariantCulture, $"{scheme}, {images.Count} images of '{images.Name}'"),
            images.Sha256, network.Sha256, ToolVersion.Text);
        return network.With(changes, network.Facts with
        {
            Name = network.Name + "-corrected",
            Ranges = outcome.Ranges with { Scheme = scheme.ToJson() },
            ReferenceBiases = references.ToImmutable(),
            History = network.History.Add(entry),
            Parent = network,
        });
    }

    private sealed class IterativeCorrection(Network network) : ILayerVisitor
    {
        private readonly ShiftAccumulator[] _before = [.. network.Layers.Select(layer => new ShiftAccumulator(layer.Channels))];
        private readonly ShiftAccumulator[] _after = [.. network.Layers.Select(layer => new ShiftAccumulator(layer.Channels))];

        public bool ChangesLayers => true;

        public void Observe(Layer layer, MeasuringPoint point, ChannelLayout layout, ReadOnlySpan<float> full, ReadOnlySpan<float> quantized)
        {
            if (point == MeasuringPoint.AfterActivation) return;
            var statistics = point == MeasuringPoint.BeforeActivation ? _before : _after;
            if (statistics[layer.Index].Add(layout, full, quantized) is { } channel)
                throw FiniteCheck.Activation(network, layer, point, layout, full, quantized, channel);
        }

        public float[] BiasToAdd(Layer layer) => [.. Before(layer).Channels.Select(channel => (float)-channel.MeanShift)];

        public ShiftStatistics Before(Layer layer) => _before[layer.Index].ToStatistics();

        public ShiftStatistics After(Layer layer) => _after[layer.Index].ToStatistics();
    }
}
