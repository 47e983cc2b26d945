using QuantNotebooks.Export;

namespace QuantNotebooks.Kernel.CommandLine.Reports;

/// <summary>What an export wrote, as plain text.</summary>
internal static class ExportedText
{
    public static void Write(ExportResult result, TextWriter writer)
    {
        var converted = result.ConvertedFrom is { } from ? $", converted from {from}" : "";
        writer.WriteLine($"{result.Path}: {result.Network.Name}, {result.Scheme?.ToString() ?? "floating point"}, {Digits.Count(result.Bytes)} bytes, ONNX operator set {result.Opset}{converted}");
        if (!result.Layers.IsEmpty)
        {
            writer.WriteLine();
            var table = new TextTable(new("layer", false), new("operator", false), new("weights", false), new("bias", false), new("output", false), new("can saturate", false));
            foreach (var layer in result.Layers)
                table.Add(layer.Layer.Name, layer.Layer.Operator.ToString(), layer.Weights, layer.Bias ?? "-", layer.Output, layer.CanSaturate ? "yes" : "");
            table.Write(writer);
        }
        if (!result.Notes.IsEmpty) writer.WriteLine();
        foreach (var note in result.Notes) writer.WriteLine(note);
        if (result.Check is not { } check) return;
        writer.WriteLine();
        foreach (var sentence in check.Explanation) writer.WriteLine(sentence);
    }
}
