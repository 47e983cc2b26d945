namespace QuantNotebooks.Images;

/// <summary>A network's input: the tensor's name, and how pixels become its values.</summary>
/// <param name="Name">The name of the input tensor in the ONNX file.</param>
/// <param name="Preprocessing">How pixels become the tensor [N, C, H, W].</param>
public sealed record InputDescription(string Name, Preprocessing Preprocessing);
