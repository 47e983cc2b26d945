namespace QuantNotebooks.Networks;

/// <summary>The element-wise function after a layer.</summary>
public enum ActivationKind
{
    /// <summary>No function: the layer is linear.</summary>
    None,

    /// <summary>max(0, y).</summary>
    Relu,

    /// <summary>y for y &gt; 0, alpha y below.</summary>
    LeakyRelu,

    /// <summary>y for y &gt; 0, slope_c y below, with a slope of its own per channel.</summary>
    PRelu,

    /// <summary>min(max(y, Minimum), Maximum); ReLU6 is Clip[0, 6].</summary>
    Clip,

    /// <summary>1 / (1 + exp(-y)).</summary>
    Sigmoid,

    /// <summary>min(max(alpha y + beta, 0), 1).</summary>
    HardSigmoid,

    /// <summary>y min(max(y / 6 + 1/2, 0), 1).</summary>
    HardSwish,

    /// <summary>tanh(y).</summary>
    Tanh,

    /// <summary>y / (1 + exp(-beta y)) with a constant beta; with beta = 1 also called SiLU.</summary>
    Swish,

    /// <summary>y Phi(y), Phi the normal distribution function.</summary>
    Gelu,

    /// <summary>Another function of each value alone: ELU, Softplus, Mish and the like.</summary>
    Other,
}

/// <summary>The function after a layer, with its constants. Immutable; equal to another when kind and constants are.</summary>
/// <param name="Kind">Which function.</param>
/// <param name="Minimum">
/// Lower bound of a <see cref="ActivationKind.Clip"/>, the lowest of all channels; negative infinity where there is none.
/// </param>
/// <param name="Maximum">
/// Upper bound of a <see cref="ActivationKind.Clip"/>, the highest of all channels; positive infinity where there is none.
/// </param>
public sealed record Activation(ActivationKind Kind, double Minimum = double.NegativeInfinity, double Maximum = double.PositiveInfinity)
{
    /// <summary>alpha of a LeakyRelu (its slope below zero) or a HardSigmoid; 0 for other kinds.</summary>
    public double Alpha { get; init; }

    /// <summary>beta of a HardSigmoid or a Swish; 0 for other kinds.</summary>
    public double Beta { get; init; }

    /// <summary>Slopes below zero of a PRelu, one a channel; empty for other kinds.</summary>
    public ValueList<float> ChannelSlopes { get; init; } = [];

    /// <summary>Lower bounds of a Clip, one a channel; empty where <see cref="Minimum"/> serves every channel.</summary>
    public ValueList<float> ChannelMinimums { get; init; } = [];

    /// <summary>Upper bounds of a Clip, one a channel; empty where <see cref="Maximum"/> serves every channel.</summary>
    public ValueList<float> ChannelMaximums { get; init; } = [];

    /// <summary>
    /// What the function's value is multiplied by, one a channel, where constants scale and offset what it gives and count as part of it; else empty.
    /// </summary>
    public ValueList<float> ChannelScales { get; init; } = [];

    /// <summary>What is added to the scaled value, one a channel; empty where <see cref="ChannelScales"/> is.</summary>
    public ValueList<float> ChannelOffsets { get; init; } = [];

    /// <summary>The operator's name where <see cref="Kind"/> is <see cref="ActivationKind.Other"/>; else null.</summary>
    public string? OtherName { get; init; }

    /// <summary>Whether each channel has bounds of its own, as a <see cref="ActivationKind.Clip"/> has once its channels were scaled by different factors.</summary>
    public bool HasChannelBounds => ChannelMinimums.Count > 0 || ChannelMaximums.Count > 0;

    /// <summary>Whether constants scale and offset what the function gives, and count as part of it.</summary>
    public bool IsScaled => ChannelScales.Count > 0;

    /// <summary>No function.</summary>
    public static Activation None { get; } = new(ActivationKind.None);

    /// <summary>Whether f(s y) = s f(y) for every s &gt; 0: no function, ReLU, LeakyReLU and PReLU, without an offset behind.</summary>
    public bool IsHomogeneous => Kind is ActivationKind.None or ActivationKind.Relu or ActivationKind.LeakyRelu or ActivationKind.PRelu
        && !ChannelOffsets.Any(offset => offset != 0);

    /// <summary>Lower bound of a channel; negative infinity where there is none.</summary>
    /// <param name="channel">Index of the output channel.</param>
    public double MinimumOf(int channel) => ChannelMinimums.Count > 0 ? ChannelMinimums[channel] : Minimum;

    /// <summary>Upper bound of a channel; positive infinity where there is none.</summary>
    /// <param name="channel">Index of the output channel.</param>
    public double MaximumOf(int channel) => ChannelMaximums.Count > 0 ? ChannelMaximums[channel] : Maximum;

    /// <summary>The field's name for it: "ReLU6" for Clip[0, 6].</summary>
    public override string ToString() => IsScaled ? Name + ", scaled" : Name;

    internal string Name => Kind switch
    {
        ActivationKind.None => "linear",
        ActivationKind.Relu => "ReLU",
        ActivationKind.LeakyRelu => FormattableString.Invariant($"LeakyReLU({Alpha:G3})"),
        ActivationKind.PRelu => "PReLU",
        ActivationKind.Clip when HasChannelBounds => FormattableString.Invariant($"Clip[{Minimum:G3}, up to {Maximum:G3}] per channel"),
        ActivationKind.Clip when Minimum == 0 && Maximum == 6 => "ReLU6",
        ActivationKind.Clip => FormattableString.Invariant($"Clip[{Minimum:G6}, {Maximum:G6}]"),
        ActivationKind.Swish when Math.Abs(Beta - 1) < 1e-6 => "SiLU",
        ActivationKind.Gelu => "GELU",
        ActivationKind.Other => OtherName ?? "element-wise",
        _ => Kind.ToString(),
    };
}
