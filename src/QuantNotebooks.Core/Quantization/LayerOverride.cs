using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using QuantNotebooks.Networks;

namespace QuantNotebooks.Quantization;

/// <summary>Bits of one layer that differ from the rest of its network. Immutable.</summary>
/// <param name="Layer">The layer's name, as <see cref="Layer.Name"/> or <see cref="Layer.NodeName"/> has it.</param>
/// <param name="WeightBits">Bits of the layer's weights, 2 to 16; null leaves them in floating point.</param>
/// <param name="ActivationBits">Bits of the layer's output after its activation, 2 to 16; null leaves it in floating point.</param>
/// <exception cref="QuantNotebooksException">A number is outside 2 to 16.</exception>
public sealed partial record LayerOverride(string Layer, int? WeightBits, int? ActivationBits)
{
    /// <summary>Bits of the layer's weights, 2 to 16; null leaves them in floating point.</summary>
    public int? WeightBits { get; init => field = BitWidth.Checked(value, "weight bits"); } = BitWidth.Checked(WeightBits, "weight bits");

    /// <summary>Bits of the layer's output after its activation, 2 to 16; null leaves it in floating point.</summary>
    public int? ActivationBits { get; init => field = BitWidth.Checked(value, "activation bits"); } = BitWidth.Checked(ActivationBits, "activation bits");

    /// <summary>
    /// Reads "NAME=4" (weights and output), "NAME=float", "NAME=W4A8" or "NAME=WfloatA8"; of "NAME=W4" and "NAME=A8" the other number is the
    /// scheme's.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="scheme">Says what the text leaves out.</param>
    /// <param name="parsed">What was read.</param>
    public static bool TryParse(string text, QuantizationScheme scheme, [NotNullWhen(true)] out LayerOverride? parsed)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(scheme);
        parsed = null;
        // A name may hold the sign; its bits can't.
        var equals = text.LastIndexOf('=');
        var name = equals < 0 ? "" : text[..equals].Trim();
        if (name.Length == 0 || Pattern.Match(text[(equals + 1)..].Trim()) is not { Success: true } match) return false;
        if (Bits("both", null) is not { } both || Bits("w", scheme.WeightBits) is not { } weights || Bits("a", scheme.ActivationBits) is not { } activations)
            return false;
        parsed = match.Groups["both"].Success ? new LayerOverride(name, both.Bits, both.Bits) : new LayerOverride(name, weights.Bits, activations.Bits);
        return true;

        (bool Read, int? Bits)? Bits(string group, int? otherwise)
        {
            if (!match.Groups[group].Success) return (false, otherwise);
            return BitWidth.TryParse(match.Groups[group].Value, out var bits) ? (true, bits) : null;
        }
    }

    /// <summary>For example "classifier=W4A8".</summary>
    public override string ToString() => $"{Layer}={BitWidth.Pair(WeightBits, ActivationBits)}";

    [GeneratedRegex(@"^(?:(?<both>float|\d+)|W(?<w>float|\d+)(?:A(?<a>float|\d+))?|A(?<a>float|\d+))$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Pattern { get; }
}
