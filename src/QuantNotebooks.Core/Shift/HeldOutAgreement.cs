using System.Collections.Immutable;

namespace QuantNotebooks.Shift;

/// <summary>Where the shifts on the measured images and on held-out ones are not the same. Immutable.</summary>
/// <param name="FalseDiscoveryRate">The expected share of false alarms among the channels that disagree, at most.</param>
/// <param name="Layers">One entry a layer.</param>
public sealed record HeldOutAgreement(double FalseDiscoveryRate, ImmutableArray<LayerAgreement> Layers)
{
    /// <summary>Number of channels that disagree.</summary>
    public int Disagreeing => Layers.Sum(layer => layer.Disagreeing);

    /// <summary>The layer with the largest share of channels that disagree; null where none does.</summary>
    public LayerAgreement? Worst => Disagreeing == 0 ? null : Layers.MaxBy(layer => (double)layer.Disagreeing / layer.Measured.Before.Channels.Length);

    /// <summary>
    /// Compares every channel's shift before the activation on both sets by Welch's test, which allows each set its own spread, and controls
    /// the false discovery rate over all channels together.
    /// </summary>
    /// <param name="report">A measurement with held-out images.</param>
    /// <param name="falseDiscoveryRate">Above 0 and below 1.</param>
    /// <returns>Null where the report has no held-out images.</returns>
    public static HeldOutAgreement? Of(MeanShiftReport report, double falseDiscoveryRate = 0.05)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (report.HeldOut is not { } heldOut) return null;
        var pairs = report.Layers.Zip(heldOut.Layers).ToArray();
        var adjusted = FalseDiscovery.Adjust(
            [.. pairs.SelectMany(pair => pair.First.Before.Channels.Zip(pair.Second.Before.Channels, PValue))]);
        var layers = ImmutableArray.CreateBuilder<LayerAgreement>(pairs.Length);
        var start = 0;
        foreach (var (measured, other) in pairs)
        {
            var count = measured.Before.Channels.Length;
            layers.Add(new LayerAgreement(measured, other, adjusted.AsSpan(start, count).ToArray().Count(value => value <= falseDiscoveryRate)));
            start += count;
        }
        return new HeldOutAgreement(falseDiscoveryRate, layers.MoveToImmutable());
    }

    private static double PValue(ChannelShift one, ChannelShift other)
    {
        var (first, second) = (Math.Pow(one.StandardError, 2), Math.Pow(other.StandardError, 2));
        var variance = first + second;
        // Welch and Satterthwaite's degrees of freedom.
        var degrees = variance * variance / (first * first / (one.ImageError.Count - 1) + second * second / (other.ImageError.Count - 1));
        return ShiftTest.PValue(one.MeanShift - other.MeanShift, Math.Sqrt(variance), variance == 0 ? 1 : degrees);
    }
}

/// <summary>One layer on the measured and on the held-out images.</summary>
/// <param name="Measured">On the measured images.</param>
/// <param name="HeldOut">On the held-out ones.</param>
/// <param name="Disagreeing">Number of channels whose shifts differ by more than chance.</param>
public sealed record LayerAgreement(LayerShift Measured, LayerShift HeldOut, int Disagreeing);
