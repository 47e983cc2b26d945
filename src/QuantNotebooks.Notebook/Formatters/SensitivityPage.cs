using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Notebook.Frames;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Sensitivity;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>What a measurement of sensitivity says about itself.</summary>
internal static class SensitivityPage
{
    public static ResultPage Of(SensitivityReport report)
    {
        var notes = new List<string>
        {
            "At the network's output, with the layer's input, weights, bias and output on their grids and all else in full precision. ± dB: standard error over images. "
                + "Share: of the sum of all layers' noise energies.",
            $"{report.Scheme}; {NumberText.Count(report.Sample.Count, "image")}, evenly spaced, of {report.Images}.",
        };
        if (report.StoppedBefore is { } wanted) notes.Insert(0, ResultPages.StoppedEarly(report.Sample, wanted));
        notes.AddRange(NodeText.NotAnalysed(report.Network).Select(line => "Not analysed: " + line));
        return report.Layers.IsEmpty
            ? new ResultPage(SensitivityFinding.Of(report), null, [], notes)
            : new ResultPage(SensitivityFinding.Of(report), report.ToFrame(), [SensitivityChart.Of(report)], notes);
    }
}
