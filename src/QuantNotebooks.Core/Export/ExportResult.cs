using System.Collections.Immutable;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Export;

/// <summary>How one layer stands in an exported file.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Weights">The type of its weights: "int8", "uint4", ..., or "float32".</param>
/// <param name="Bias">The type of its bias; null where it has none.</param>
/// <param name="Output">The type of its output after the activation.</param>
/// <param name="CanSaturate">
/// Whether two products of an 8-bit activation with neighbouring weights can exceed 16 bits: there ONNX Runtime's kernels saturate on x64 processors
/// without VNNI instructions, and the layer's result is wrong. Not for depthwise layers, whose kernels add in 32 bits.
/// </param>
public sealed record ExportedLayer(Layer Layer, string Weights, string? Bias, string Output, bool CanSaturate);

/// <summary>What an export wrote. Immutable.</summary>
/// <param name="Network">The network.</param>
/// <param name="Path">The file.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Opset">The ONNX operator set it is written in.</param>
public sealed record ExportResult(Network Network, string Path, long Bytes, long Opset)
{
    /// <summary>The scheme; null for an export in floating point.</summary>
    public QuantizationScheme? Scheme { get; init; }

    /// <summary>The activations' ranges, and of which images; null for an export in floating point.</summary>
    public ActivationRanges? Ranges { get; init; }

    /// <summary>The operator set that the network was converted from; null where it was not converted.</summary>
    public long? ConvertedFrom { get; init; }

    /// <summary>The layers as they stand in the file; empty for an export in floating point.</summary>
    public ImmutableArray<ExportedLayer> Layers { get; init; } = [];

    /// <summary>What whoever runs the file should know, a sentence each.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>The file in ONNX Runtime beside the simulation; null where that was not asked for.</summary>
    public IntegerCheck? Check { get; init; }
}
