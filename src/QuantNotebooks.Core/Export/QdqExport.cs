using System.Collections.Immutable;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Export;

/// <summary>
/// Writes a network as an integer engine takes it: an ONNX file in QDQ form, with 8-bit integers for the weights, 32-bit integers for the biases
/// and a QuantizeLinear/DequantizeLinear pair on every tensor that the simulation puts on a grid.
/// </summary>
/// <remarks>
/// <para>
/// Scales, zero points and integers come from the functions that the simulation (<c>QuantizedInference</c>) uses. A ReLU or Clip whose bounds
/// the grid of its output has too is left out: saturation does the same, exactly. Left in, it can keep an engine from fusing the layer, because
/// the largest value of a grid over [0, 6] is 6 only up to the rounding of its scale.
/// </para>
/// <para>
/// Beside the simulation, on 10,000 Fashion-MNIST test images, calibrated on 256, ONNX Runtime's integer kernels (every convolution and fully
/// connected layer and every Add; the global average pooling runs in floating point, because only its flattened result is on a grid) give the
/// same class for 99.79 % of the images or more. The largest difference of a logit is 1 output step in ResNet-14, 2 in MobileNet v1 and 4 in
/// MobileNet v2, which misses the goal of 2. Run node by node in floating point the same files differ by up to 1, 1 and 2 steps on 200 images,
/// so part of the difference is not the kernels'. Which nodes the rest comes from has not been traced.
/// </para>
/// </remarks>
public static class QdqExport
{
    /// <summary>Writes the quantized network, with ranges that are known.</summary>
    /// <param name="network">The network.</param>
    /// <param name="path">The file; one that exists is replaced.</param>
    /// <param name="scheme">8-bit weights and activations with 32-bit biases, per tensor or per channel.</param>
    /// <param name="ranges">The activations' ranges; null for those that the network carries.</param>
    /// <exception cref="QuantNotebooksException">QDQ can't express the scheme, the ranges are missing, or the file can't be written.</exception>
    public static void SaveQdq(this Network network, string path, QuantizationScheme scheme, ActivationRanges? ranges = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(scheme);
        ReportFile.RequireWritable(path);
        var known = ranges ?? network.Ranges ?? throw new QuantNotebooksException(
            $"'{network.Name}' carries no calibrated ranges: calibration images are needed to export it quantized.");
        OnnxFile.Write(network.ToQdqModel(scheme, known), path);
    }

    /// <summary>Writes the quantized network; the calibration images set the ranges, unless the network carries its own.</summary>
    /// <param name="network">The network.</param>
    /// <param name="path">The file; one that exists is replaced.</param>
    /// <param name="scheme">8-bit weights and activations with 32-bit biases, per tensor or per channel.</param>
    /// <param name="calibration">Images whose extrema set the ranges, as in an evaluation.</param>
    /// <param name="cancellation">Stops within a batch.</param>
    /// <exception cref="QuantNotebooksException">QDQ can't express the scheme, the images don't fit, or the file can't be written.</exception>
    public static void SaveQdq(
        this Network network, string path, QuantizationScheme scheme, ImageSet calibration, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(scheme);
        ArgumentNullException.ThrowIfNull(calibration);
        ReportFile.RequireWritable(path);
        // Before the calibration, which takes time.
        network.RequireQdq(scheme);
        network.SaveQdq(path, scheme, network.Ranges ?? network.Calibrate(calibration, scheme, cancellation));
    }

    /// <summary>Refuses a scheme or network that QDQ can't express.</summary>
    /// <exception cref="QuantNotebooksException">The reason, and what would do.</exception>
    public static void RequireQdq(this Network network, QuantizationScheme scheme)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(scheme);
        RequireEightBits("weights", "--weight-bits 8", scheme.WeightBits);
        RequireEightBits("activations", "--activation-bits 8", scheme.ActivationBits);
        if (scheme.Bias != BiasPrecision.Int32)
            throw new QuantNotebooksException("The QDQ export writes biases as 32-bit integers, as integer engines add them, not in floating point (--bias-bits 32).");
        if (!scheme.SymmetricWeights || scheme.SymmetricActivations || scheme.Overrides.Count > 0)
            throw new QuantNotebooksException("The QDQ export writes symmetric weights and asymmetric activations, and no overrides, yet.");
        if (network.Layers.IsEmpty) throw new QuantNotebooksException($"'{network.Name}' has no layer with constant weights, so there is nothing to quantize.");
        var opset = network.Graph.Header.OpsetImport.FirstOrDefault(import => import.Domain is "" or "ai.onnx")?.Version ?? 0;
        var perChannel = scheme.WeightGranularity == WeightGranularity.PerChannel;
        var needed = perChannel ? 13 : 10;
        if (opset < needed)
            throw new QuantNotebooksException(FormattableString.Invariant(
                $"'{network.Name}' is written in ONNX operator set {opset}, and QDQ with weight scales {(perChannel ? "per channel" : "per tensor")} needs at least {needed}."));
    }

    internal static ModelProto ToQdqModel(this Network network, QuantizationScheme scheme, ActivationRanges ranges)
    {
        network.RequireQdq(scheme);
        var placement = QuantizerPlacement.Of(network, scheme);
        var quantizers = placement.Tensors.ToImmutableSortedDictionary(
            tensor => tensor, tensor => placement.QuantizerOf(tensor, ranges.Of(tensor, network))!, StringComparer.Ordinal);
        var graph = new QdqGraph(network.Graph);
        foreach (var layer in network.Layers) graph.Quantize(layer, scheme, quantizers[placement.InputGridOf(layer)]);
        foreach (var (tensor, quantizer) in quantizers) graph.Quantize(tensor, quantizer);
        var entry = new HistoryEntry("export-qdq", scheme.ToString(), ranges.ImagesSha256, network.Sha256, ToolVersion.Text);
        return NetworkMetadata.Write(graph.ToGraph(), network.Facts with { Ranges = ranges, History = network.History.Add(entry) }).ToModel();
    }

    private static void RequireEightBits(string what, string option, int? bits)
    {
        if (bits == 8) return;
        var has = bits is { } number ? FormattableString.Invariant($"{number}-bit {what}") : $"{what} in floating point";
        var reason = bits == 16 ? "; 16 bits need operator set 21 and are not written yet" : "";
        throw new QuantNotebooksException($"The QDQ export writes 8-bit weights and activations, not {has}{reason} ({option}).");
    }
}
