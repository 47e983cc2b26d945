using System.Collections.Immutable;
using QuantNotebooks.Equalization;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Sensitivity;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>One number a layer, to colour a drawing of the network by. Immutable.</summary>
/// <param name="Name">What it is, with its unit: "SQNR, dB".</param>
/// <param name="Values">The number of each layer, by the layer's name; layers that are missing, and NaN, have none.</param>
/// <param name="LowIsWorse">Whether the lowest value is the one to look at, as of SQNR.</param>
public sealed record LayerMeasure(string Name, ImmutableDictionary<string, double> Values, bool LowIsWorse = false)
{
    /// <summary>MSSR, rQNSR, share and SQNR before the activation, and the range ratio of the weights.</summary>
    /// <param name="report">The measurement.</param>
    public static ImmutableArray<LayerMeasure> Of(MeanShiftReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return
        [
            From("mean shift / signal (MSSR)", report.Layers, layer => layer.Name, layer => layer.Before.Mssr),
            From("noise / signal (rQNSR)", report.Layers, layer => layer.Name, layer => layer.Before.RootQnsr),
            From("share of the noise that is shift, %", report.Layers, layer => layer.Name, layer => 100 * layer.Before.MeanShiftShare),
            From("SQNR, dB", report.Layers, layer => layer.Name, layer => layer.Before.SqnrDecibels) with { LowIsWorse = true },
            .. Of(report.Network),
        ];
    }

    /// <summary>The noise at the output that each layer makes alone, and its share of all.</summary>
    /// <param name="report">The measurement.</param>
    public static ImmutableArray<LayerMeasure> Of(SensitivityReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return
        [
            From("noise / signal at the output", report.Layers, layer => layer.Name, layer => layer.Output.RootQnsr),
            From("share of all layers' noise, %", report.Layers, layer => layer.Name, layer => 100 * report.ShareOf(layer)),
            .. Of(report.Network),
        ];
    }

    /// <summary>The range ratio of the weights before and after, and the largest factor of the layer's output channels.</summary>
    /// <param name="result">The equalization.</param>
    public static ImmutableArray<LayerMeasure> Of(EqualizationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        var factors = result.Groups.SelectMany(group => group.Producers.Select(layer => (Layer: layer, Factor: group.Factors.Max())))
            .GroupBy(pair => pair.Layer).Select(pairs => (Layer: pairs.Key, Factor: pairs.Max(pair => pair.Factor)));
        ImmutableArray<LayerMeasure> measures = [.. Of(result.Network).Select(measure => measure with { Name = measure.Name + ", equalized" })];
        if (result.Network.Parent is { } original) measures = [.. measures, .. Of(original).Select(measure => measure with { Name = measure.Name + ", before" })];
        return measures.Add(From("largest factor", factors, pair => pair.Layer, pair => pair.Factor));
    }

    /// <summary>The range ratio of the weights: the widest channel's largest weight over the median channel's.</summary>
    /// <param name="network">The network.</param>
    public static ImmutableArray<LayerMeasure> Of(Network network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return [From("widest channel / median channel", network.Layers, layer => layer.Name, layer => layer.WeightRangeRatio())];
    }

    /// <summary>The layer to look at, its value, and the median of all; null where no layer has a value.</summary>
    internal (string Layer, double Value, double Median)? Worst()
    {
        var known = Values.Where(pair => double.IsFinite(pair.Value)).OrderBy(pair => pair.Value).ToArray();
        if (known.Length == 0) return null;
        var worst = LowIsWorse ? known[0] : known[^1];
        return (worst.Key, worst.Value, known[known.Length / 2].Value);
    }

    /// <summary>What the measure says in a sentence.</summary>
    internal string Finding() => Worst() is { } worst
        ? $"{Name}: {(LowIsWorse ? "lowest" : "largest")} in {worst.Layer}, {NumberText.Significant(worst.Value, 3)}; the median layer has {NumberText.Significant(worst.Median, 3)}"
        : $"{Name}: not known of any layer";

    private static LayerMeasure From<T>(string name, IEnumerable<T> items, Func<T, string> layer, Func<T, double> value) =>
        new(name, items.ToImmutableDictionary(layer, value));
}
