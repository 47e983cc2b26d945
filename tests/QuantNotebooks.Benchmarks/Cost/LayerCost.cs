using QuantNotebooks.Networks;

namespace QuantNotebooks.Benchmarks.Cost;

/// <summary>What one layer has to do for one image, counted from shapes. Immutable.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Multiplications">Products of a weight and a value.</param>
/// <param name="Inputs">Values of its input.</param>
/// <param name="Outputs">Values of its output.</param>
internal sealed record LayerCost(Layer Layer, long Multiplications, long Inputs, long Outputs)
{
    /// <summary>Inputs that each output channel reads: a product of few is bound by memory, not by arithmetic.</summary>
    private const int FewInputs = 8;

    /// <summary>Whether each output reads so few input channels that the arithmetic is not what takes the time, as in depthwise convolutions.</summary>
    public bool IsThin => Layer.Convolution is not null && Layer.InputChannels / Layer.Convolution.Groups < FewInputs;

    /// <summary>Whether the layer is a matrix product.</summary>
    public bool IsMatrix => Layer.Convolution is null;
}
