using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Sensitivity;

/// <summary>Measures what each layer's quantization does to the network's output.</summary>
public static class SensitivityMeasurement
{
    /// <summary>
    /// Quantizes each layer alone and compares the network's output with that of full precision: the layer's input on the grid of its input, as
    /// this layer alone reads it, its weights and its bias on theirs, and its output after the activation on its own; everything else in
    /// full precision. Each layer runs from there on only; what comes before it is that of the one full-precision run. Beside them stands
    /// the whole network quantized.
    /// </summary>
    /// <param name="network">
    /// The network. Of a corrected one single layers are those of its full-precision reference, for corrections answer to all layers before
    /// together and would be a shift of their own; the whole is quantized with its corrections.
    /// </param>
    /// <param name="images">
    /// Images; a sample of them is run (<see cref="SensitivityOptions.Sample"/>), and all set the activations' ranges unless the network or the
    /// options say them.
    /// </param>
    /// <param name="scheme">How layers are quantized.</param>
    /// <param name="options">What else is wanted; null for <see cref="SensitivityOptions.Default"/>.</param>
    /// <param name="progress">Told which layer is under way.</param>
    /// <param name="cancellation">Stops the measurement within a batch, which is then lost; see <see cref="SensitivityOptions.KeepDone"/> for those before it.</param>
    /// <exception cref="QuantNotebooksException">The images don't fit the network, or a value is not finite.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static SensitivityReport MeasureSensitivity(
        this Network network, ImageSet images, QuantizationScheme scheme, SensitivityOptions? options = null,
        IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
        cancellation = cancellation.OrAmbient();
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(images);
        options ??= SensitivityOptions.Default;
        FiniteCheck.Weights(network);
        var ranges = options.Ranges ?? network.Ranges ?? network.Calibrate(options.Calibration ?? images, scheme, progress, cancellation);
        var sample = images.Spread(options.Sample ?? SensitivityOptions.SampleOf(network, images));
        var reference = network.FloatReference;
        var batches = new ImageBatches(network, sample);
        var pool = new TensorPool();
        var suffixes = new SuffixRunner(reference, scheme, ranges, batches.InputName, pool);
        var whole = new QuantizedInference(network, scheme, ranges, batches.InputName, pool);
        var tallies = network.Layers.Select(_ => new NoiseTally(network, scheme, sample)).ToArray();
        var together = new NoiseTally(network, scheme, sample);
        var reader = batches.Open(pool, cancellation);
        // One thread, for each runs the operators of all layers on all cores.
        var worker = new BatchWorkers(batches.Count, 1);
        var (total, comparing, isClosed) = (batches.Count * suffixes.Steps.Length, new Lock(), false);
        try
        {
            worker.ForEach(RunBatch, cancellation);
            progress?.Report(new SweepProgress(total, total, "done") { ImagesDone = sample.Count, TotalImages = sample.Count });
        }
        catch (OperationCanceledException) when (options.KeepDone && IsAnyDone())
        {
            // What was done is the batches before.
        }
        finally
        {
            worker.WhenIdle(() =>
            {
                reader.Dispose();
                whole.Dispose();
                suffixes.Dispose();
                pool.Dispose();
            });
        }
        var done = together.Seen == sample.Count ? sample : sample.Take(together.Seen);
        return new SensitivityReport(
            network, scheme, images, done, [.. network.Layers.Select(layer => new LayerSensitivity(layer, tallies[layer.Index].Result()))], together.Result(), ranges)
        {
            StoppedBefore = done == sample ? null : sample.Count,
        };

        bool IsAnyDone()
        {
            lock (comparing) isClosed = true;
            return together.Seen > 0;
        }

        void RunBatch(int batch)
        {
            var count = batches.ImagesIn(batch);
            var input = reader.Next();
            using var quantized = whole.Run(input.Copy(pool), cancellation);
            suffixes.Run(input, Compare, Report, cancellation);

            void Compare(BatchTensor full, Func<Layer, BatchTensor> alone)
            {
                // A batch counts for all layers or for none.
                lock (comparing)
                {
                    if (isClosed) return;
                    together.Add(count, full.Floats, quantized.Floats);
                    foreach (var layer in network.Layers) tallies[layer.Index].Add(count, full.Floats, alone(layer).Floats);
                }
            }

            void Report(int step)
            {
                cancellation.ThrowIfCancellationRequested();
                progress?.Report(new SweepProgress(batch * suffixes.Steps.Length + step, total, suffixes.Steps[step].Name)
                {
                    ImagesDone = batch * batches.BatchSize,
                    TotalImages = sample.Count,
                });
            }
        }
    }
}
