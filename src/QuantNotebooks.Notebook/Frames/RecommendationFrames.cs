using Deedle;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Recommendation;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>Recommendations as Deedle frames.</summary>
public static class RecommendationFrames
{
    /// <summary>One row a layer: what to do, why, and the gain predicted and measured for its own noise at the output.</summary>
    /// <param name="report">The recommendation.</param>
    public static Frame<int, string> ToFrame(this RecommendationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new FrameColumns<LayerAdvice>(report.Layers)
            .Add("layer", layer => layer.Layer.Name)
            .Add("operator", layer => LayerText.OperatorName(layer.Layer.Operator), secondary: true)
            .Add("do", layer => layer.Remedy.Text())
            .Add("share of noise %", layer => 100 * layer.NoiseShare, "of the sum of all layers' noise energies at the output, in percent")
            .Add("predicted dB", layer => layer.PredictedGainDecibels, "gain predicted for the layer's own noise at the output, in decibels")
            .Add("measured dB", layer => layer.MeasuredGainDecibels ?? double.NaN, "the same gain, measured on held-out images after the kept steps")
            .Add("why", layer => layer.Reason)
            .Frame;
    }

    /// <summary>One row a step of the plan: what was predicted for the output and what it got on held-out images.</summary>
    /// <param name="report">The recommendation.</param>
    public static Frame<int, string> ToStepFrame(this RecommendationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new FrameColumns<TriedStep>(report.Steps)
            .Add("step", step => step.Remedy.Text())
            .Add("meant for", step => step.Layers, "layers whose advice it is; equalization, a scale a channel and correction are then done to the whole network")
            .Add("predicted SQNR dB", step => step.PredictedSqnrDecibels)
            .Add("measured SQNR dB", step => step.Result.SqnrDecibels ?? double.NaN)
            .Add("agreement %", step => 100 * step.Result.Agreement ?? double.NaN)
            .Add("accuracy %", step => 100 * step.Result.Accuracy ?? double.NaN)
            .Add("kept", step => step.Kept ? "yes" : "no")
            .Add("seconds", step => step.Seconds)
            .Frame;
    }
}
