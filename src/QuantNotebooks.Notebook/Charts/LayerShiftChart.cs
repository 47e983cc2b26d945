using Plotly.NET;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Shift;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>The mean shift of each channel of one layer, with how sure it is.</summary>
public static class LayerShiftChart
{
    private const int Most = 1024;

    /// <summary>Draws a layer's channels in the order of the file; of very wide layers those that shift most.</summary>
    /// <exception cref="QuantNotebooksException">No channel varies.</exception>
    public static ChartFigure Of(LayerShift layer) => Of(layer, Most);

    /// <summary>The same with at most so many channels.</summary>
    internal static ChartFigure Of(LayerShift layer, int mostChannels)
    {
        ArgumentNullException.ThrowIfNull(layer);
        var all = layer.Before.Channels;
        int[] shown = [.. Enumerable.Range(0, all.Length).Where(channel => !all[channel].IsConstant)];
        if (shown.Length == 0) throw new QuantNotebooksException($"No channel of '{layer.Name}' varies: there is no shift to draw in units of its sigma.");
        var isPart = shown.Length > mostChannels;
        if (isPart) shown = [.. shown.OrderByDescending(channel => Math.Abs(all[channel].ShiftInSigmas)).Take(mostChannels).Order()];
        var largest = shown.MaxBy(channel => Math.Abs(all[channel].ShiftInSigmas));
        var sure = shown.Count(channel => Math.Abs(all[channel].MeanShift) > 2 * all[channel].StandardError);
        var title = Math.Abs(all[largest].ShiftInSigmas) < ShiftSummary.FloatRounding
            ? $"{LayerText.Described(layer.Layer)}: no channel moves; the largest shift, {NumberText.Significant(all[largest].ShiftInSigmas, 2)} σ, is float rounding"
            : $"{LayerText.Described(layer.Layer)}: channel {NumberText.Count(largest)} moves by {NumberText.Significant(all[largest].ShiftInSigmas, 3)} σ; "
            + $"{NumberText.Count(sure)} of {NumberText.Count(shown.Length, "channel")} surely move";
        var reading = "Marks span two standard errors over images either way: a bar whose mark reaches zero may be chance. Orange: quantized values come out too high; blue: too low.";
        if (isPart) reading += $" The {NumberText.Count(mostChannels)} channels that shift most are drawn.";
        return new ChartFigure(title, reading, 400, () => Build(title, layer, shown));
    }

    private static GenericChart Build(string title, LayerShift layer, int[] shown)
    {
        var channels = shown.Select(channel => layer.Before.Channels[channel]).ToArray();
        return Chart(
            [
                Trace("bar",
                    ("name", "shift"), ("x", shown), ("y", channels.Select(channel => NumberText.Rounded(channel.ShiftInSigmas)).ToArray()),
                    ("marker", Node(("color", channels.Select(channel => channel.MeanShift < 0 ? Palette.Blue : Palette.Orange).ToArray()), ("line", Node(("width", 0))))),
                    ("error_y", Node(("type", "data"), ("array", channels.Select(channel => NumberText.Rounded(2 * channel.StandardError / channel.Sigma, 3)).ToArray()),
                        ("thickness", 1.5), ("width", shown.Length > 100 ? 0 : 3), ("color", Palette.OnBars))),
                    ("text", channels.Select((channel, index) => HoverText(layer, shown[index], channel)).ToArray()), ("textposition", "none"), ("hovertemplate", "%{text}<extra></extra>")),
            ],
            ("title", Title(title)), ("bargap", 0.15),
            ("xaxis", Axis("channel, in the order of the file", 8, ("showgrid", false), ("zeroline", false), ("range", new[] { -0.6, layer.Before.Channels.Length - 0.4 }))),
            ("yaxis", Axis("mean shift before the activation, σ", 8)),
            ("margin", Node(("t", TopMargin(title, 20)), ("b", 50), ("l", 60), ("r", 20))));
    }

    private static string HoverText(LayerShift layer, int index, ChannelShift channel) =>
        $"channel {NumberText.Count(index)}: {NumberText.Significant(channel.ShiftInSigmas, 3)} σ<br>shift {NumberText.Significant(channel.MeanShift, 3)} ± {NumberText.Significant(channel.StandardError, 2)}"
        + (layer.Step is { } step ? $", {NumberText.Significant(channel.MeanShift / step, 2)} steps" : "") + $"<br>sigma {NumberText.Significant(channel.Sigma, 3)}"
        + $"<br>{NumberText.Percent(channel.ShiftShare)} of the noise energy is shift";
}
