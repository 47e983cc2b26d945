using System.Globalization;
using Plotly.NET;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Shift;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>
/// One layer in the heat map: a trace of the channels that vary and, where there are others, a grey trace of those. Both list every
/// channel, the other kind with a null, so that Plotly sees a full row and draws every cell one channel wide.
/// </summary>
internal sealed class HeatMapRow(LayerShift layer, int row)
{
    private readonly double[] _sorted = SortedPercent(layer.Before);
    private readonly bool _hasConstant = layer.Before.Channels.Any(channel => channel.IsConstant);

    private int Channels => layer.Before.Channels.Length;

    /// <summary>The positions of channels in the order of the file, once for each trace.</summary>
    public IEnumerable<Array> FilePositions() => ForEachTrace(Enumerable.Range(0, Channels).ToArray());

    /// <summary>Their positions sorted by shift, 0 to 100, constant channels last, once for each trace.</summary>
    public IEnumerable<Array> SortedPositions() => ForEachTrace(_sorted);

    public IEnumerable<Trace> Traces()
    {
        var described = Literal(LayerText.Described(layer.Layer));
        yield return Trace("heatmap",
            ("name", Literal(layer.Name)), ("x", Enumerable.Range(0, Channels).ToArray()), ("y", Rows()),
            ("z", layer.Before.Channels.Select(channel => Cell(channel.ShiftInSigmas)).ToArray()),
            ("text", layer.Before.Channels.Select(CellText).ToArray()),
            ("coloraxis", "coloraxis"), ("hoverongaps", false),
            ("hovertemplate", $"<b>{described}</b><br>shift %{{z}} σ<br>channel: mean shift ± standard error; σ<br>%{{text}}<extra></extra>"));
        if (!_hasConstant) yield break;
        yield return Trace("heatmap",
            ("name", Literal(layer.Name) + " constant"), ("x", Enumerable.Range(0, Channels).ToArray()), ("y", Rows()),
            ("z", layer.Before.Channels.Select(channel => channel.IsConstant ? 1 : (int?)null).ToArray()),
            ("text", layer.Before.Channels.Select((channel, index) => channel.IsConstant ? ConstantText(channel, index) : "").ToArray()),
            ("colorscale", new object[] { new object[] { 0, "#6b7078" }, new object[] { 1, "#6b7078" } }), ("zmin", 0), ("zmax", 1), ("showscale", false),
            ("hoverongaps", false), ("hovertemplate", $"<b>{described}</b><br>%{{text}}<extra></extra>"));
    }

    private IEnumerable<Array> ForEachTrace(Array positions) => _hasConstant ? [positions, positions] : [positions];

    private int[] Rows()
    {
        var rows = new int[Channels];
        Array.Fill(rows, row);
        return rows;
    }

    // Finer than a ten-thousandth of sigma no shift matters.
    private static double? Cell(double sigmas) => Math.Abs(sigmas) < 0.1
        ? Math.Round(sigmas, 4)
        : NumberText.Rounded(sigmas, 4);

    // A shift is written no finer than its standard error: shorter, and as it should be.
    private static string CellText(ChannelShift channel, int index)
    {
        if (channel.IsConstant) return "";
        var error = NumberText.Rounded(channel.StandardError, 2);
        var step = error is > 0 ? Math.Pow(10, Math.Floor(Math.Log10(error.Value)) - 1) : 0;
        var shift = step > 0 ? Math.Round(channel.MeanShift / step) * step : channel.MeanShift;
        return string.Create(CultureInfo.InvariantCulture,
            $"{index}: {NumberText.Significant(shift, 3)}±{NumberText.Significant(channel.StandardError, 2)}; {NumberText.Significant(channel.Sigma, 3)}");
    }

    private string ConstantText(ChannelShift channel, int index)
    {
        var dead = layer.Layer.DeadChannels.FirstOrDefault(dead => dead.Channel == index);
        var why = dead is null ? "constant on these images" : $"dead: {dead.Reason}";
        return Literal($"channel {index.ToString(CultureInfo.InvariantCulture)}, {why}; shift {NumberText.Significant(channel.MeanShift, 3)}");
    }

    private static double[] SortedPercent(ShiftStatistics statistics)
    {
        var count = statistics.Channels.Length;
        var keys = new double[count];
        var order = new int[count];
        for (var channel = 0; channel < count; channel++)
        {
            var sigmas = statistics.Channels[channel].ShiftInSigmas;
            (keys[channel], order[channel]) = (double.IsNaN(sigmas) ? double.PositiveInfinity : sigmas, channel);
        }
        Array.Sort(keys, order);
        // Coarse enough to be short, fine enough that no two channels share a place.
        var decimals = count > 400 ? 2 : 1;
        var positions = new double[count];
        for (var rank = 0; rank < count; rank++) positions[order[rank]] = Math.Round(100 * (rank + 0.5) / count, decimals);
        return positions;
    }
}
