using System.Text;
using System.Text.Json;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Notebook.Tests.Charts;

public class ShiftHeatMapTests
{
    private static readonly MeanShiftReport Report = Synthetic.Report();
    private static readonly JsonElement Figure = JsonDocument.Parse(ShiftHeatMap.Of(Report).Json).RootElement;

    [Fact]
    public void Each_cell_is_the_channels_shift_over_its_sigma()
    {
        foreach (var layer in Report.Layers)
        {
            var trace = TraceOf(layer.Name);
            Assert.Equal(layer.Layer.Channels, trace.GetProperty("z").GetArrayLength());
            Assert.Equal(layer.Layer.Channels, trace.GetProperty("text").GetArrayLength());
            for (var channel = 0; channel < layer.Layer.Channels; channel++)
            {
                Assert.Equal(layer.Layer.Index, trace.GetProperty("y")[channel].GetInt32());
                Assert.Equal(channel, trace.GetProperty("x")[channel].GetInt32());
                var (error, moments) = (layer.Before.Channels[channel].Error, layer.Before.Channels[channel].Float);
                var cell = trace.GetProperty("z")[channel];
                if (moments.SquaredDeviations == 0) Assert.Equal(JsonValueKind.Null, cell.ValueKind);
                else Assert.Equal(error.Mean / Math.Sqrt(moments.SquaredDeviations / moments.Count), cell.GetDouble(), 1e-4);
            }
        }
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
                Assert.Equal(layer.Layer.DeadChannels.Any(one => one.Channel == channel), grey.GetProperty("z")[channel].ValueKind == JsonValueKind.Number);
            Assert.Contains("dead: ", grey.GetProperty("text")[layer.Layer.DeadChannels[0].Channel].GetString(), StringComparison.Ordinal);
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
    public void Sorting_moves_every_trace_and_puts_shifts_in_ascending_order()
    {
        var buttons = Figure.GetProperty("layout").GetProperty("updatemenus")[0].GetProperty("buttons");
        Assert.Equal(2, buttons.GetArrayLength());
        var sorted = buttons[1].GetProperty("args")[0].GetProperty("x");
        var traces = Figure.GetProperty("data").EnumerateArray().ToArray();
        Assert.Equal(traces.Length, sorted.GetArrayLength());
        for (var trace = 0; trace < traces.Length; trace++)
        {
            var positions = sorted[trace].EnumerateArray().Select(position => position.GetDouble()).ToArray();
            Assert.Equal(positions.Length, positions.Distinct().Count());
            Assert.All(positions, position => Assert.InRange(position, 0, 100));
            if (traces[trace].GetProperty("name").GetString()!.EndsWith("constant", StringComparison.Ordinal)) continue;
            var values = traces[trace].GetProperty("z").EnumerateArray().Select(z => z.ValueKind == JsonValueKind.Null ? double.PositiveInfinity : z.GetDouble()).ToArray();
            Array.Sort(positions, values);
            Assert.Equal(values.Order(), values);
        }
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

    [Fact]
    public void Report_without_layers_is_a_clear_error() =>
        Assert.Throws<QuantNotebooksException>(() => ShiftHeatMap.Of(Report with { Layers = [] }));

    private static JsonElement TraceOf(string name) =>
        Figure.GetProperty("data").EnumerateArray().Single(trace => trace.GetProperty("name").GetString() == name);
}
