namespace QuantNotebooks.Images;

/// <summary>The channels that a network takes, in its order.</summary>
public enum ChannelOrder
{
    /// <summary>One channel of brightness.</summary>
    Gray,

    /// <summary>Red, green, blue.</summary>
    Rgb,

    /// <summary>Blue, green, red.</summary>
    Bgr,
}
