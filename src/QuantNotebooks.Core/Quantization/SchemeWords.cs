namespace QuantNotebooks.Quantization;

/// <summary>Schemes in a word, as lists of them are written.</summary>
public static class SchemeWords
{
    private const string PerChannel = "per-channel";

    /// <summary>
    /// Reads "4" (weights and activations), "4/8" (weights, activations; "float" for none) or a preset's name such as "tensorrt", and what may follow after
    /// colons: "per-channel", and an estimator of ranges. For example "4/8:per-channel:mse".
    /// </summary>
    /// <param name="text">The word.</param>
    /// <param name="start">What the word's beginning stands for where it is neither bits nor a preset; null where that is nothing.</param>
    /// <exception cref="QuantNotebooksException">It is no scheme; the message names the part that is wrong.</exception>
    public static QuantizationScheme Parse(string text, Func<string, QuantizationScheme>? start = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        var words = text.Split(':');
        var scheme = OfBits(words[0]) ?? OfPreset(words[0]) ?? start?.Invoke(words[0])
            ?? throw new QuantNotebooksException($"'{words[0]}' is neither bits such as 4 or 4/8 nor a preset ({string.Join(", ", QuantizationScheme.Presets.Select(preset => preset.Name))}).");
        for (var next = 1; next < words.Length; next++)
        {
            var word = words[next];
            // The one estimator that has a colon in its name.
            if (word == "percentile" && next + 1 < words.Length) word += ":" + words[++next];
            if (word == PerChannel) scheme = scheme with { WeightGranularity = WeightGranularity.PerChannel };
            else if (RangeEstimator.TryParse(word, out var range)) scheme = scheme.WithRange(range!);
            else throw new QuantNotebooksException($"'{word}' is neither '{PerChannel}' nor an estimator ({RangeEstimator.Names}).");
        }
        return scheme;
    }

    /// <summary>The scheme of two bit widths, weights/activations, or of one for both; null where the text is none.</summary>
    private static QuantizationScheme? OfBits(string text) => text.Split('/') switch
    {
        [var both] when BitWidth.TryParse(both, out var bits) => QuantizationScheme.Int8PerTensor with { WeightBits = bits, ActivationBits = bits },
        [var weights, var activations] when BitWidth.TryParse(weights, out var weightBits) && BitWidth.TryParse(activations, out var activationBits) =>
            QuantizationScheme.Int8PerTensor with { WeightBits = weightBits, ActivationBits = activationBits },
        _ => null,
    };

    private static QuantizationScheme? OfPreset(string text) =>
        QuantizationScheme.Presets.FirstOrDefault(preset => preset.Name.Equals(text, StringComparison.OrdinalIgnoreCase)).Scheme;
}
