using System.Text.Json;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Notebook.Tests.Charts;

public class LineAndBarChartTests
{
    [Fact]
    public void Noise_chart_holds_the_ratios_of_each_layer()
    {
        var report = Synthetic.Report();
        var figure = Parse(NoiseChart.Of(report));
        var (noise, shift, share) = (Trace(figure, "rQNSR"), Trace(figure, "MSSR"), Trace(figure, "share of mean shift"));
        foreach (var layer in report.Layers)
        {
            var signal = layer.Before.Channels.Sum(channel => Math.Pow(channel.Float.Mean, 2) + channel.Float.SquaredDeviations / channel.Float.Count);
            var error = layer.Before.Channels.Sum(channel => Math.Pow(channel.Error.Mean, 2) + channel.Error.SquaredDeviations / channel.Error.Count);
            var squares = layer.Before.Channels.Sum(channel => Math.Pow(channel.Error.Mean, 2));
            AssertClose(Math.Sqrt(error / signal), noise.GetProperty("y")[layer.Layer.Index].GetDouble());
            AssertClose(Math.Sqrt(squares / signal), shift.GetProperty("y")[layer.Layer.Index].GetDouble());
            AssertClose(100 * squares / error, share.GetProperty("y")[layer.Layer.Index].GetDouble(), 1e-2);
        }
        var worst = report.Layers.MaxBy(layer => layer.Before.NoisePower / layer.Before.SignalPower)!;
        Assert.Contains($"largest at {worst.Name} (", NoiseChart.Of(report).Title, StringComparison.Ordinal);
    }

    [Fact]
    public void Before_is_dashed_and_pale_and_after_is_solid()
    {
        var figure = Parse(NoiseChart.Of(Synthetic.Report(), Synthetic.Report(scale: 0.001)));
        Assert.Equal("dot", Trace(figure, "MSSR before").GetProperty("line").GetProperty("dash").GetString());
        Assert.Equal("solid", Trace(figure, "MSSR after").GetProperty("line").GetProperty("dash").GetString());
        Assert.True(Trace(figure, "MSSR before").GetProperty("opacity").GetDouble() < Trace(figure, "MSSR after").GetProperty("opacity").GetDouble());
        Assert.Equal("log", figure.GetProperty("layout").GetProperty("yaxis").GetProperty("type").GetString());
        Assert.Contains("falls from", NoiseChart.Of(Synthetic.Report(), Synthetic.Report(scale: 0.001)).Title, StringComparison.Ordinal);
    }

    [Fact]
    public void Axis_is_linear_where_values_span_little()
    {
        var figure = Parse(CorrectionChart.Of(Synthetic.Correction() with { Corrections = [.. Synthetic.Correction().Corrections.Select(layer => layer with
        {
            After = layer.Before, HeldOutBefore = layer.Before, HeldOutAfter = layer.Before,
        })] }));
        Assert.False(figure.GetProperty("layout").GetProperty("yaxis").TryGetProperty("type", out _));
    }

    [Fact]
    public void Reports_of_different_networks_are_a_clear_error()
    {
        var report = Synthetic.Report();
        Assert.Throws<QuantNotebooksException>(() => NoiseChart.Of(report, report with { Layers = [report.Layers[0]] }));
    }

    [Fact]
    public void Correction_chart_has_held_out_lines_only_where_there_are_held_out_images()
    {
        var correction = Synthetic.Correction();
        var figure = Parse(CorrectionChart.Of(correction));
        Assert.Equal(4, figure.GetProperty("data").GetArrayLength());
        Assert.Equal(2, Parse(CorrectionChart.Of(Synthetic.Correction(heldOut: false))).GetProperty("data").GetArrayLength());
        foreach (var layer in correction.Corrections)
        {
            var shifts = layer.HeldOutAfter!.Channels.Where(channel => !channel.IsConstant).Select(channel => channel.Error.Mean / channel.Sigma).ToArray();
            AssertClose(Math.Sqrt(shifts.Average(shift => shift * shift)), Trace(figure, "held out, after").GetProperty("y")[layer.Layer.Index].GetDouble());
        }
        Assert.Contains("left &lt;b&gt;alone", figure.GetRawText().Replace("\\u003c", "<", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Accuracy_chart_shows_top_1_the_reference_and_chance()
    {
        var comparison = Evaluate.Compare(("naive", Synthetic.Evaluation(0.11)), ("corrected", Synthetic.Evaluation(0.919)), ("float", Synthetic.Evaluation(null, isQuantized: false)));
        var chart = AccuracyChart.Of(comparison);
        var figure = Parse(chart);
        Assert.Equal([11, 91.9, 92.4], Trace(figure, "quantized").GetProperty("x").EnumerateArray().Select(value => value.GetDouble()));
        Assert.Equal([92.4, 92.4, 92.4], Trace(figure, "full precision").GetProperty("x").EnumerateArray().Select(value => value.GetDouble()));
        Assert.Equal(10, Trace(figure, "chance, 10.0 %").GetProperty("x")[0].GetDouble());
        Assert.Equal("11.00 %", Trace(figure, "quantized").GetProperty("text")[0].GetString());
        Assert.Equal("Best is 'float': 92.4 % top-1; last is 'naive': 11.0 %", chart.Title);
    }

    [Fact]
    public void Without_labels_the_accuracy_chart_shows_agreement()
    {
        var figure = Parse(AccuracyChart.Of(Evaluate.Compare(("a", Synthetic.Evaluation(null, null, 0.75)))));
        Assert.Equal(75, Trace(figure, "agreement").GetProperty("x")[0].GetDouble());
        Assert.Single(figure.GetProperty("data").EnumerateArray());
    }

    [Fact]
    public void Names_are_text_to_plotly_and_not_markup()
    {
        var chart = AccuracyChart.Of(Evaluate.Compare(("<script>alert(1)</script>%{x}", Synthetic.Evaluation(0.5))));
        Assert.DoesNotContain("<script", chart.Json, StringComparison.Ordinal);
        Assert.DoesNotContain("%{x}\"", chart.Json, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", PlotlyScript.ChartHtml(chart.Json, "a", 100)[300..].Replace("<script>(", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Charts_can_be_changed_without_changing_the_figure()
    {
        var figure = NoiseChart.Of(Synthetic.Report());
        var json = figure.Json;
        Plotly.NET.GenericChart.getLayout(figure.ToChart()).SetProperty("width", 17);
        Assert.Equal(json, Plotly.NET.GenericChart.toFigureJson(figure.ToChart()));
        Assert.Equal(json, figure.Json);
    }

    private static void AssertClose(double expected, double actual, double tolerance = 1e-3) =>
        Assert.InRange(actual, expected * (1 - tolerance), expected * (1 + tolerance));

    private static JsonElement Parse(ChartFigure figure) => JsonDocument.Parse(figure.Json).RootElement;

    private static JsonElement Trace(JsonElement figure, string name) =>
        figure.GetProperty("data").EnumerateArray().Single(trace => trace.GetProperty("name").GetString() == name);
}
