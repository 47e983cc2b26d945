using QuantNotebooks.Networks;

namespace QuantNotebooks.Quantization;

/// <summary>Whether what a network carries from calibration and correction belongs to the scheme that it is quantized by.</summary>
public static class SchemeMatch
{
    /// <summary>The scheme that the network was calibrated or corrected for; null where it carries nothing of the kind.</summary>
    /// <exception cref="QuantNotebooksException">The scheme in the network's metadata is damaged.</exception>
    public static QuantizationScheme? PreparedFor(this Network network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return network.Ranges?.Scheme is { } json ? QuantizationScheme.Parse(json, $"The scheme in the metadata of '{network.Name}'") : null;
    }

    /// <summary>One sentence that says why results by this scheme mislead, or null where nothing speaks against it.</summary>
    /// <exception cref="QuantNotebooksException">The scheme in the network's metadata is damaged.</exception>
    public static string? MismatchWith(this Network network, QuantizationScheme scheme)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        if (network.PreparedFor() is not { } own || own == scheme) return null;
        var what = network.Facts.ReferenceBiases.IsEmpty ? "ranges belong" : "ranges and biases belong";
        return $"'{network.Name}' was prepared for {own} and is quantized as {scheme}: its calibrated {what} to the other scheme.";
    }
}
