using System.Collections.Immutable;

namespace QuantNotebooks.Quantization;

/// <content>
/// Named schemes. Those named after an engine take from it the facts that their remarks name; where in a network tensors are quantized is the
/// same for all of them (see README), and so is the finer input and output (<see cref="BoundaryBits"/>).
/// </content>
public sealed partial record QuantizationScheme
{
    /// <summary>The papers' scheme: 8-bit weights and activations, one scale a tensor, min-max on the calibration images.</summary>
    public static QuantizationScheme Int8PerTensor { get; } = new();

    /// <summary>8-bit weights with one scale for each output channel, 8-bit activations.</summary>
    public static QuantizationScheme Int8PerChannel { get; } = new() { WeightGranularity = WeightGranularity.PerChannel };

    /// <summary>
    /// What ONNX Runtime's static quantization does when nothing is chosen: 8-bit weights, symmetric per tensor in [-127, 127]; 8-bit activations,
    /// asymmetric per tensor; min-max for both; 32-bit biases. (Its activations are signed integers: the same grid, counted from -128.)
    /// </summary>
    public static QuantizationScheme OnnxRuntime { get; } = Int8PerTensor;

    /// <summary>
    /// The same with 7-bit weights (its option reduce_range): two products of an 8-bit activation and such a weight fit into 16 bits, which
    /// processors with AVX2 or AVX-512 and without VNNI need, or they saturate.
    /// </summary>
    public static QuantizationScheme OnnxRuntimeReducedRange { get; } = OnnxRuntime with { WeightBits = 7 };

    /// <summary>
    /// TensorRT with its implicit calibration: 8-bit weights, symmetric per channel in [-127, 127], min-max; 8-bit activations, symmetric per
    /// tensor with zero point 0 even after a ReLU, the range by entropy (IInt8EntropyCalibrator2); biases in floating point.
    /// </summary>
    /// <remarks>TensorRT fuses a convolution with the Add and ReLU behind it and does not quantize between them; here the convolution's output is quantized.</remarks>
    public static QuantizationScheme TensorRT { get; } = new()
    {
        WeightGranularity = WeightGranularity.PerChannel, SymmetricActivations = true, ActivationRange = RangeEstimator.Entropy, Bias = BiasPrecision.Float,
    };

    /// <summary>
    /// LiteRT (TensorFlow Lite), full integer: 8-bit weights, symmetric per channel in [-127, 127]; 8-bit activations, asymmetric per tensor;
    /// min-max; 32-bit biases of step (input scale) x (weight scale). (Its activations are signed integers: the same grid, counted from -128.)
    /// </summary>
    public static QuantizationScheme TFLite { get; } = Int8PerChannel;

    /// <summary>LiteRT's mode with 16-bit activations: they are symmetric, weights as in <see cref="TFLite"/>. (Its biases have 64 bits, here 32.)</summary>
    public static QuantizationScheme TFLite16x8 { get; } = Int8PerChannel with { ActivationBits = 16, SymmetricActivations = true };

    /// <summary>
    /// AMD's Vitis AI for its DPU: 8-bit weights and activations, symmetric per tensor, every scale a power of two, ranges of least squared error.
    /// (Its biases have 8 bits, here 16.)
    /// </summary>
    public static QuantizationScheme VitisAI { get; } = new()
    {
        SymmetricActivations = true, PowerOfTwoScales = true,
        WeightRange = RangeEstimator.LeastSquares, ActivationRange = RangeEstimator.LeastSquares, Bias = BiasPrecision.Int16,
    };

    /// <summary>4-bit weights with one scale for each output channel, least squared error; 8-bit activations, min-max.</summary>
    public static QuantizationScheme W4A8 { get; } = Int8PerChannel with { WeightBits = 4, WeightRange = RangeEstimator.LeastSquares };

    /// <summary>8-bit weights with one scale for each output channel, activations in floating point: weights only.</summary>
    public static QuantizationScheme WeightsOnly8 { get; } = Int8PerChannel with { ActivationBits = null };

    /// <summary>The presets by the names that commands know them by.</summary>
    public static ImmutableArray<(string Name, QuantizationScheme Scheme)> Presets { get; } =
    [
        ("int8-per-tensor", Int8PerTensor),
        ("int8-per-channel", Int8PerChannel),
        ("onnxruntime", OnnxRuntime),
        ("onnxruntime-reduced-range", OnnxRuntimeReducedRange),
        ("tensorrt", TensorRT),
        ("tflite", TFLite),
        ("tflite-16x8", TFLite16x8),
        ("vitis-ai", VitisAI),
        ("w4a8", W4A8),
        ("weights-only-8", WeightsOnly8),
    ];
}
