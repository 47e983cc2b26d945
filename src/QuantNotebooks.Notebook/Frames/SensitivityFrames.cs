using Deedle;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Sensitivity;

namespace QuantNotebooks.Notebook.Frames;

/// <summary>Sensitivities as Deedle frames.</summary>
public static class SensitivityFrames
{
    /// <summary>One row a layer: the noise at the network's output with that layer quantized alone.</summary>
    /// <param name="report">The measurement.</param>
    public static Frame<int, string> ToFrame(this SensitivityReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var columns = new FrameColumns<LayerSensitivity>(report.Layers)
            .Add("layer", layer => layer.Name)
            .Add("operator", layer => LayerText.OperatorName(layer.Layer.Operator))
            .Add("rQNSR", layer => layer.Output.RootQnsr, "root of noise energy over signal energy at the network's output")
            .Add("SQNR dB", layer => layer.Output.SqnrDecibels, "the same in decibels, -20 log10(rQNSR)")
            .Add("± dB", layer => layer.Output.SqnrStandardErrorDecibels, "standard error over images")
            .Add("share of noise %", layer => 100 * report.ShareOf(layer), "of the sum of all layers' noise energies, in percent");
        if (report.Together.Agreement is not null) columns.Add("agreement %", layer => 100 * layer.Output.Agreement ?? double.NaN);
        if (report.Together.Accuracy is not null) columns.Add("accuracy %", layer => 100 * layer.Output.Accuracy ?? double.NaN);
        return columns.Add("cosine", layer => layer.Output.MeanCosine, "mean over images of the cosine between full-precision and quantized output", secondary: true).Frame;
    }
}
