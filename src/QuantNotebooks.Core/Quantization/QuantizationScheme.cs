namespace QuantNotebooks.Quantization;

/// <summary>How many weights share one scale.</summary>
public enum WeightGranularity
{
    /// <summary>One scale for all weights of a layer.</summary>
    PerTensor,

    /// <summary>One scale for each output channel.</summary>
    PerChannel,
}

/// <summary>The format of a layer's bias.</summary>
public enum BiasPrecision
{
    /// <summary>Not quantized.</summary>
    Float,

    /// <summary>A 32-bit integer whose step is the input's scale times the weights', as integer engines add it to their accumulator.</summary>
    Int32,
}

/// <summary>
/// What is quantized, and how finely. Weights are symmetric and signed, activations asymmetric and unsigned; by default their ranges are the
/// extrema, of activations on the calibration images; all as in paper A (arXiv 1906.03193). Immutable.
/// </summary>
public sealed record QuantizationScheme
{
    /// <summary>The papers' scheme: 8-bit weights and activations, one scale a tensor.</summary>
    public static QuantizationScheme Int8PerTensor { get; } = new();

    /// <summary>8-bit weights with one scale for each output channel, 8-bit activations.</summary>
    public static QuantizationScheme Int8PerChannel { get; } = new() { WeightGranularity = WeightGranularity.PerChannel };

    /// <summary>Bits of a weight, 2 to 16; null leaves weights in floating point.</summary>
    /// <exception cref="QuantNotebooksException">The number is outside 2 to 16.</exception>
    public int? WeightBits { get; init => field = Checked(value, "weight bits"); } = 8;

    /// <summary>Bits of an activation, 2 to 16; null leaves activations in floating point.</summary>
    /// <exception cref="QuantNotebooksException">The number is outside 2 to 16.</exception>
    public int? ActivationBits { get; init => field = Checked(value, "activation bits"); } = 8;

    /// <summary>
    /// Bits of the network's own input and of its last layers' outputs: <see cref="ActivationBits"/>, but at least 8, because pixels come as
    /// bytes and the scores that a decision is read from are not stored between layers. Null where activations stay in floating point.
    /// </summary>
    public int? BoundaryBits => ActivationBits is { } bits ? Math.Max(8, bits) : null;

    /// <summary>How many weights share one scale.</summary>
    public WeightGranularity WeightGranularity { get; init; }

    /// <summary>How the ranges of weights and activations are found.</summary>
    public RangeEstimator Range { get; init; } = RangeEstimator.MinMax;

    /// <summary>The format of biases. With floating-point weights or activations a bias is not quantized either.</summary>
    public BiasPrecision Bias { get; init; } = BiasPrecision.Int32;

    /// <summary>The same scheme with as many bits for weights and for activations.</summary>
    /// <exception cref="QuantNotebooksException">The number is outside 2 to 16.</exception>
    public QuantizationScheme WithBits(int bits) => this with { WeightBits = bits, ActivationBits = bits };

    /// <summary>For example "W8A8 per tensor".</summary>
    public override string ToString() => FormattableString.Invariant(
        $"W{Name(WeightBits)}A{Name(ActivationBits)} {(WeightGranularity == WeightGranularity.PerTensor ? "per tensor" : "per channel")}{(Range == RangeEstimator.MinMax ? "" : $", {Range}")}{(Bias == BiasPrecision.Float ? ", float bias" : "")}");

    private static string Name(int? bits) => bits?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "float";

    private static int? Checked(int? bits, string what) => bits is null or (>= 2 and <= 16)
        ? bits
        : throw new QuantNotebooksException(FormattableString.Invariant($"{what} must be 2 to 16, not {bits}."));
}
