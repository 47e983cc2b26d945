using System.Collections.Immutable;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Onnx;
using QuantNotebooks.Onnx.Schema;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Export;

/// <summary>
/// Writes a network as an integer engine takes it: an ONNX file in QDQ form, with integers for weights and biases and a
/// QuantizeLinear/DequantizeLinear pair on every tensor that the simulation puts on a grid.
/// </summary>
/// <remarks>
/// <para>
/// Scales, zero points and integers come from the functions that the simulation (<c>QuantizedInference</c>) uses. A ReLU or Clip whose bounds
/// the grid of its output has too is left out: saturation does the same, exactly. Left in, it can keep an engine from fusing the layer, because
/// the largest value of a grid over [0, 6] is 6 only up to the rounding of its scale. Types of 4 and 16 bits need operator set 21 and scales per
/// channel 13; the network is converted where that is exact and refused where it is not.
/// </para>
/// <para>
/// How ONNX Runtime's integer kernels differ from the simulation (<see cref="IntegerChecker"/> measures it for a file): given the same input, a kernel's result differs in about 1 of 400,000 values, by
/// one step, where a value lies between two integers and the engine's multiplication by one float32 falls on one side and the simulation's float32
/// sums on the other. Through a deep network such a step can grow: in the simulation itself, one step in one value of an early layer of MobileNet v2
/// moves a quarter of the logits, 1 of 1,000 by three output steps (tests show both). On 10,000 Fashion-MNIST test images, calibrated on 256, the
/// class is the same for 99.75 % of the images or more, and the largest difference of a logit is 1 output step in ResNet-14, 2 in MobileNet v1 and 4
/// in MobileNet v2, where 1 of 1,000 logits differs by more than two.
/// </para>
/// <para>
/// On x64 processors without VNNI instructions the kernels add pairs of products of unsigned activations and signed weights in 16 bits, and
/// saturate: ResNet-14 with 8-bit weights per channel then gives another class for 4.5 % of the
/// images (2,000) and logits that differ by up to 67 output steps. Remedies: 7-bit weights (<see cref="QuantizationScheme.OnnxRuntimeReducedRange"/>), or the session option <c>session.x64quantprecision</c> = 1.
/// </para>
/// </remarks>
public static class QdqExport
{
    /// <summary>Writes the quantized network, with ranges that are known.</summary>
    /// <param name="network">The network.</param>
    /// <param name="path">The file; one that exists is replaced.</param>
    /// <param name="scheme">The scheme.</param>
    /// <param name="ranges">The activations' ranges; null for those that the network carries.</param>
    /// <param name="options">How the file is written; null for the default.</param>
    /// <param name="cancellation">Stops the writing.</param>
    /// <exception cref="QuantNotebooksException">QDQ can't express the network, the ranges are missing, or the file can't be written.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; there is no such file then, or the one before.</exception>
    public static ExportResult SaveQdq(
        this Network network, string path, QuantizationScheme scheme, ActivationRanges? ranges = null, QdqOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(scheme);
        ReportFile.RequireWritable(path);
        network.RequireSomethingQuantized(scheme);
        var known = ranges ?? network.Ranges ?? (QuantizerPlacement.Of(network, scheme).QuantizesActivations
            ? throw new QuantNotebooksException($"'{network.Name}' carries no calibrated ranges: calibration images are needed to export it quantized.")
            : ActivationRanges.None);
        var (model, result) = network.ToQdq(scheme, known, options ?? QdqOptions.Default);
        OnnxFile.Write(model, path, cancellation.OrAmbient());
        return result with { Path = path, Bytes = new FileInfo(path).Length };
    }

    /// <summary>Writes the quantized network; the calibration images set the ranges, unless the network carries its own.</summary>
    /// <param name="network">The network.</param>
    /// <param name="path">The file; one that exists is replaced.</param>
    /// <param name="scheme">The scheme.</param>
    /// <param name="calibration">Images that set the ranges, as in an evaluation.</param>
    /// <param name="options">How the file is written; null for the default.</param>
    /// <param name="cancellation">Stops within a batch, and the writing.</param>
    /// <exception cref="QuantNotebooksException">QDQ can't express the network, the images don't fit, or the file can't be written.</exception>
    public static ExportResult SaveQdq(
        this Network network, string path, QuantizationScheme scheme, ImageSet calibration, QdqOptions? options = null, CancellationToken cancellation = default)
    {
        cancellation = cancellation.OrAmbient();
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(scheme);
        ArgumentNullException.ThrowIfNull(calibration);
        ReportFile.RequireWritable(path);
        network.RequireQdq(scheme);
        return network.SaveQdq(path, scheme, network.Ranges ?? network.Calibrate(calibration, scheme, null, cancellation), options, cancellation);
    }

    /// <summary>Refuses a network that can't be written in QDQ form, before a calibration that takes time.</summary>
    /// <exception cref="QuantNotebooksException">The reason, and what would do.</exception>
    public static void RequireQdq(this Network network, QuantizationScheme scheme)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(scheme);
        scheme.RequireLayersOf(network);
        if (network.Layers.IsEmpty) throw new QuantNotebooksException($"'{network.Name}' has no layer with constant weights, so there is nothing to quantize.");
        network.RequireSomethingQuantized(scheme);
        // Ranges don't change the form, so any will do to see whether it can be written.
        var tensors = QuantizerPlacement.Of(network, scheme).Tensors;
        network.ToQdq(scheme, new ActivationRanges(tensors.ToImmutableSortedDictionary(tensor => tensor, _ => new ActivationRange(-1, 1)), "", 0), QdqOptions.Default);
    }

    private static void RequireSomethingQuantized(this Network network, QuantizationScheme scheme)
    {
        if (network.Layers.All(layer => scheme.SchemeOf(layer) is { WeightBits: null, ActivationBits: null }))
            throw new QuantNotebooksException("With weights and activations in floating point there is nothing to quantize: export the network as 'float'.");
    }

    internal static (ModelProto Model, ExportResult Result) ToQdq(this Network network, QuantizationScheme scheme, ActivationRanges ranges, QdqOptions options)
    {
        var placement = QuantizerPlacement.Of(network, scheme);
        var grids = new SortedDictionary<string, Quantizer>(StringComparer.Ordinal);
        foreach (var tensor in placement.Tensors)
            if (placement.FormatOf(tensor) is { } format) grids[tensor] = format.Over(ranges.Of(tensor, network));
        var qdq = new QdqGraph(network.Graph);
        var layers = ImmutableArray.CreateBuilder<ExportedLayer>(network.Layers.Length);
        foreach (var layer in network.Layers)
        {
            var weights = LayerQuantizer.Weights(layer, scheme);
            var input = grids.GetValueOrDefault(placement.InputGridOf(layer));
            var bias = layer.HasBias ? LayerQuantizer.Integers(layer.Bias, weights, input, scheme) : null;
            var fewest = options.StoreAs8Bits ? 8 : 4;
            qdq.Quantize(layer, weights, bias, fewest);
            layers.Add(Describe(layer, weights, bias, input, grids.GetValueOrDefault(layer.Output), fewest));
        }
        foreach (var (tensor, grid) in grids) qdq.Quantize(tensor, grid);
        var from = OpsetConversion.OpsetOf(network.Graph);
        var graph = OpsetConversion.Convert(qdq.ToGraph(), qdq.Opset, network.Name);
        var opset = OpsetConversion.OpsetOf(graph);
        var entry = new HistoryEntry("export-qdq", scheme.ToString(), ranges.ByTensor.IsEmpty ? null : ranges.ImagesSha256, network.Sha256, ToolVersion.Text);
        var model = NetworkMetadata.Write(graph, network.Facts with { Ranges = ranges.ByTensor.IsEmpty ? null : ranges, History = network.History.Add(entry) }).ToModel();
        var described = layers.MoveToImmutable();
        return (model, new ExportResult(network, "", 0, opset)
        {
            Scheme = scheme, Ranges = ranges.ByTensor.IsEmpty ? null : ranges, ConvertedFrom = opset == from ? null : from, Layers = described, Notes = Notes(described, scheme),
        });
    }

    private static ExportedLayer Describe(Layer layer, QuantizedWeights weights, IntegerBias? bias, Quantizer? input, Quantizer? output, int fewestBits) => new(
        layer,
        weights.IsQuantized ? IntegerType.For(weights.QuantizerOf(0), fewestBits).ToString() : Float,
        !layer.HasBias ? null : bias is null ? Float : "int32",
        output is null ? Float : IntegerType.For(output).ToString(),
        input is not null && weights.IsQuantized && CanSaturate(layer, weights, input));

    private const string Float = "float32";

    private static bool CanSaturate(Layer layer, QuantizedWeights weights, Quantizer input)
    {
        var (activation, weight) = (IntegerType.For(input), IntegerType.For(weights.QuantizerOf(0), fewestBits: 8));
        // Only kernels of unsigned bytes with signed bytes add in 16 bits.
        if (layer.Operator == LayerOperator.DepthwiseConv || activation is not { Bits: 8, Signed: false } || weight is not { Bits: 8, Signed: true }) return false;
        var integers = QdqGraph.IntegersOf(layer, weights);
        for (var channel = 0; channel < layer.Channels; channel++)
        {
            // Which weights stand side by side is the kernel's affair: the two largest of one sign could.
            int[] largest = [0, 0, 0, 0];
            layer.Layout.ForEachRun(channel, (start, length) =>
            {
                foreach (var integer in integers.AsSpan(start, length))
                {
                    if (integer > largest[0]) (largest[0], largest[1]) = (integer, largest[0]);
                    else if (integer > largest[1]) largest[1] = integer;
                    if (integer < largest[2]) (largest[2], largest[3]) = (integer, largest[2]);
                    else if (integer < largest[3]) largest[3] = integer;
                }
            });
            if ((largest[0] + largest[1]) * byte.MaxValue > short.MaxValue || (largest[2] + largest[3]) * byte.MaxValue < short.MinValue) return true;
        }
        return false;
    }

    private static ImmutableArray<string> Notes(IReadOnlyCollection<ExportedLayer> layers, QuantizationScheme scheme)
    {
        var notes = ImmutableArray.CreateBuilder<string>();
        var saturating = layers.Count(layer => layer.CanSaturate);
        if (saturating > 0)
            notes.Add(
                $"{saturating} of {layers.Count} layers can saturate in ONNX Runtime on x64 processors without VNNI instructions, where the kernels add pairs of "
                + "products in 16 bits. Write 7-bit weights (reduce-range), or run with the session option session.x64quantprecision = 1.");
        var inFloat = layers.Count(layer => !(layer.Weights is "int8" or "uint8" && layer.Output is "int8" or "uint8" && layer.Bias != Float));
        if (inFloat > 0)
            notes.Add(
                $"{inFloat} of {layers.Count} layers hold types for which ONNX Runtime's processor kernels have no integer arithmetic (they take 8-bit weights and "
                + "activations and 32-bit biases): it computes them in floating point on the same grids.");
        if (scheme is { SymmetricActivations: true, ActivationBits: not null })
            notes.Add("On symmetric grids a ReLU can't be left to saturation; ONNX Runtime runs such layers in floating point on the same grids.");
        return notes.ToImmutable();
    }
}
