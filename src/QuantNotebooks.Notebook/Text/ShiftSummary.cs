using QuantNotebooks.Shift;

namespace QuantNotebooks.Notebook.Text;

/// <summary>Figures about a measuring point that charts and tables share. Channels that do not vary have no sigma and are left out.</summary>
internal static class ShiftSummary
{
    /// <summary>An MSSR, or a shift in sigmas, below this is what float arithmetic makes of no shift at all.</summary>
    public const double FloatRounding = 1e-6;

    private const long MostImages = 1_000_000;

    /// <summary>The channel whose shift is largest in units of its sigma, and that shift with its sign; (-1, NaN) where none varies.</summary>
    public static (int Channel, double Sigmas) Largest(ShiftStatistics statistics)
    {
        return statistics.LargestShiftChannel is { } channel ? (channel, statistics.Channels[channel].ShiftInSigmas) : (-1, double.NaN);
    }

    /// <summary>How many images would make the shifts of the neediest layer sure, as a sentence after another one; empty where those measured are enough.</summary>
    public static string ImagesToPin(MeanShiftReport report, ShiftSignificance significance)
    {
        var needy = significance.Layers.MaxBy(layer => layer.ImagesToPin() ?? 0);
        if (needy?.ImagesToPin() is not { } images || images <= report.Images.Count) return "";
        return images <= MostImages
            ? $" {NumberText.Count(images)} images would pin nine shifts in ten of {needy.Layer.Name}, the layer that needs most, to a tenth of a step."
            : $" To pin nine shifts in ten of {needy.Layer.Name} to a tenth of a step would take more images than anybody has: there the images differ by many steps.";
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
