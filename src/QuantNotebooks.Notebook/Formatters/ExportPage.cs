using Deedle;
using QuantNotebooks.Export;
using QuantNotebooks.Notebook.Frames;

namespace QuantNotebooks.Notebook.Formatters;

/// <summary>What an export says about itself.</summary>
internal static class ExportPage
{
    public static ResultPage Of(ExportResult result)
    {
        var notes = new List<string>(result.Notes);
        if (result.ConvertedFrom is { } from) notes.Add(FormattableString.Invariant($"Converted from ONNX operator set {from}."));
        if (result.Check is { } check) notes.AddRange(check.Explanation);
        return new ResultPage(
            FormattableString.Invariant($"{result.Path}: {result.Network.Name}, {result.Scheme?.ToString() ?? "floating point"}, {result.Bytes:N0} bytes, ONNX operator set {result.Opset}"),
            result.Layers.IsEmpty ? null : FrameOf(result), [], notes);
    }

    private static Frame<int, string> FrameOf(ExportResult result)
    {
        return new FrameColumns<ExportedLayer>(result.Layers)
            .Add("layer", layer => layer.Layer.Name)
            .Add("operator", layer => layer.Layer.Operator.ToString())
            .Add("weights", layer => layer.Weights)
            .Add("bias", layer => layer.Bias ?? "-")
            .Add("output", layer => layer.Output)
            .Add("can saturate", layer => layer.CanSaturate ? "yes" : "")
            .Frame;
    }
}
