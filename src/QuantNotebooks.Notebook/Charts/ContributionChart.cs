using Plotly.NET;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Shift;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>Where each layer's mean shift comes from: its own weights, the rounding of its input, or the layers before it.</summary>
/// <remarks>
/// The share of a part p of a shift s is (p·s) / (s·s), summed over channels: shares of all parts add up to one, and a part that works against the shift is
/// negative.
/// </remarks>
public static class ContributionChart
{
    /// <summary>Draws a measurement.</summary>
    /// <param name="report">The measurement, with the split.</param>
    /// <exception cref="QuantNotebooksException">The split was not measured, or there are no layers.</exception>
    public static ChartFigure Of(MeanShiftReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (report.Layers.IsEmpty) throw new QuantNotebooksException($"'{report.Network.Name}' has no layers to draw.");
        if (report.Layers.Any(layer => layer.Split is null))
            throw new QuantNotebooksException($"The shifts of '{report.Network.Name}' were not taken apart: measure with MeanShiftOptions {{ Split = true }} (--split).");
        var shares = report.Layers.Select(Shares).ToArray();
        var own = shares.Count(share => share.Weights > share.InputRounding && share.Weights > share.Inherited);
        var inherited = shares.Count(share => share.Inherited > share.Weights && share.Inherited > share.InputRounding);
        var title = $"Own weights make most of the shift in {NumberText.Count(own)} of {NumberText.Count(shares.Length, "layer")}; in {NumberText.Count(inherited)} most of it is inherited";
        const string reading = "Height: MSSR, the layer's mean shift beside its signal, divided among its parts; they add up to it, and a part below zero works against the rest. "
            + "Correct first where own weights dominate; what is inherited goes away with its cause.";
        return new ChartFigure(title, reading, 460, () => Build(report, shares, title));
    }

    /// <summary>The parts' shares of the layer's squared shift; they sum to one. NaN where nothing shifts.</summary>
    private static (double Weights, double InputRounding, double Inherited) Shares(LayerShift layer)
    {
        var (weights, input, inherited, whole) = (0.0, 0.0, 0.0, 0.0);
        foreach (var channel in layer.Split!.Channels)
        {
            var sum = channel.Sum;
            (weights, input, inherited, whole) = (weights + channel.Weights * sum, input + channel.InputRounding * sum, inherited + channel.Inherited * sum, whole + sum * sum);
        }
        return whole > 0 ? (weights / whole, input / whole, inherited / whole) : (double.NaN, double.NaN, double.NaN);
    }

    private static GenericChart Build(MeanShiftReport report, (double Weights, double InputRounding, double Inherited)[] shares, string title)
    {
        return Chart(
            [
                Part("own weights", Palette.Blue, share => share.Weights), Part("own input rounding", Palette.Green, share => share.InputRounding),
                Part("inherited", Palette.Orange, share => share.Inherited),
            ],
            ("title", Title(title)), ("barmode", "relative"), ("bargap", 0.15),
            ("xaxis", LayerAxis(report.Layers.Select(layer => layer.Layer), "y")),
            ("yaxis", Axis("mean shift / signal (MSSR)", 8, ("exponentformat", "power"))),
            ("meta", LayerLink.Of(report.Network, report.Layers.Select(layer => layer.Layer), "x")),
            ("legend", Node(("orientation", "h"), ("x", 0), ("y", 1.01), ("yanchor", "bottom"))),
            ("margin", Node(("t", TopMargin(title, 34)), ("b", 60), ("l", 60), ("r", 20))));

        Trace Part(string name, string colour, Func<(double Weights, double InputRounding, double Inherited), double> share) => Trace("bar",
            ("name", name), ("x", Enumerable.Range(0, shares.Length).ToArray()), ("marker", Node(("color", colour))),
            ("y", report.Layers.Select((layer, index) => NumberText.Rounded(share(shares[index]) * layer.Before.Mssr)).ToArray()),
            ("text", report.Layers.Select((layer, index) => $"<b>{Literal(LayerText.Described(layer.Layer))}</b><br>{name}: {NumberText.Percent(share(shares[index]))} of the shift"
                + $"<br>MSSR {NumberText.Significant(layer.Before.Mssr, 3)}").ToArray()),
            ("textposition", "none"), ("hovertemplate", "%{text}<extra></extra>"));
    }
}
