using System.Collections.Immutable;
using Deedle;
using QuantNotebooks.Correction;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Export;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Text;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>Evaluations, lines of text, training runs and exports as Deedle frames.</summary>
public static class EvaluationFrames
{
    /// <summary>One row a figure: in full precision, quantized, and the quantized one's 95 % interval; in percent where the name ends in "%".</summary>
    /// <param name="result">The evaluation.</param>
    public static Frame<int, string> ToFrame(this EvaluationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        var rows = new List<Figure>
        {
            new($"{result.Metric.Text()} %", 100 * result.FloatAccuracy, 100 * result.QuantizedAccuracy, 100 * result.Interval?.Low, 100 * result.Interval?.High),
            new("top-5 %", 100 * result.FloatTop5, 100 * result.QuantizedTop5),
            new("characters right %", 100 * result.FloatCharacters, 100 * result.QuantizedCharacters),
            new("same answer as full precision %", null, 100 * result.Agreement),
            new("SQNR of the output, dB", null, result.SqnrDecibels),
            new("cosine of the outputs", null, result.MeanCosine),
        };
        return new FrameColumns<Figure>([.. rows.Where(row => row.Float is not null || row.Quantized is not null)])
            .Add("figure", row => row.Name)
            .Add("full precision", row => row.Float ?? double.NaN)
            .Add("quantized", row => row.Quantized ?? double.NaN)
            .Add("at least", row => row.Low ?? double.NaN, "lower end of the 95 % interval, the images taken as independent")
            .Add("at most", row => row.High ?? double.NaN, "upper end of the 95 % interval").Frame;
    }

    /// <summary>One row an image of which text was read; empty where none was.</summary>
    /// <param name="result">The evaluation.</param>
    public static Frame<int, string> ToReadingFrame(this EvaluationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return new FrameColumns<Reading>(result.Readings)
            .Add("image", reading => reading.Image)
            .Add("right text", reading => reading.Expected ?? "")
            .Add("full precision reads", reading => reading.Float)
            .Add("quantized reads", reading => reading.Quantized ?? "")
            .AddOptional("wrong characters", reading => reading is { Expected: { } expected, Quantized: { } quantized } ? EditDistance.Between(expected, quantized) : null,
                "insertions, deletions and substitutions from the right text to the quantized one").Frame;
    }

    /// <summary>One row an epoch.</summary>
    /// <param name="run">The training.</param>
    public static Frame<int, string> ToFrame(this TrainingRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return new FrameColumns<TrainingEpoch>(run.Epochs)
            .Add("epoch", epoch => epoch.Epoch)
            .Add("loss", epoch => epoch.Loss)
            .Add("held-out loss", epoch => epoch.HeldOutLoss, "on images that were set aside")
            .Add("agreement %", epoch => 100 * epoch.HeldOutAgreement ?? double.NaN, "held-out images to which the quantized network gives the full-precision answer")
            .Add("seconds", epoch => epoch.Seconds).Frame;
    }

    /// <summary>One row a layer: in which integer types the file holds it.</summary>
    /// <param name="result">The export.</param>
    public static Frame<int, string> ToFrame(this ExportResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return new FrameColumns<ExportedLayer>(result.Layers)
            .Add("layer", layer => layer.Layer.Name)
            .Add("operator", layer => LayerText.OperatorName(layer.Layer.Operator))
            .Add("weights", layer => layer.Weights)
            .Add("bias", layer => layer.Bias ?? "")
            .Add("output", layer => layer.Output)
            .Add("can saturate", layer => layer.CanSaturate, "whether a processor without VNNI may saturate its sums of products of 8-bit numbers").Frame;
    }

    /// <summary>One row a tensor: the range that its grid covers.</summary>
    /// <param name="ranges">Calibrated ranges.</param>
    public static Frame<int, string> ToFrame(this ActivationRanges ranges)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        return new FrameColumns<KeyValuePair<string, ActivationRange>>([.. ranges.ByTensor])
            .Add("tensor", pair => pair.Key)
            .Add("minimum", pair => pair.Value.Minimum)
            .Add("maximum", pair => pair.Value.Maximum).Frame;
    }

    private sealed record Figure(string Name, double? Float, double? Quantized, double? Low = null, double? High = null);
}
