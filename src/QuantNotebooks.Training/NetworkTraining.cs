using QuantNotebooks.Correction;
using QuantNotebooks.Export;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Training;

/// <summary>A network's tensors after training, with what they belong to.</summary>
/// <param name="Parameters">The trained tensors, as they were after the best epoch.</param>
/// <param name="Ranges">The ranges of activations that they were trained for.</param>
/// <param name="Run">How it went.</param>
internal sealed record TrainedNetwork(TrainedParameters Parameters, ActivationRanges Ranges, TrainingRun Run);

/// <summary>What bias fine-tuning and quantization-aware training share: the start, images set aside, ranges, the graph and the loop.</summary>
internal static class NetworkTraining
{
    /// <summary>So many images say how much a channel varies: the learning rate counts in that.</summary>
    private const int ImagesForUnits = 64;

    /// <summary>A channel that varies less than this part of its layer's root mean square moves as if it varied so much.</summary>
    private const double LeastUnit = 1e-3;

    /// <summary>Trains a network's biases, or its weights and biases.</summary>
    /// <param name="network">The network; training starts from it or from its iterative correction.</param>
    /// <param name="images">Training images; some of them are set aside to choose the best epoch.</param>
    /// <param name="scheme">How the network is quantized.</param>
    /// <param name="trainsWeights">Whether weights train too.</param>
    /// <param name="options">How to train.</param>
    /// <param name="progress">Told of every step, with the loss after the last epoch.</param>
    /// <param name="cancellation">Ends training; the best state so far is kept.</param>
    public static TrainedNetwork Train(
        Network network, ImageSet images, QuantizationScheme scheme, bool trainsWeights, TrainingOptions options,
        IProgress<SweepProgress>? progress, CancellationToken cancellation)
    {
        var (training, heldOut) = SetAside(network, images);
        // What would end the training is said before the work that comes before it.
        if (options.Target == TrainingTarget.Labels) TrainingData.ClassesOf(network, images);
        if (options.Checkpoint is { } checkpoint) ReportFile.RequireWritable(checkpoint);
        var start = options.Start == TrainingStart.IterativeCorrection
            ? network.CorrectBias(images, scheme, progress: progress, cancellation: cancellation).Network
            : network;
        var ranges = start.Ranges ?? start.Calibrate(images, scheme, progress, cancellation);
        var reference = start.FloatReference;
        var trained = WithBiases(start);
        var quantizers = QuantizerPlacement.Of(trained, scheme).Quantizers(trained, ranges);
        var parameters = new TrainedParameters(trained, scheme, quantizers, trainsWeights, SigmasOf(trained, training, scheme, ranges, cancellation));
        var loss = options.Target == TrainingTarget.LayerOutputs ? TrainingLoss.OfLayers(trained) : TrainingLoss.OfOutput(trained);
        using var data = new TrainingData(reference, training, loss, options.Target == TrainingTarget.Labels);
        using var validation = new TrainingData(reference, heldOut, loss, options.Target == TrainingTarget.Labels);
        var units = Math.Max(1, Math.Min(options.BatchSize / data.UnitSize, data.Count));
        using var graph = new TrainingGraph(trained, parameters, quantizers, loss, data.ShapeOf(units), cancellation);
        var key = $"{start.Sha256} {scheme} {images.Sha256} {(trainsWeights ? "weights" : "biases")} {options with { Checkpoint = null }}";
        using var trainer = new Trainer(graph, parameters, data, validation, units, options, key);
        return new TrainedNetwork(parameters, ranges, trainer.Run(progress, cancellation));
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

    /// <summary>The standard deviation of every layer's channels before the activation, in full precision.</summary>
    private static float[][] SigmasOf(Network network, ImageSet images, QuantizationScheme scheme, ActivationRanges ranges, CancellationToken cancellation)
    {
        var report = network.MeasureMeanShift(images.Take(Math.Min(ImagesForUnits, images.Count)), scheme, new() { Ranges = ranges }, progress: null, cancellation);
        return [.. network.Layers.Select(layer => report.Layers[layer.Index].Before.Channels).Select(channels =>
        {
            var least = LeastUnit * Math.Sqrt(channels.Average(channel => channel.Float.Variance));
            return channels.Select(channel => (float)Math.Max(channel.Sigma, Math.Max(least, 1e-30))).ToArray();
        })];
    }
}
