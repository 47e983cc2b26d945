using System.Collections.Immutable;
using QuantNotebooks.Equalization;
using QuantNotebooks.Images;
using QuantNotebooks.Networks;
using QuantNotebooks.Quantization;
using QuantNotebooks.Sweep;

namespace QuantNotebooks.Sensitivity;

/// <summary>A figure before and after an equalization.</summary>
public readonly record struct BeforeAfter(double Before, double After)
{
    /// <summary>How much it grew; negative where it fell.</summary>
    public double Growth => After - Before;
}

/// <summary>
/// What an equalization does to the noise of one layer: the noise to signal energy of the network's output with this layer alone quantized, so that no noise
/// that only runs through counts.
/// </summary>
/// <param name="Name">The layer.</param>
/// <param name="Noise">With the layer's weights and the values that it reads and makes on their grids.</param>
/// <param name="WeightNoise">With its weights alone on a grid.</param>
/// <param name="ValueNoise">With the values that it reads and makes alone on grids.</param>
/// <param name="WeightRatio">The widest channel's max|w| over the median channel's.</param>
/// <param name="ReadRatio">The same of max|x| of the channels that the layer reads, on the equalization's images; NaN where they were not scaled.</param>
/// <param name="MadeRatio">The same of the channels that it makes.</param>
/// <param name="HeldFactors">How many of its channels' factors, read and made, are at the bound.</param>
public sealed record LayerEffect(
    string Name, BeforeAfter Noise, BeforeAfter WeightNoise, BeforeAfter ValueNoise, BeforeAfter WeightRatio, BeforeAfter ReadRatio, BeforeAfter MadeRatio, int HeldFactors)
{
    /// <summary>Which of the layer's grids became worse, and how it became coarser, in words without a full stop.</summary>
    public string Cause
    {
        get
        {
            var values = ReadRatio.Growth >= MadeRatio.Growth || double.IsNaN(MadeRatio.Growth) ? ("read", ReadRatio) : ("made", MadeRatio);
            var text = Math.Max(WeightNoise.Growth, ValueNoise.Growth) < Noise.Growth / 2
                ? $"neither its weights alone ({Roots(WeightNoise)}) nor the values alone ({Roots(ValueNoise)}) explain it, it comes of both on grids together"
                : WeightNoise.Growth >= ValueNoise.Growth
                ? $"its weights make more noise, {Roots(WeightNoise)}: {Widest("weights", WeightRatio)}"
                : $"the grids of values make more noise, {Roots(ValueNoise)}: {Widest($"values {values.Item1}", values.Item2)}";
            return HeldFactors == 0 ? text : FormattableString.Invariant($"{text}; {HeldFactors} factors of its channels are at their bound");
        }
    }

    private static string Widest(string what, BeforeAfter ratio) =>
        double.IsNaN(ratio.After) ? $"the {what} were not scaled, so it is what other layers did to them"
        : ratio.Growth > 0 ? FormattableString.Invariant($"the widest channel of the {what} spans {ratio.After:G3} times the median one's range, {ratio.Before:G3} before")
        : FormattableString.Invariant($"its channels are no less equal ({ratio.Before:G3} to {ratio.After:G3} times the median range), so channels that matter more lost to those that matter less");

    private static string Roots(BeforeAfter noise) => FormattableString.Invariant($"rQNSR {Math.Sqrt(noise.Before):G2} to {Math.Sqrt(noise.After):G2}");
}

/// <summary>What an equalization does to the noise of each layer under one scheme. Immutable.</summary>
/// <param name="Equalization">The equalization.</param>
/// <param name="Scheme">How both networks were quantized.</param>
/// <param name="Images">The images that set the ranges, and of which a sample was measured.</param>
/// <param name="Together">Noise to signal energy of the output with all layers quantized.</param>
/// <param name="Layers">One entry a layer, in topological order.</param>
public sealed record EqualizationEffect(
    EqualizationResult Equalization, QuantizationScheme Scheme, ImageSet Images, BeforeAfter Together, ImmutableArray<LayerEffect> Layers)
{
    /// <summary>The equalized network.</summary>
    public Network Network => Equalization.Network;

    /// <summary>The layer whose own noise at the output grew most; null where none grew.</summary>
    public LayerEffect? Culprit => Layers.Where(layer => layer.Noise.Growth > 0).MaxBy(layer => layer.Noise.Growth);

    /// <summary>What came of it, and where it became worse and why, in one sentence without a full stop.</summary>
    public string Finding
    {
        get
        {
            var sqnr = FormattableString.Invariant($"The output's SQNR goes from {-10 * Math.Log10(Together.Before):F1} to {-10 * Math.Log10(Together.After):F1} dB");
            var (before, after) = (Layers.Sum(layer => layer.Noise.Before), Layers.Sum(layer => layer.Noise.After));
            if (Together.Growth > 0 && after < before)
                sqnr += FormattableString.Invariant(
                    $", while the layers' own noises add up to less ({-10 * Math.Log10(before):F1} to {-10 * Math.Log10(after):F1} dB): what got worse is how they add up along the network, as shifts of the mean do");
            if (Culprit is not { } layer) return sqnr + "; no layer alone makes more noise than before";
            return FormattableString.Invariant(
                $"{sqnr}; alone, {Layers.Count(other => other.Noise.Growth < 0)} of {Layers.Length} layers make less noise at it; most is added by {layer.Name}, rQNSR {Math.Sqrt(layer.Noise.Before):G2} to {Math.Sqrt(layer.Noise.After):G2}: {layer.Cause}");
        }
    }

    /// <summary>Quantizes each layer of both networks alone, whole and in parts, on the same images.</summary>
    /// <param name="equalization">The equalization.</param>
    /// <param name="images">Images; they set the ranges of both networks too.</param>
    /// <param name="scheme">How both are quantized; weights or activations that it leaves in floating point make no noise.</param>
    /// <param name="progress">Told which layer is under way, of six measurements one after the other.</param>
    /// <param name="cancellation">Stops within a batch.</param>
    /// <exception cref="QuantNotebooksException">The images don't fit the network.</exception>
    public static EqualizationEffect Measure(
        EqualizationResult equalization, ImageSet images, QuantizationScheme scheme, IProgress<SweepProgress>? progress = null, CancellationToken cancellation = default)
    {
        cancellation = cancellation.OrAmbient();
        ArgumentNullException.ThrowIfNull(equalization);
        ArgumentNullException.ThrowIfNull(scheme);
        var (before, after) = (equalization.IsUnchanged ? equalization.Network : equalization.Network.Parent!, equalization.Network);
        var whole = Both(scheme);
        var weights = Both(scheme with { ActivationBits = null });
        var values = Both(scheme with { WeightBits = null });
        return new EqualizationEffect(
            equalization, scheme, images, new BeforeAfter(whole.Before.Together.Ratio, whole.After.Together.Ratio),
            [.. before.Layers.Select(layer => new LayerEffect(
                layer.Name, Of(whole, layer), Of(weights, layer), Of(values, layer), new BeforeAfter(layer.WeightRangeRatio(), after.Layers[layer.Index].WeightRangeRatio()),
                Ratio(layer.Name, group => group.Consumers), Ratio(layer.Name, group => group.Producers), Held(layer.Name)))]);

        (SensitivityReport Before, SensitivityReport After) Both(QuantizationScheme part) => (
            before.MeasureSensitivity(images, part, null, progress, cancellation), after.MeasureSensitivity(images, part, null, progress, cancellation));

        static BeforeAfter Of((SensitivityReport Before, SensitivityReport After) reports, Layer layer) =>
            new(reports.Before.Layers[layer.Index].Output.Ratio, reports.After.Layers[layer.Index].Output.Ratio);

        BeforeAfter Ratio(string layer, Func<FactorGroup, ImmutableArray<string>> ends) =>
            equalization.Groups.FirstOrDefault(group => ends(group).Contains(layer))?.Activations is { } ranges
                ? new BeforeAfter(ranges.RatioBefore, ranges.RatioAfter)
                : new BeforeAfter(double.NaN, double.NaN);

        int Held(string layer) => equalization.Groups.Where(group => group.Producers.Contains(layer) || group.Consumers.Contains(layer)).Sum(equalization.HeldFactors);
    }
}
