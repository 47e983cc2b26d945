namespace QuantNotebooks.Networks;

/// <summary>A node that stays in the network untouched and runs in ONNX Runtime, but is not analysed.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Operator">Its ONNX operator.</param>
/// <param name="Reason">Why it is not analysed.</param>
public sealed record NotAnalysed(string Node, string Operator, string Reason);
