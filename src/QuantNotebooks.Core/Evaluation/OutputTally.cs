using System.Collections.Immutable;
using System.Numerics.Tensors;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Evaluation;

/// <summary>Adds up, image by image, how the quantized output compares with the full-precision one and with the right answer.</summary>
internal abstract class OutputTally(Network network, ImageSet images)
{
    private double _signal, _noise, _cosines;

    protected Network Network => network;

    protected ImageSet Images => images;

    /// <summary>Images that were added.</summary>
    public int Seen { get; private set; }

    public static OutputTally For(Network network, ImageSet images) => network.Task?.Task switch
    {
        ClassificationTask task => new ClassificationTally(network, images, task.Labels.Count, LabelMatching.ClassOf(images, task, network.Name)),
        CtcTask task => new TextTally(network, images, CtcDecoder.For(task)),
        _ => new PlainTally(network, images),
    };

    /// <summary>What was added until now.</summary>
    public OutputTally Copy() => (OutputTally)MemberwiseClone();

    /// <param name="count">Images in the batch.</param>
    /// <param name="full">[count, ...].</param>
    /// <param name="quantized">The same shape, or empty where nothing is quantized.</param>
    public void Add(int count, ReadOnlySpan<float> full, ReadOnlySpan<float> quantized)
    {
        var width = full.Length / count;
        for (var image = 0; image < count; image++, Seen++)
        {
            var expected = full.Slice(image * width, width);
            var actual = quantized.IsEmpty ? default : quantized.Slice(image * width, width);
            Read(expected, actual);
            if (!actual.IsEmpty) Compare(expected, actual);
        }
    }

    public EvaluationResult Result(QuantizationScheme? scheme, ActivationRanges? ranges) => Complete(
        new EvaluationResult(network, scheme, Seen == images.Count ? images : images.Take(Seen), null, null, null, scheme is null ? null : 10 * Math.Log10(_signal / _noise))
        {
            Ranges = ranges,
            MeanCosine = scheme is null ? null : _cosines / Seen,
            StoppedBefore = Seen == images.Count ? null : images.Count,
        });

    /// <summary>Reads the answers off one image's outputs; the quantized one is empty where nothing is quantized.</summary>
    protected abstract void Read(ReadOnlySpan<float> full, ReadOnlySpan<float> quantized);

    protected abstract EvaluationResult Complete(EvaluationResult result);

    protected double? Share(int part, EvaluationResult result, bool known, bool quantized) =>
        known && (!quantized || result.Scheme is not null) ? (double)part / Seen : null;

    private void Compare(ReadOnlySpan<float> full, ReadOnlySpan<float> quantized)
    {
        var (product, fullSquares, quantizedSquares) = (0.0, 0.0, 0.0);
        for (var index = 0; index < full.Length; index++)
        {
            double y = full[index], q = quantized[index];
            _noise += (q - y) * (q - y);
            product += y * q;
            fullSquares += y * y;
            quantizedSquares += q * q;
        }
        _signal += fullSquares;
        var norms = Math.Sqrt(fullSquares * quantizedSquares);
        // Two outputs of zeros point the same way; one of zeros points nowhere.
        _cosines += norms > 0 ? product / norms : fullSquares == quantizedSquares ? 1 : 0;
    }

    private sealed class PlainTally(Network network, ImageSet images) : OutputTally(network, images)
    {
        protected override void Read(ReadOnlySpan<float> full, ReadOnlySpan<float> quantized)
        {
            // Nothing says what the output means: only the comparison of values remains.
        }

        protected override EvaluationResult Complete(EvaluationResult result) => result;
    }

    private sealed class ClassificationTally(Network network, ImageSet images, int classes, int[]? classOf) : OutputTally(network, images)
    {
        private const int Top = 5;

        /// <summary>The network's class of each named label; null where labels are numbers of classes.</summary>
        private readonly int[]? _classOf = classOf;

        private int _fullRight, _quantizedRight, _fullTop, _quantizedTop, _agree;

        protected override void Read(ReadOnlySpan<float> full, ReadOnlySpan<float> quantized)
        {
            if (full.Length != classes)
                throw new QuantNotebooksException(FormattableString.Invariant($"'{Network.Name}' gives {full.Length} scores an image, and its sidecar names {classes} classes (task.labels): there must be one name a score."));
            if (!quantized.IsEmpty && TensorPrimitives.IndexOfMax(full) == TensorPrimitives.IndexOfMax(quantized)) _agree++;
            if (Images.Labels?[Seen] is not { } number) return;
            var label = _classOf is null ? number : _classOf[number];
            if (label >= full.Length)
                throw new QuantNotebooksException(FormattableString.Invariant(
                    $"{Images.NameOf(Seen)} of '{Images.Name}' has label {label}, and '{Network.Name}' tells {full.Length} classes apart, 0 to {full.Length - 1}."));
            Count(full, label, ref _fullRight, ref _fullTop);
            if (!quantized.IsEmpty) Count(quantized, label, ref _quantizedRight, ref _quantizedTop);
        }

        protected override EvaluationResult Complete(EvaluationResult result)
        {
            var labelled = Images.Labels is not null;
            var five = labelled && classes > Top;
            return result with
            {
                FloatAccuracy = Share(_fullRight, result, labelled, quantized: false),
                QuantizedAccuracy = Share(_quantizedRight, result, labelled, quantized: true),
                Agreement = Share(_agree, result, known: true, quantized: true),
                FloatTop5 = Share(_fullTop, result, five, quantized: false),
                QuantizedTop5 = Share(_quantizedTop, result, five, quantized: true),
            };
        }

        private static void Count(ReadOnlySpan<float> scores, int label, ref int right, ref int top)
        {
            if (TensorPrimitives.IndexOfMax(scores) == label) right++;
            var better = 0;
            for (var index = 0; index < scores.Length; index++)
                if (scores[index] > scores[label] || scores[index] == scores[label] && index < label) better++;
            if (better < Top) top++;
        }
    }

    private sealed class TextTally(Network network, ImageSet images, CtcDecoder decoder) : OutputTally(network, images)
    {
        // Immutable for the sake of copies.
        private ImmutableList<Reading> _readings = [];

        protected override void Read(ReadOnlySpan<float> full, ReadOnlySpan<float> quantized)
        {
            if (full.Length % decoder.Classes != 0)
                throw new QuantNotebooksException($"'{Network.Name}' gives {full.Length} scores an image, which is no whole number of steps of {decoder.Classes} characters: its sidecar names other characters.");
            _readings = _readings.Add(new Reading(Seen, Images.Texts?[Seen], decoder.Decode(full).Trim(), quantized.IsEmpty ? null : decoder.Decode(quantized).Trim()));
        }

        protected override EvaluationResult Complete(EvaluationResult result)
        {
            var readings = _readings.ToImmutableArray();
            var known = readings.All(reading => reading.Expected is not null);
            return result with
            {
                Metric = AccuracyMetric.Lines,
                Readings = readings,
                FloatAccuracy = Share(readings.Count(reading => reading.Float == reading.Expected), result, known, quantized: false),
                QuantizedAccuracy = Share(readings.Count(reading => reading.Quantized == reading.Expected), result, known, quantized: true),
                Agreement = Share(readings.Count(reading => reading.Quantized == reading.Float), result, known: true, quantized: true),
                FloatCharacters = known ? Characters(readings, reading => reading.Float) : null,
                QuantizedCharacters = known && result.Scheme is not null ? Characters(readings, reading => reading.Quantized!) : null,
            };
        }

        private static double Characters(ImmutableArray<Reading> readings, Func<Reading, string> read)
        {
            var (wrong, all) = (0, 0);
            foreach (var reading in readings)
            {
                wrong += EditDistance.Between(reading.Expected, read(reading));
                all += reading.Expected!.Length;
            }
            return all == 0 ? 1 : Math.Max(0, 1 - (double)wrong / all);
        }
    }
}
