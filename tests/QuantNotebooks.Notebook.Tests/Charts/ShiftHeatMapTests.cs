using System.Text;
using System.Text.Json;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Shift;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Notebook.Tests.Charts;

public class ShiftHeatMapTests
{
    private static readonly MeanShiftReport Report = Synthetic.Report();
    private static readonly JsonElement Figure = JsonDocument.Parse(ShiftHeatMap.Of(Report).Json).RootElement;

    [Fact]
    public void Each_cell_is_the_shift_over_sigma_of_the_channel_that_moves_most_among_those_that_share_it()
    {
        foreach (var layer in Report.Layers)
        {
            var trace = TraceOf(layer.Name);
            var width = trace.GetProperty("dx").GetInt32();
            var cells = trace.GetProperty("z")[0];
            Assert.Equal(layer.Layer.Index, trace.GetProperty("y")[0].GetInt32());
            Assert.Equal((width - 1) / 2.0, trace.GetProperty("x0").GetDouble());
            Assert.Equal((layer.Layer.Channels + width - 1) / width, cells.GetArrayLength());
            Assert.Equal(cells.GetArrayLength(), trace.GetProperty("text")[0].GetArrayLength());
            for (var cell = 0; cell < cells.GetArrayLength(); cell++)
            {
                var shifts = layer.Before.Channels.Skip(cell * width).Take(width).Where(channel => channel.Float.SquaredDeviations > 0)
                    .Select(channel => channel.Error.Mean / Math.Sqrt(channel.Float.SquaredDeviations / channel.Float.Count)).ToArray();
                if (shifts.Length == 0) Assert.Equal(JsonValueKind.Null, cells[cell].ValueKind);
                else Assert.Equal(shifts.MaxBy(Math.Abs), cells[cell].GetDouble(), 1e-4);
            }
        }
    }

    [Fact]
    public void Cells_hold_the_sigma_that_turns_them_into_the_shift_itself()
    {
        foreach (var layer in Report.Layers)
        {
            var trace = TraceOf(layer.Name);
            if (trace.GetProperty("dx").GetInt32() > 1) continue;
            for (var channel = 0; channel < layer.Layer.Channels; channel++)
                if (layer.Before.Channels[channel] is { IsConstant: false } figures)
                    Assert.Equal(figures.Error.Mean, trace.GetProperty("z")[0][channel].GetDouble() * trace.GetProperty("customdata")[0][channel].GetDouble(), 2e-3);
        }
    }

    [Fact]
    public void What_float_rounding_leaves_is_not_called_a_shift()
    {
        var report = Synthetic.Report(scale: 1e-8);
        foreach (var title in new[] { ShiftHeatMap.Of(report).Title, LayerShiftChart.Of(report.Layers[0]).Title, NoiseChart.Of(Report, report).Title })
            Assert.Contains("float rounding", title, StringComparison.Ordinal);
        Assert.Contains("No layer has a mean shift", ShiftHeatMap.Of(report).Title, StringComparison.Ordinal);
    }

    [Fact]
    public void Dead_channels_are_gaps_in_the_colours_and_grey_cells_with_their_reason()
    {
        var dead = Report.Layers.Where(layer => !layer.Layer.DeadChannels.IsEmpty).ToArray();
        Assert.NotEmpty(dead);
        foreach (var layer in dead)
        {
            var grey = TraceOf(layer.Name + " constant");
            for (var channel = 0; channel < layer.Layer.Channels; channel++)
                Assert.Equal(layer.Layer.DeadChannels.Any(one => one.Channel == channel), grey.GetProperty("z")[0][channel].ValueKind == JsonValueKind.Number);
            Assert.Contains("dead: ", grey.GetProperty("text")[0][layer.Layer.DeadChannels[0].Channel].GetString(), StringComparison.Ordinal);
        }
        Assert.Contains("1 constant (dead) channel,", ShiftHeatMap.Of(Report).Reading, StringComparison.Ordinal);
    }

    [Fact]
    public void Title_names_the_layer_with_the_largest_ratio_of_shift_to_signal()
    {
        var worst = Report.Layers.MaxBy(layer => layer.Before.Channels.Sum(channel => Math.Pow(channel.Error.Mean, 2))
            / layer.Before.Channels.Sum(channel => Math.Pow(channel.Float.Mean, 2) + channel.Float.SquaredDeviations / channel.Float.Count))!;
        Assert.Contains($"Layer {worst.Name} (", ShiftHeatMap.Of(Report).Title, StringComparison.Ordinal);
        Assert.Contains(worst.Name, Figure.GetProperty("layout").GetProperty("title").GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Bars_are_the_channels_of_the_layer_with_the_largest_shift()
    {
        var worst = Report.Layers.MaxBy(layer => layer.Before.ShiftPower / layer.Before.SignalPower)!;
        var bars = TraceOf("chosen layer");
        Assert.Equal(worst.Layer.Index, Figure.GetProperty("layout").GetProperty("meta").GetProperty("heatMap").GetProperty("chosen").GetInt32());
        Assert.Equal(TraceOf(worst.Name).GetProperty("z")[0].GetRawText(), bars.GetProperty("y").GetRawText());
        Assert.Contains(worst.Name, Figure.GetProperty("layout").GetProperty("xaxis2").GetProperty("title").GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Colours_end_at_a_robust_limit_that_is_the_same_on_both_sides()
    {
        var shifts = Report.Layers.SelectMany(layer => layer.Before.Channels).Where(channel => !channel.IsConstant)
            .Select(channel => Math.Abs(channel.Error.Mean / channel.Sigma)).Order().ToArray();
        var axis = Figure.GetProperty("layout").GetProperty("coloraxis");
        var limit = axis.GetProperty("cmax").GetDouble();
        Assert.Equal(-limit, axis.GetProperty("cmin").GetDouble());
        Assert.InRange(limit, 0.95 * shifts[(int)(0.97 * shifts.Length)], 1.05 * shifts[(int)(0.99 * shifts.Length)]);
        Assert.Contains("clipped", axis.GetProperty("colorbar").GetProperty("title").GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.001, 0.1)]
    [InlineData(1000, 3)]
    public void Limit_stays_between_a_tenth_and_three_sigmas(double scale, double limit)
    {
        using var figure = JsonDocument.Parse(ShiftHeatMap.Of(Synthetic.Report(scale: scale)).Json);
        Assert.Equal(limit, figure.RootElement.GetProperty("layout").GetProperty("coloraxis").GetProperty("cmax").GetDouble());
    }

    [Fact]
    public void Figure_of_five_thousand_channels_stays_below_300_kilobytes() =>
        Assert.InRange(Encoding.UTF8.GetByteCount(ShiftHeatMap.Of(Report).Json), 100_000, 300_000);

    // As many as MobileNet v2 of width 1.0 has: the layers of the small one with four times the channels.
    [Fact]
    public void Charts_of_twenty_thousand_channels_stay_below_300_kilobytes()
    {
        var network = Network.Load(Repository.PathOf("data", "models", "mobilenet-v2-fashion.onnx"));
        var report = Synthetic.Report(network: network);
        var wide = report with
        {
            Layers = [.. report.Layers.Select(layer => new LayerShift(layer.Layer, Wide(layer.Before), Wide(layer.After), null))],
        };
        Assert.True(wide.Layers.Sum(layer => layer.Before.Channels.Length) > 17_000);
        foreach (var chart in (ChartFigure[])[ShiftHeatMap.Of(wide), NoiseChart.Of(wide), NetworkGraphChart.Of(wide), .. wide.Layers.Select(layer => LayerShiftChart.Of(layer))])
            Assert.InRange(Encoding.UTF8.GetByteCount(chart.Json), 1_000, 300_000);

        static ShiftStatistics Wide(ShiftStatistics statistics) => new([.. Enumerable.Repeat(statistics.Channels, 4).SelectMany(channels => channels)]);
    }

    [Fact]
    public void Report_without_layers_is_a_clear_error() =>
        Assert.Throws<QuantNotebooksException>(() => ShiftHeatMap.Of(Report with { Layers = [] }));

    private static JsonElement TraceOf(string name) =>
        Figure.GetProperty("data").EnumerateArray().Single(trace => trace.GetProperty("name").GetString() == name);
}
