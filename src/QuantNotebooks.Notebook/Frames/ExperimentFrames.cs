using Deedle;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Experiments;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>Results of experiments as Deedle frames.</summary>
public static class ExperimentFrames
{
    /// <summary>One row an experiment: what it was, the accuracy with its 95 % interval, and what it cost.</summary>
    /// <param name="report">The results.</param>
    public static Frame<int, string> ToFrame(this ExperimentReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var columns = new FrameColumns<ExperimentResult>(report.Results)
            .Add("network", row => row.Network)
            .Add("method", row => row.Method)
            .Add("scheme", row => row.Scheme.ToString())
            .AddOptional("weight bits", row => row.Scheme.WeightBits, "empty for floating point", secondary: true)
            .AddOptional("activation bits", row => row.Scheme.ActivationBits, "empty for floating point", secondary: true);
        if (report.Results.Any(row => row.Seed != 0)) columns.Add("seed", row => row.Seed);
        return columns
            .Add("right %", row => 100 * row.Accuracy ?? double.NaN, "top-1, or lines read right")
            .Add("at least", row => 100 * row.Interval?.Low ?? double.NaN, "lower end of the 95 % interval, the images taken as independent")
            .Add("at most", row => 100 * row.Interval?.High ?? double.NaN, "upper end of the 95 % interval")
            .Add("float %", row => 100 * row.FloatAccuracy ?? double.NaN, "the full-precision network on the same images")
            .Add("agreement %", row => 100 * row.Agreement ?? double.NaN, "images to which the quantized and the full-precision network give the same answer")
            .Add("SQNR dB", row => row.SqnrDecibels ?? double.NaN, "signal to quantization noise ratio of the network's output, in decibels")
            .Add("images", row => row.Images, "test images", secondary: true)
            .Add("prepare s", row => row.PrepareSeconds, "on the clock, without what another experiment had done already", secondary: true)
            .Add("test s", row => row.TestSeconds, "on the clock", secondary: true)
            .Add("CPU s", row => row.ProcessorSeconds, "of all processors together")
            .Add("metric", row => row.Metric.Text(), "what counts as right", secondary: true)
            .Add("date", row => row.Date.ToString("s", System.Globalization.CultureInfo.InvariantCulture), "when it was measured, UTC", secondary: true)
            .Add("key", row => row.Key, "hash of all that the result depends on: the name of its file", secondary: true)
            .Frame;
    }
}
