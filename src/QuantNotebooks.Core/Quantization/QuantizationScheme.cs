using QuantNotebooks.Networks;

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

    /// <summary>
    /// A 16-bit integer whose step is the accumulator's (input scale x weight scale) times 2^k: one k a layer, the smallest with which every
    /// bias of the layer fits, so that the engine shifts it into its accumulator.
    /// </summary>
    Int16,
}

/// <summary>
/// What is quantized, and how finely. By default weights are symmetric and signed, activations asymmetric and unsigned, both with 8 bits, and
/// ranges are the extrema, of activations on the calibration images; all as in paper A (arXiv 1906.03193). Immutable.
/// </summary>
public sealed partial record QuantizationScheme
{
    /// <summary>Bits of a weight, 2 to 16; null leaves weights in floating point.</summary>
    /// <exception cref="QuantNotebooksException">The number is outside 2 to 16.</exception>
    public int? WeightBits { get; init => field = BitWidth.Checked(value, "weight bits"); } = 8;

    /// <summary>Bits of an activation, 2 to 16; null leaves activations in floating point.</summary>
    /// <exception cref="QuantNotebooksException">The number is outside 2 to 16.</exception>
    public int? ActivationBits { get; init => field = BitWidth.Checked(value, "activation bits"); } = 8;

    /// <summary>Whether any activation is quantized, and so needs a range: else calibration has nothing to find.</summary>
    public bool QuantizesActivations => ActivationBits is not null || Overrides.Any(other => other.ActivationBits is not null);

    /// <summary>
    /// Bits of the network's own input and of its last layers' outputs: <see cref="ActivationBits"/>, but at least 8, because pixels come as
    /// bytes and the scores that a decision is read from are not stored between layers. Null where activations stay in floating point.
    /// </summary>
    public int? BoundaryBits => ActivationBits is { } bits ? Math.Max(8, bits) : null;

    /// <summary>How many weights share one scale.</summary>
    public WeightGranularity WeightGranularity { get; init; }

    /// <summary>Whether weights lie on a signed grid around zero; else on an unsigned one with a zero point.</summary>
    public bool SymmetricWeights { get; init; } = true;

    /// <summary>
    /// Whether activations lie on a signed grid around zero, of which values that are never negative use only half; else on an unsigned one with
    /// a zero point.
    /// </summary>
    public bool SymmetricActivations { get; init; }

    /// <summary>Whether every scale is a power of two: the smallest that covers the range.</summary>
    public bool PowerOfTwoScales { get; init; }

    /// <summary>How the ranges of weights are found.</summary>
    public RangeEstimator WeightRange { get; init; } = RangeEstimator.MinMax;

    /// <summary>How the ranges of activations are found.</summary>
    public RangeEstimator ActivationRange { get; init; } = RangeEstimator.MinMax;

    /// <summary>The format of biases. With floating-point weights or a floating-point input a bias is not quantized either.</summary>
    public BiasPrecision Bias { get; init; } = BiasPrecision.Int32;

    /// <summary>Layers with bits of their own.</summary>
    public ValueList<LayerOverride> Overrides { get; init; } = [];

    /// <summary>The same scheme with as many bits for weights and for activations.</summary>
    /// <exception cref="QuantNotebooksException">The number is outside 2 to 16.</exception>
    public QuantizationScheme WithBits(int bits) => this with { WeightBits = bits, ActivationBits = bits };

    /// <summary>The same scheme with one estimator for the ranges of weights and of activations.</summary>
    public QuantizationScheme WithRange(RangeEstimator estimator) => this with { WeightRange = estimator, ActivationRange = estimator };

    /// <summary>The same scheme with other bits for one layer; an earlier override of that layer is replaced.</summary>
    /// <param name="layer">The layer's name. Whether a network has it shows when the network is quantized.</param>
    /// <param name="weightBits">Bits of its weights, 2 to 16; null leaves them in floating point.</param>
    /// <param name="activationBits">Bits of its output after the activation; null leaves it in floating point.</param>
    /// <exception cref="QuantNotebooksException">A number is outside 2 to 16.</exception>
    public QuantizationScheme WithOverride(string layer, int? weightBits, int? activationBits)
    {
        var changed = new LayerOverride(layer, weightBits, activationBits);
        return this with { Overrides = [.. Overrides.Where(other => other.Layer != layer), changed] };
    }

    /// <summary>What holds for one layer: the scheme with the bits of the layer's override, if it has one, and without overrides.</summary>
    public QuantizationScheme SchemeOf(Layer layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        if (Overrides.Count == 0) return this;
        var own = Overrides.FirstOrDefault(other => other.Layer == layer.Name) ?? Overrides.FirstOrDefault(other => other.Layer == layer.NodeName);
        var common = this with { Overrides = [] };
        return own is null ? common : common with { WeightBits = own.WeightBits, ActivationBits = own.ActivationBits };
    }

    /// <summary>Refuses overrides of layers that the network does not have, or several of one layer.</summary>
    /// <exception cref="QuantNotebooksException">Names the layer, and the nearest that exists.</exception>
    internal void RequireLayersOf(Network network)
    {
        foreach (var (layer, count) in Overrides.Select(other => other.Layer).CountBy(name => name))
        {
            if (count > 1) throw new QuantNotebooksException($"Layer '{layer}' has {count} overrides; it can have one.");
            if (network.Layers.Any(other => other.Name == layer || other.NodeName == layer)) continue;
            throw new QuantNotebooksException(
                $"An override names layer '{layer}', which '{network.Name}' does not have{Spelling.DidYouMean(layer, [.. network.Layers.Select(other => other.Name)])}");
        }
    }

    /// <summary>The form of a layer's weight grids, or null where they stay in floating point.</summary>
    internal GridFormat? WeightGrid => WeightBits is { } bits ? new GridFormat(bits, SymmetricWeights, PowerOfTwoScales) : null;

    /// <summary>The form of an activation's grid with that many bits.</summary>
    internal GridFormat ActivationGrid(int bits) => new(bits, SymmetricActivations, PowerOfTwoScales, FullRange: true);

    /// <summary>Reads bits as people write them: "2" to "16", or "float" for none, which is null.</summary>
    public static bool TryParseBits(string text, out int? bits) => BitWidth.TryParse(text, out bits);

    /// <summary>The scheme as an object in JSON, which <see cref="Parse"/> reads back.</summary>
    public string ToJson() => SchemeJson.Write(this);

    /// <summary>Reads the scheme of a JSON report, so that a run can be repeated, or a scheme that stands by itself in the same form.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <exception cref="QuantNotebooksException">The text is no JSON, or says nothing or something wrong of a scheme.</exception>
    public static QuantizationScheme Parse(string json, string source = "the scheme") => SchemeJson.Read(json, source);

    /// <summary>For example "W8A8 per tensor"; what differs from paper A's scheme is named.</summary>
    public override string ToString()
    {
        var parts = new List<string> { $"{BitWidth.Pair(WeightBits, ActivationBits)} {(WeightGranularity == WeightGranularity.PerTensor ? "per tensor" : "per channel")}" };
        if (!SymmetricWeights) parts.Add("asymmetric weights");
        if (SymmetricActivations) parts.Add("symmetric activations");
        if (PowerOfTwoScales) parts.Add("power-of-two scales");
        if (WeightRange == ActivationRange && WeightRange != RangeEstimator.MinMax) parts.Add($"{WeightRange}");
        if (WeightRange != ActivationRange) parts.Add($"weights {WeightRange}, activations {ActivationRange}");
        if (Bias != BiasPrecision.Int32) parts.Add(Bias == BiasPrecision.Float ? "float bias" : "int16 bias");
        parts.AddRange(Overrides.Select(other => other.ToString()));
        return string.Join(", ", parts);
    }
}
