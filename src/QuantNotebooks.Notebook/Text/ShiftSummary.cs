using QuantNotebooks.Shift;

namespace QuantNotebooks.Notebook.Text;

/// <summary>Figures about a measuring point that charts and tables share. Channels that do not vary have no sigma and are left out.</summary>
internal static class ShiftSummary
{
    /// <summary>The channel whose shift is largest in units of its sigma, and that shift with its sign; (-1, NaN) where none varies.</summary>
    public static (int Channel, double Sigmas) Largest(ShiftStatistics statistics)
    {
        var (best, value) = (-1, double.NaN);
        for (var channel = 0; channel < statistics.Channels.Length; channel++)
        {
            var sigmas = statistics.Channels[channel].ShiftInSigmas;
            if (!double.IsNaN(sigmas) && !(Math.Abs(sigmas) <= Math.Abs(value))) (best, value) = (channel, sigmas);
        }
        return (best, value);
    }

    /// <summary>Root mean square over channels of the shift in sigmas; NaN where no channel varies.</summary>
    public static double RootMeanSquare(ShiftStatistics statistics)
    {
        var (sum, count) = (0.0, 0);
        foreach (var channel in statistics.Channels)
        {
            var sigmas = channel.ShiftInSigmas;
            if (double.IsNaN(sigmas)) continue;
            sum += sigmas * sigmas;
            count++;
        }
        return count == 0 ? double.NaN : Math.Sqrt(sum / count);
    }

    /// <summary>The layer with the largest value, NaN counting as smallest; null where there are no layers or all are NaN.</summary>
    public static LayerShift? WorstBy(IEnumerable<LayerShift> layers, Func<LayerShift, double> value)
    {
        LayerShift? worst = null;
        foreach (var layer in layers)
            if (!double.IsNaN(value(layer)) && (worst is null || value(layer) > value(worst))) worst = layer;
        return worst;
    }
}
