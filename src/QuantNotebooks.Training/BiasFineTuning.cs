using System.Collections.Immutable;
using QuantNotebooks.Correction;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Training;

/// <summary>Bias fine-tuning (paper A, arXiv 1906.03193; our reading): weights stay on their grid, only biases train.</summary>
public static class BiasFineTuning
{
    /// <summary>The shift is reported on at most so many of the training images.</summary>
    private const int MostMeasured = 256;

    /// <summary>Whoever interrupts does not want to wait: of a training that was stopped it is reported on so few, if that is done in a moment.</summary>
    private const int FewMeasured = 16;

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(400);

    /// <summary>
    /// Trains the biases of the quantized network, with straight-through gradients, to reproduce the full-precision network: by default its output,
    /// without labels, starting from the iterative correction. Some of the images are set aside to choose the best epoch, the start among them.
    /// Layers without a bias get one.
    /// </summary>
    /// <param name="network">The network; one that carries calibrated ranges keeps them.</param>
    /// <param name="images">Training images, about 1,000; no labels needed unless the options say so.</param>
    /// <param name="scheme">How the network is quantized.</param>
    /// <param name="options">How to train; <see cref="TrainingOptions.Biases"/> where null.</param>
    /// <param name="heldOut">Other images, on which the shift before and after is measured too; null to leave that out.</param>
    /// <param name="progress">Told of every step, with the loss after the last epoch.</param>
    /// <param name="cancellation">Ends training: the best state so far is the result, and <see cref="TrainingRun.End"/> says so.</param>
    /// <exception cref="QuantNotebooksException">
    /// The images don't fit the network or are too few, labels are missing, or an operator of the network has no gradient.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before there was anything to keep.</exception>
    public static CorrectionResult FineTuneBiases(
        this Network network, ImageSet images, QuantizationScheme scheme, TrainingOptions? options = null, ImageSet? heldOut = null,
        IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
        cancellation = cancellation.OrAmbient();
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(images);
        options ??= TrainingOptions.Biases;
        var (parameters, ranges, run) = NetworkTraining.Train(network, images, scheme, trainsWeights: false, options, progress, cancellation);

        var biases = parameters.All.ToDictionary(parameter => parameter.Layer.Name, parameter => parameter.Latent);
        var corrected = CorrectedNetwork.Of(network, "fine-tune", biases, ranges, scheme, images);
        var measured = Measure(images.Take(Math.Min(run.End == TrainingEnd.Interrupted ? FewMeasured : MostMeasured, images.Count)));
        var heldOutMeasured = run.End == TrainingEnd.Interrupted || heldOut is null ? null : Measure(heldOut);
        var layers = network.Layers.Select(layer => new LayerCorrection(
            layer, Difference(layer, biases[layer.Name]), measured?.Before.Layers[layer.Index].Before ?? ShiftStatistics.None, measured?.After.Layers[layer.Index].Before ?? ShiftStatistics.None,
            heldOutMeasured?.Before.Layers[layer.Index].Before, heldOutMeasured?.After.Layers[layer.Index].Before, Skipped: null));
        return new CorrectionResult(corrected, "fine-tune", scheme, images, [.. layers])
        {
            HeldOut = heldOutMeasured is null ? null : heldOut,
            Training = run,
            Warnings = [.. CorrectionWarnings.Of(run), .. CorrectionWarnings.OfStop(measured is null, heldOutMeasured is null && heldOut is not null && run.End != TrainingEnd.Interrupted)],
        };

        // Null where it was stopped before, or where the training was and this takes long.
        (MeanShiftReport Before, MeanShiftReport After)? Measure(ImageSet on)
        {
            using var soon = new CancellationTokenSource();
            if (run.End == TrainingEnd.Interrupted) soon.CancelAfter(Moment);
            var stop = run.End == TrainingEnd.Interrupted ? soon.Token : cancellation;
            using var ambient = AmbientCancellation.Enter(stop);
            try
            {
                return (MeasureOne(network), MeasureOne(corrected));
            }
            catch (OperationCanceledException)
            {
                return null;
            }

            MeanShiftReport MeasureOne(Network which) => which.MeasureMeanShift(on, scheme, new() { Ranges = ranges }, progress: null, stop);
        }
    }

    private static ImmutableArray<float> Difference(Layer layer, float[] bias) =>
        [.. bias.Select((value, channel) => value - (layer.HasBias ? layer.Bias[channel] : 0))];
}
