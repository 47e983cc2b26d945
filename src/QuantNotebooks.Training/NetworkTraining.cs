using QuantNotebooks.Correction;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Training;

/// <summary>What bias fine-tuning and quantization-aware training share: images set aside, ranges, the graph and the loop.</summary>
internal static class NetworkTraining
{
    /// <summary>Trains a network's biases, or its weights and biases.</summary>
    /// <param name="network">Where training starts.</param>
    /// <param name="images">Training images; some of them are set aside to choose the best epoch.</param>
    /// <param name="scheme">How the network is quantized.</param>
    /// <param name="ranges">Ranges of its activations.</param>
    /// <param name="trainsWeights">Whether weights train too.</param>
    /// <param name="options">How to train.</param>
    /// <param name="progress">Told after every epoch.</param>
    /// <param name="cancellation">Ends training; the best state so far is kept.</param>
    public static (TrainedParameters Parameters, TrainingRun Run) Train(
        Network network, ImageSet images, QuantizationScheme scheme, ActivationRanges ranges, bool trainsWeights, TrainingOptions options,
        IProgress<SweepProgress>? progress, CancellationToken cancellation)
    {
        var (training, heldOut) = SetAside(network, images);
        var reference = network.FloatReference;
        var trained = WithBiases(network);
        var quantizers = QuantizerPlacement.Of(trained, scheme).Quantizers(trained, ranges);
        var parameters = new TrainedParameters(trained, scheme, quantizers, trainsWeights);
        var loss = options.Target == TrainingTarget.LayerOutputs ? TrainingLoss.OfLayers(trained) : TrainingLoss.OfOutput(trained);
        using var data = new TrainingData(reference, training, loss, options.Target == TrainingTarget.Labels);
        using var validation = new TrainingData(reference, heldOut, loss, options.Target == TrainingTarget.Labels);
        var units = Math.Max(1, Math.Min(options.BatchSize / data.UnitSize, data.Count));
        using var graph = new TrainingGraph(trained, parameters, quantizers, loss, data.ShapeOf(units));
        var key = $"{network.Sha256} {scheme} {images.Sha256} {(trainsWeights ? "weights" : "biases")} {options with { Checkpoint = null }}";
        using var trainer = new Trainer(graph, parameters, data, validation, units, options, key);
        return (parameters, trainer.Run(progress, cancellation));
    }

    /// <summary>The last eighth of the images, at most 512, chooses the best epoch and does not train.</summary>
    private static (ImageSet Training, ImageSet HeldOut) SetAside(Network network, ImageSet images)
    {
        if (images.Count < 2)
            throw new QuantNotebooksException($"Training '{network.Name}' needs images to train on and others to stop at the right time: at least 2, better 1,000, and '{images.Name}' has {images.Count}.");
        var unit = new ImageBatches(network, images, batchSize: 1).BatchSize;
        var aside = Math.Max(1, Math.Min(images.Count / 8, 512) / unit) * unit;
        if (aside >= images.Count)
            throw new QuantNotebooksException($"'{network.Name}' takes {unit} images at once: training needs at least {2 * unit}, and '{images.Name}' has {images.Count}.");
        return (images.Take(images.Count - aside), images.Skip(images.Count - aside));
    }

    /// <summary>The network with a bias of zeros where a layer has none.</summary>
    private static Network WithBiases(Network network) => network.With(
        network.Layers.Where(layer => !layer.HasBias).Select(layer => new LayerChange(layer, null, new float[layer.Channels])), network.Facts);
}
