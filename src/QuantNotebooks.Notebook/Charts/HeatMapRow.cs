using System.Globalization;
using Plotly.NET;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Text;
using QuantNotebooks.Shift;
using static QuantNotebooks.Notebook.Charts.PlotlyNode;

namespace QuantNotebooks.Notebook.Charts;

/// <summary>
/// One layer in the heat map: a trace of the cells that vary and, where there are others, a grey trace of those. A cell is a channel, or where a layer has
/// more channels than its row has cells, the channel with the largest shift among neighbours.
/// </summary>
internal sealed class HeatMapRow
{
    private readonly LayerShift _layer;
    private readonly int _row, _width;
    private readonly int[] _shown;

    /// <param name="layer">The layer.</param>
    /// <param name="row">Its place.</param>
    /// <param name="mostCells">Most cells of the row.</param>
    public HeatMapRow(LayerShift layer, int row, int mostCells)
    {
        (_layer, _row) = (layer, row);
        _width = (Channels.Length + mostCells - 1) / mostCells;
        _shown = [.. Enumerable.Range(0, (Channels.Length + _width - 1) / _width).Select(Largest)];
    }

    /// <summary>How many channels share a cell.</summary>
    public int ChannelsPerCell => _width;

    private System.Collections.Immutable.ImmutableArray<ChannelShift> Channels => _layer.Before.Channels;

    public IEnumerable<Trace> Traces()
    {
        var described = Literal(LayerText.Described(_layer.Layer));
        yield return Row("", Sigmas(), _shown.Select(CellText).ToArray(),
            ("customdata", new[] { _shown.Select(channel => Channels[channel].IsConstant ? null : NumberText.Rounded(Channels[channel].Sigma, 3)).ToArray() }),
            ("coloraxis", "coloraxis"),
            ("hovertemplate", $"<b>{described}</b><br>shift %{{z:.4~g}} %{{meta[0]}}<br>channel: mean shift ± standard error; σ<br>%{{text}}<extra></extra>"));
        if (!_shown.Any(channel => Channels[channel].IsConstant)) yield break;
        yield return Row(" constant", _shown.Select(channel => Channels[channel].IsConstant ? 1.0 : (double?)null).ToArray(),
            _shown.Select(channel => Channels[channel].IsConstant ? ConstantText(channel) : "").ToArray(),
            ("colorscale", new object[] { new object[] { 0, "#6b7078" }, new object[] { 1, "#6b7078" } }), ("zmin", 0), ("zmax", 1), ("showscale", false),
            ("hovertemplate", $"<b>{described}</b><br>%{{text}}<extra></extra>"));
    }

    /// <summary>The row's channels as bars, with the layer's colours: what the chart shows of the chosen layer.</summary>
    public Trace Bars() => Trace("bar",
        ("name", "chosen layer"), ("showlegend", false), ("xaxis", "x2"), ("yaxis", "y2"), ("x", _shown), ("y", Sigmas()), ("meta", new object[] { "σ" }),
        ("marker", Node(("color", Sigmas()), ("coloraxis", "coloraxis"), ("line", Node(("width", 0))))),
        ("text", _shown.Select(CellText).ToArray()), ("textposition", "none"),
        ("hovertemplate", "shift %{y:.4~g} %{meta[0]}<br>channel: mean shift ± standard error; σ<br>%{text}<extra></extra>"));

    private Trace Row(string suffix, double?[] cells, string[] texts, params (string Name, object? Value)[] attributes) => With(Trace("heatmap",
        ("name", Literal(_layer.Name) + suffix), ("y", new[] { _row }), ("x0", (_width - 1) / 2.0), ("dx", _width), ("z", new[] { cells }), ("text", new[] { texts }),
        ("meta", new object[] { "σ", _row }), ("hoverongaps", false)), attributes);

    private double?[] Sigmas() => [.. _shown.Select(channel => Cell(Channels[channel].ShiftInSigmas))];

    private int Largest(int cell)
    {
        var largest = cell * _width;
        for (var channel = largest; channel < Math.Min((cell + 1) * _width, Channels.Length); channel++)
            if (!(Math.Abs(Channels[channel].ShiftInSigmas) <= Math.Abs(Channels[largest].ShiftInSigmas)) && !Channels[channel].IsConstant) largest = channel;
        return largest;
    }

    // Finer than a ten-thousandth of sigma no shift matters.
    private static double? Cell(double sigmas) => Math.Abs(sigmas) < 0.1
        ? Math.Round(sigmas, 4)
        : NumberText.Rounded(sigmas, 4);

    // A shift is written no finer than its standard error: shorter, and as it should be.
    private string CellText(int index)
    {
        var channel = Channels[index];
        if (channel.IsConstant) return "";
        var error = NumberText.Rounded(channel.StandardError, 2);
        var step = error is > 0 ? Math.Pow(10, Math.Floor(Math.Log10(error.Value)) - 1) : 0;
        var shift = step > 0 ? Math.Round(channel.MeanShift / step) * step : channel.MeanShift;
        return string.Create(CultureInfo.InvariantCulture,
            $"{index}: {NumberText.Significant(shift, 3)}±{NumberText.Significant(channel.StandardError, 2)}; {NumberText.Significant(channel.Sigma, 3)}");
    }

    private string ConstantText(int index)
    {
        var dead = _layer.Layer.DeadChannels.FirstOrDefault(dead => dead.Channel == index);
        var why = dead is null ? "constant on these images" : $"dead: {dead.Reason}";
        return Literal($"channel {index.ToString(CultureInfo.InvariantCulture)}, {why}; shift {NumberText.Significant(Channels[index].MeanShift, 3)}");
    }
}
