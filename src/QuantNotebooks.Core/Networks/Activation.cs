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
}

/// <summary>The function after a layer, with its bounds.</summary>
/// <param name="Kind">Which function.</param>
/// <param name="Minimum">Lower bound of a <see cref="ActivationKind.Clip"/>, the least of its channels'; negative infinity where there is none.</param>
/// <param name="Maximum">Upper bound of a <see cref="ActivationKind.Clip"/>, the largest of its channels'; positive infinity where there is none.</param>
public sealed record Activation(ActivationKind Kind, double Minimum = double.NegativeInfinity, double Maximum = double.PositiveInfinity)
{
    /// <summary>Whether constants scale and offset what the function gives, and count as part of it.</summary>
    public bool IsScaled { get; init; }

    /// <summary>Whether each channel has bounds of its own, as a <see cref="ActivationKind.Clip"/> has once its channels were scaled by different factors.</summary>
    public bool HasChannelBounds { get; init; }

    /// <summary>No function.</summary>
    public static Activation None { get; } = new(ActivationKind.None);

    /// <summary>The field's name for it: "ReLU6" for Clip[0, 6].</summary>
    public override string ToString() => IsScaled ? Name + ", scaled" : Name;

    private string Name => Kind switch
    {
        ActivationKind.None => "linear",
        ActivationKind.Relu => "ReLU",
        ActivationKind.Clip when Minimum == 0 && Maximum == 6 => "ReLU6",
        ActivationKind.Clip when HasChannelBounds => FormattableString.Invariant($"Clip[{Minimum:G3}, up to {Maximum:G3}] per channel"),
        ActivationKind.Clip => FormattableString.Invariant($"Clip[{Minimum}, {Maximum}]"),
        _ => Kind.ToString(),
    };
}
