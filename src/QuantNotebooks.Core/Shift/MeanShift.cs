using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Shift;

/// <summary>Measures the mean activation shift.</summary>
public static class MeanShift
{
    /// <summary>
    /// Quantizes the network and compares it with itself in full precision, layer by layer and channel by channel, before and after the
    /// activation. A corrected network is compared with its original in full precision, and keeps the ranges that it was calibrated with.
    /// Holds one batch of images at a time; costs one pass to find the ranges, unless they are given, and one pass of both networks.
    /// </summary>
    /// <param name="network">The network.</param>
    /// <param name="images">The images to run; they set the activations' ranges unless the network or the options say them.</param>
    /// <param name="scheme">How to quantize.</param>
    /// <param name="options">What else is wanted; null for <see cref="MeanShiftOptions.Default"/>.</param>
    /// <param name="progress">Told which layer is under way.</param>
    /// <param name="cancellation">Stops the measurement within a batch; with <see cref="MeanShiftOptions.KeepDone"/> after it.</param>
    /// <exception cref="QuantNotebooksException">
    /// The images don't fit the network; or a weight, bias or activation is not finite, and the message names layer and channel.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static MeanShiftReport MeasureMeanShift(
        this Network network, ImageSet images, QuantizationScheme scheme, MeanShiftOptions? options = null,
        IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
        cancellation = cancellation.OrAmbient();
        ArgumentNullException.ThrowIfNull(network);
        options ??= MeanShiftOptions.Default;
        FiniteCheck.Weights(network);
        var ranges = options.Ranges ?? network.Ranges ?? network.Calibrate(options.Calibration ?? images, scheme, progress, cancellation);
        var report = Measure(images);
        if (options.HeldOut is not { } heldOut || report.StoppedBefore is not null) return report;
        try
        {
            return report with { HeldOut = Measure(heldOut) };
        }
        catch (OperationCanceledException) when (options.KeepDone)
        {
            return report; // without the images held out it is whole
        }

        MeanShiftReport Measure(ImageSet set)
        {
            var measurement = new ShiftMeasurement(network, options.Split);
            using var sweep = new LayerSweep(network, scheme, set, measurement, ranges, options.Memory);
            var outcome = sweep.Run(progress, options.KeepDone, cancellation);
            var done = outcome.Images == set.Count ? set : set.Take(outcome.Images);
            return new MeanShiftReport(network, scheme, done, measurement.Layers(outcome), outcome.Ranges) { StoppedBefore = done == set ? null : set.Count };
        }
    }
}
