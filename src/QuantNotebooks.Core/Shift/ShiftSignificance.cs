using System.Collections.Immutable;

namespace QuantNotebooks.Shift;

/// <summary>Which shifts before the activation are real. Immutable.</summary>
/// <param name="FalseDiscoveryRate">The expected share of false ones among the significant, at most.</param>
/// <param name="Tested">Number of channels tested: all, of two images or more.</param>
/// <param name="Significant">Number of significant ones.</param>
/// <param name="Layers">One entry a layer.</param>
public sealed record ShiftSignificance(double FalseDiscoveryRate, int Tested, int Significant, ImmutableArray<LayerSignificance> Layers)
{
    /// <summary>
    /// Tests every channel of every layer against a true shift of zero and controls the false discovery rate over all of them together
    /// (Benjamini and Hochberg, 1995).
    /// </summary>
    /// <param name="report">The measurement.</param>
    /// <param name="falseDiscoveryRate">Above 0 and below 1.</param>
    /// <exception cref="QuantNotebooksException">The rate is out of range.</exception>
    public static ShiftSignificance Of(MeanShiftReport report, double falseDiscoveryRate = 0.05)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (!(falseDiscoveryRate > 0 && falseDiscoveryRate < 1))
            throw new QuantNotebooksException(FormattableString.Invariant($"A false discovery rate is above 0 and below 1, not {falseDiscoveryRate}."));
        var pValues = report.Layers.SelectMany(layer => layer.Before.Channels).Select(channel => channel.PValue()).ToArray();
        var adjusted = FalseDiscovery.Adjust(pValues);
        var layers = ImmutableArray.CreateBuilder<LayerSignificance>(report.Layers.Length);
        var start = 0;
        foreach (var layer in report.Layers)
        {
            layers.Add(new LayerSignificance(layer, falseDiscoveryRate, [.. adjusted.AsSpan(start, layer.Before.Channels.Length)]));
            start += layer.Before.Channels.Length;
        }
        return new ShiftSignificance(
            falseDiscoveryRate, pValues.Count(value => !double.IsNaN(value)), adjusted.Count(value => value <= falseDiscoveryRate), layers.MoveToImmutable());
    }
}

/// <summary>Which shifts of a layer are real. Immutable.</summary>
/// <param name="Layer">The layer's measurement.</param>
/// <param name="FalseDiscoveryRate">The rate that was asked for.</param>
/// <param name="AdjustedPValues">One a channel, to be compared with the rate; NaN where nothing could be tested.</param>
public sealed record LayerSignificance(LayerShift Layer, double FalseDiscoveryRate, ImmutableArray<double> AdjustedPValues)
{
    /// <summary>Number of channels with a real shift.</summary>
    public int Significant => AdjustedPValues.Count(value => value <= FalseDiscoveryRate);

    /// <summary>
    /// How many images would pin the shifts of nine channels in ten to within that fraction of a quantization step on either side, with 95 %
    /// confidence; null where activations are not quantized or there were fewer than two images.
    /// </summary>
    /// <param name="fraction">Of a step; positive.</param>
    public long? ImagesToPin(double fraction = 0.1)
    {
        if (Layer.Step is not { } step) return null;
        var images = Layer.Before.Channels.Select(channel => channel.ImagesFor(fraction * step)).OfType<long>().Order().ToArray();
        return images.Length == 0 ? null : images[(int)Math.Ceiling(0.9 * images.Length) - 1];
    }
}
