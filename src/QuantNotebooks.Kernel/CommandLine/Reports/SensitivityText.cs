using QuantNotebooks.Sensitivity;

namespace QuantNotebooks.Kernel.CommandLine.Reports;

/// <summary>What each layer quantized alone does to the output, as plain text.</summary>
internal static class SensitivityText
{
    public static void Write(SensitivityReport report, TextWriter writer)
    {
        writer.WriteLine($"{report.Network.Name}, {report.Scheme}, each layer quantized alone, {Digits.Count(report.Sample.Count)} of {Digits.Count(report.Images.Count)} images of '{report.Images.Name}', at the output");
        if (report.StoppedBefore is { } wanted) writer.WriteLine($"Stopped early: these are the first of {Digits.Count(wanted)} images.");
        writer.WriteLine();
        var table = new TextTable(
            new("layer", false), new("operator", false), new("rQNSR"), new("SQNR dB"), new("+- dB"), new("share of noise %"), new("agreement %"), new("accuracy %"));
        foreach (var layer in report.Layers) table.Add(Cells(layer.Name, layer.Layer.Operator.ToString(), layer.Output, Digits.Percent(report.ShareOf(layer))));
        table.Add(Cells("all together", "", report.Together, ""));
        table.Write(writer);
        writer.WriteLine();
        writer.WriteLine("rQNSR, SQNR: of the network's output with the layer's input, weights, bias and output on their grids and all else in full precision. +-: standard");
        writer.WriteLine("error over images. share: of the sum of all layers' noise energies. agreement: images with the answer of full precision.");
        writer.WriteLine(SensitivityFinding.Of(report) + ".");
    }

    private static string[] Cells(string name, string operation, OutputNoise noise, string share) =>
    [
        name, operation, Digits.Short(noise.RootQnsr), Digits.Decibels(noise.SqnrDecibels), Digits.Format(noise.SqnrStandardErrorDecibels, "F2"), share,
        Digits.Percent(noise.Agreement), Digits.Percent(noise.Accuracy),
    ];
}
