namespace QuantNotebooks.Networks;

/// <summary>A node beside the layers of which nothing is left out: what it does is known, and where an integer engine would quantize its result, it is.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Operator">Its ONNX operator.</param>
/// <param name="Role">What such nodes do, in the plural: "sums of tensors, quantized".</param>
public sealed record OtherNode(string Node, string Operator, string Role);
