using System.Globalization;
using QuantNotebooks.Correction;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Training;

/// <summary>A network whose weights and biases were trained for a scheme.</summary>
/// <param name="Network">The trained network in full precision, with the ranges that it was trained for.</param>
/// <param name="Scheme">The scheme it was trained for.</param>
/// <param name="Images">The training images.</param>
/// <param name="Training">How the training went.</param>
public sealed record QuantizationAwareResult(Network Network, QuantizationScheme Scheme, ImageSet Images, TrainingRun Training);

/// <summary>Quantization-aware training, the yardstick that corrections are measured against.</summary>
public static class QuantizationAwareTraining
{
    /// <summary>
    /// Trains all weights and biases of the quantized network with straight-through gradients. The ranges of weights follow them; those of
    /// activations stay as calibrated.
    /// </summary>
    /// <param name="network">The network; one that carries calibrated ranges keeps them.</param>
    /// <param name="images">Training images.</param>
    /// <param name="scheme">How the network is quantized.</param>
    /// <param name="options">How to train; <see cref="TrainingOptions.QuantizationAware"/> where null.</param>
    /// <param name="progress">Told of every step, with the loss after the last epoch.</param>
    /// <param name="cancellation">Ends training: the best state so far is the result, and <see cref="TrainingRun.End"/> says so.</param>
    /// <inheritdoc cref="BiasFineTuning.FineTuneBiases" path="/exception"/>
    public static QuantizationAwareResult TrainQuantizationAware(
        this Network network, ImageSet images, QuantizationScheme scheme, TrainingOptions? options = null,
        IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
        cancellation = cancellation.OrAmbient();
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(images);
        options ??= TrainingOptions.QuantizationAware;
        var (parameters, ranges, run) = NetworkTraining.Train(network, images, scheme, trainsWeights: true, options, progress, cancellation);

        var changes = parameters.All.GroupBy(parameter => parameter.Layer.Name).Select(group => new LayerChange(
            network.Layers.First(layer => layer.Name == group.Key), group.First(parameter => !parameter.IsBias).Latent, group.First(parameter => parameter.IsBias).Latent));
        var entry = new HistoryEntry(
            "train quantization-aware", string.Create(CultureInfo.InvariantCulture, $"{scheme}, {images.Count} images of '{images.Name}'"),
            images.Sha256, network.Sha256, ToolVersion.Text);
        var trained = network.With(changes, network.Facts with
        {
            Name = network.Name + "-trained",
            Ranges = ranges,
            // Its weights are its own now: no other network's biases belong to them.
            ReferenceBiases = network.Facts.ReferenceBiases.Clear(),
            History = network.History.Add(entry),
            Parent = network,
        });
        return new QuantizationAwareResult(trained, scheme, images, run);
    }
}
