using QuantNotebooks.Networks;

namespace QuantNotebooks.Notebook.Text;

/// <summary>Layers in words.</summary>
internal static class LayerText
{
    private const int LongestLabel = 26;

    /// <summary>The operator as the field calls it: "depthwise", "conv".</summary>
    public static string OperatorName(LayerOperator operation) => operation switch
    {
        LayerOperator.Conv => "conv",
        LayerOperator.DepthwiseConv => "depthwise",
        LayerOperator.GroupedConv => "grouped conv",
        LayerOperator.ConvTranspose => "transposed conv",
        LayerOperator.Gemm => "Gemm",
        LayerOperator.MatMul => "MatMul",
        _ => operation.ToString(),
    };

    /// <summary>The name with the operator: "features.1.0 (depthwise)".</summary>
    public static string Described(Layer layer) => $"{layer.Name} ({OperatorName(layer.Operator)})";

    /// <summary>The title of an axis of these layers, which explains the mark of <see cref="AxisLabel"/> where one has it.</summary>
    public static string AxisTitle(string title, IEnumerable<Layer> layers) =>
        layers.Any(layer => layer.Operator == LayerOperator.DepthwiseConv) ? title + " (◆ depthwise)" : title;

    /// <summary>A label for an axis: the name, its middle left out where it is long, and a mark on depthwise layers.</summary>
    public static string AxisLabel(Layer layer) => Shortened(layer.Name, LongestLabel) + (layer.Operator == LayerOperator.DepthwiseConv ? " ◆" : "");

    /// <summary>The text, or its beginning and end with an ellipsis between.</summary>
    public static string Shortened(string text, int longest)
    {
        if (text.Length <= longest) return text;
        var head = (longest - 1) / 3;
        var tail = longest - 1 - head;
        return string.Concat(text.AsSpan(0, head), "…", text.AsSpan(text.Length - tail));
    }
}
