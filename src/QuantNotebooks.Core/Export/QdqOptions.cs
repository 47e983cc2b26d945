namespace QuantNotebooks.Export;

/// <summary>How a QDQ file is written, beyond what the scheme says.</summary>
public sealed record QdqOptions
{
    /// <summary>Weights of 4 bits or fewer in 4-bit types.</summary>
    public static QdqOptions Default { get; } = new();

    /// <summary>
    /// Whether weights of 4 bits or fewer are stored in 8: the same numbers in a file twice as large, which ONNX Runtime's integer kernels take and
    /// older engines read.
    /// </summary>
    public bool StoreAs8Bits { get; init; }
}
