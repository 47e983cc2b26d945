using System.Collections.Immutable;
using QuantNotebooks.Quantization;

namespace QuantNotebooks.Notebook.Commands;

/// <summary>Several schemes in one word: <c>float,8/8,4/8:per-channel:mse,tensorrt</c>.</summary>
internal static class SchemeList
{
    private const string PerChannel = "per-channel";
    private const string Float = "float";

    /// <summary>The schemes in order; null stands for full precision.</summary>
    /// <exception cref="CommandUsageException">A scheme is none.</exception>
    /// <exception cref="QuantNotebooksException">A report can't be read or holds no scheme.</exception>
    public static ImmutableArray<QuantizationScheme?> Parse(string option, string list)
    {
        var schemes = list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(text => One(option, text)).ToImmutableArray();
        return schemes.IsEmpty ? throw new CommandUsageException($"{option} '{list}' names no scheme.") : schemes;
    }

    private static QuantizationScheme? One(string option, string text)
    {
        if (text == Float) return null;
        var words = text.Split(':');
        var scheme = OfBits(words[0]) ?? SchemeOptions.StartOf(option, words[0]);
        for (var next = 1; next < words.Length; next++)
        {
            var word = words[next];
            // The one estimator that has a colon in its name.
            if (word == "percentile" && next + 1 < words.Length) word += ":" + words[++next];
            if (word == PerChannel) scheme = scheme with { WeightGranularity = WeightGranularity.PerChannel };
            else if (RangeEstimator.TryParse(word, out var range)) scheme = scheme.WithRange(range!);
            else throw new CommandUsageException($"{option} '{text}': '{word}' is neither '{PerChannel}' nor an estimator ({RangeEstimator.Names}).");
        }
        return scheme;
    }

    /// <summary>The scheme of two bit widths, weights/activations; null where the text is none.</summary>
    private static QuantizationScheme? OfBits(string text) =>
        text.Split('/') is [var weights, var activations]
        && QuantizationScheme.TryParseBits(weights, out var weightBits) && QuantizationScheme.TryParseBits(activations, out var activationBits)
            ? QuantizationScheme.Int8PerTensor with { WeightBits = weightBits, ActivationBits = activationBits }
            : null;
}
