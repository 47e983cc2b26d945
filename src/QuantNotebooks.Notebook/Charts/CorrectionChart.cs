using Plotly.NET;
using QuantNotebooks.Correction;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Shift;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>What bias correction left of the mean shift, layer by layer, on the calibration images and on held-out ones.</summary>
public static class CorrectionChart
{
    /// <summary>Draws a correction.</summary>
    /// <param name="correction">The correction; held-out lines appear where it was given held-out images.</param>
    /// <exception cref="QuantNotebooksException">The correction has no layers.</exception>
    public static ChartFigure Of(CorrectionResult correction)
    {
        ArgumentNullException.ThrowIfNull(correction);
        if (correction.Corrections.IsEmpty) throw new QuantNotebooksException($"'{correction.Network.Name}' has no layers to draw.");
        var title = CorrectionFinding.Of(correction);
        var where = correction.Point == LayerPoint.AfterActivation ? "after" : "before";
        var hasHeldOut = correction.Corrections.Any(layer => layer.HeldOutAfter is not null);
        var reading = $"Root mean square over channels of the shift {where} the activation, in units of each channel's sigma. " + (hasHeldOut
            ? "A good correction moves calibration and held-out lines down together; a held-out line that stays up means too few calibration images."
            : "A good correction moves the line down; only held-out images would tell whether it does so for others than these.");
        if (correction.IsLayerByLayer) reading += $" At its turn: what was left when the layer's turn came, all before it corrected{(hasHeldOut ? "; held out, before: the whole network uncorrected" : "")}.";
        var unchanged = correction.Corrections.Count(layer => layer.Skipped is not null);
        if (unchanged > 0) reading += $" {NumberText.Count(unchanged, "layer")} left alone.";
        return new ChartFigure(title, reading, 440, () => Build(correction, title));
    }

    private static GenericChart Build(CorrectionResult correction, string title)
    {
        var lines = new List<Line>
        {
            new(correction.IsLayerByLayer ? "calibration, at its turn" : "calibration, before", Palette.Orange, "dot", layer => layer.Before),
            new("calibration, after", Palette.Orange, "solid", layer => layer.After),
        };
        if (correction.Corrections.Any(layer => layer.HeldOutBefore is not null))
            lines.Add(new("held out, before", Palette.Blue, "dot", layer => layer.HeldOutBefore));
        if (correction.Corrections.Any(layer => layer.HeldOutAfter is not null))
            lines.Add(new("held out, after", Palette.Blue, "solid", layer => layer.HeldOutAfter));
        var values = lines.SelectMany(line => correction.Corrections.Select(line.Value));
        return Chart(lines.Select(line => line.ToTrace(correction)),
            ("title", Title(title)),
            ("xaxis", LayerAxis(correction.Corrections.Select(layer => layer.Layer), "y")),
            ("yaxis", LogAxis.Of("root mean square shift, σ", values)),
            ("meta", LayerLink.Of(correction.Network, correction.Corrections.Select(layer => layer.Layer), "x")),
            ("legend", Node(("orientation", "h"), ("x", 0), ("y", 1.01), ("yanchor", "bottom"))),
            ("margin", Node(("t", TopMargin(title, 34)), ("b", 60), ("l", 60), ("r", 20))));
    }

    private sealed record Line(string Name, string Colour, string Dash, Func<LayerCorrection, ShiftStatistics?> Statistics)
    {
        public double Value(LayerCorrection layer) => Statistics(layer) is { } statistics ? statistics.RmsShiftInSigmas : double.NaN;

        public Trace ToTrace(CorrectionResult correction) => Trace("scatter",
            ("name", Name), ("mode", "lines+markers"), ("x", Enumerable.Range(0, correction.Corrections.Length).ToArray()), ("opacity", Dash == "solid" ? 1 : 0.65),
            ("y", correction.Corrections.Select(layer => LogAxis.Value(Value(layer))).ToArray()),
            ("line", Node(("color", Colour), ("dash", Dash), ("width", 2))),
            ("marker", Node(("color", Colour), ("size", 6), ("symbol", Colour == Palette.Blue ? "diamond" : "circle"))),
            ("text", correction.Corrections.Select(HoverText).ToArray()), ("hovertemplate", "%{text}<extra></extra>"));

        private string HoverText(LayerCorrection layer)
        {
            var text = $"<b>{Literal(LayerText.Described(layer.Layer))}</b><br>{Name}: {NumberText.Significant(Value(layer))} σ";
            if (Statistics(layer) is { } statistics && ShiftSummary.Largest(statistics) is { Channel: >= 0 } largest)
                text += FormattableString.Invariant($"<br>largest: channel {largest.Channel}, {NumberText.Significant(largest.Sigmas)} σ");
            return layer.Skipped is null ? text : $"{text}<br>left alone: {Literal(layer.Skipped)}";
        }
    }
}
