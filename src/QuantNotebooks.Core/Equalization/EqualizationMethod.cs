using System.Collections.Immutable;
using QuantNotebooks.Images;

namespace QuantNotebooks.Equalization;

/// <summary>How factors are chosen; every choice leaves the function of the network as it is.</summary>
public enum EqualizationMethod
{
    /// <summary>
    /// Each channel is scaled up until it fills the range of its layer's weights or of its layer's output (paper B, arXiv 1902.01917). No range
    /// grows. Needs images.
    /// </summary>
    OneStep,

    /// <summary>
    /// Channels that dominate are scaled down first, as far as the ranges of the layers that read them allow, then as <see cref="OneStep"/>
    /// (paper B). Needs images.
    /// </summary>
    TwoStep,

    /// <summary>
    /// The weights that make a channel and those that read it get the same range, repeated over the network until nothing moves (DFQ,
    /// arXiv 1906.04721). Looks at weights only.
    /// </summary>
    CrossLayer,

    /// <summary>
    /// <see cref="CrossLayer"/>, then <see cref="TwoStep"/> on what it made: weights that are equal across layers first, then values that fill their grid.
    /// Each of the two has the bound on factors for itself. Needs images.
    /// </summary>
    CrossLayerTwoStep,

    /// <summary>
    /// No better grid but one form for all networks that differ in nothing but scale: each channel's largest weight in the first layer that makes it is 1.
    /// No bound on factors; looks at weights only; for the whole network, whatever single layers were to get.
    /// </summary>
    Canonical,
}

/// <summary>The methods' names in commands and reports.</summary>
public static class EqualizationMethods
{
    /// <summary>All names, in the order of the methods: "one-step", "two-step", "cross-layer", "cross-layer-two-step", "canonical".</summary>
    public static ImmutableArray<string> Names { get; } = ["one-step", "two-step", "cross-layer", "cross-layer-two-step", "canonical"];

    /// <summary>The method's name.</summary>
    public static string Text(this EqualizationMethod method) => Names[(int)method];

    /// <summary>Whether the method looks at the ranges of activations.</summary>
    public static bool NeedsImages(this EqualizationMethod method) =>
        method is EqualizationMethod.OneStep or EqualizationMethod.TwoStep or EqualizationMethod.CrossLayerTwoStep;

    /// <summary>The method of that name.</summary>
    /// <exception cref="QuantNotebooksException">There is none; the message suggests the nearest.</exception>
    public static EqualizationMethod Parse(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var index = Names.IndexOf(name);
        return index >= 0
            ? (EqualizationMethod)index
            : throw new QuantNotebooksException(
                $"There is no equalization method '{name}'{Spelling.DidYouMean(name, Names.AsSpan())} There are {string.Join(", ", Names)}.");
    }
}
