using System.Text.Json;
using QuantNotebooks.Correction;
using QuantNotebooks.Equalization;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Charts;

namespace QuantNotebooks.Notebook.Tests.Charts;

public class MethodChartTests
{
    private static readonly EqualizationResult Equalized = Synthetic.MobileNet.Equalize(EqualizationMethod.CrossLayer);

    [Fact]
    public void Bars_of_a_layer_are_its_channels_ranges_before_and_after_with_their_factors()
    {
        var (before, after) = (Synthetic.MobileNet.Layers[1], Equalized.Network.Layers[1]);
        var figure = Parse(ChannelRangeChart.Of(Equalized, before.Name));
        var expected = Enumerable.Range(0, before.Channels).Select(channel => (Before: Range(before, channel), After: Range(after, channel))).OrderByDescending(pair => pair.Before).ToArray();
        AssertClose(expected.Select(pair => pair.Before), Numbers(figure.GetProperty("data")[0], "y"));
        AssertClose(expected.Select(pair => pair.After), Numbers(figure.GetProperty("data")[1], "y"));
        var factors = Numbers(figure.GetProperty("data")[2], "y");
        // A depthwise kernel is multiplied by its output's factor and divided by its input's.
        var inputs = Equalized.Network.ChannelFactors(Equalized.Network.Layers[0]);
        var order = Enumerable.Range(0, before.Channels).OrderByDescending(channel => Range(before, channel)).ToArray();
        for (var index = 0; index < order.Length; index++) Assert.Equal(expected[index].After, expected[index].Before * factors[index] / inputs[order[index]], 2e-3 * expected[index].After);

        static double Range(Layer layer, int channel)
        {
            var range = 0f;
            foreach (var weight in layer.Weights.Slice(channel * 9, 9)) range = Math.Max(range, Math.Abs(weight));
            return range;
        }
    }

    [Fact]
    public void Boxes_are_quantiles_of_bits_below_the_widest_channel()
    {
        var box = Parse(ChannelRangeChart.AllLayers(Equalized)).GetProperty("data")[0];
        var layer = Synthetic.MobileNet.Layers[2];
        var ranges = layer.ChannelWeightRanges().Where(range => range > 0).ToArray();
        var bits = ranges.Select(range => Math.Log2(range / (double)ranges.Max())).ToArray();
        Assert.Equal(bits.Min(), Numbers(box, "lowerfence")[2], 1e-2);
        Assert.Equal(0, Numbers(box, "upperfence")[2]);
        Assert.Equal(MathNet.Numerics.Statistics.ArrayStatistics.QuantileCustomInplace([.. bits], 0.25, MathNet.Numerics.Statistics.QuantileDefinition.R7), Numbers(box, "q1")[2], 1e-2);
        Assert.Equal(MathNet.Numerics.Statistics.ArrayStatistics.MedianInplace([.. bits]), Numbers(box, "median")[2], 1e-2);
    }

    [Fact]
    public void Convergence_ends_below_the_tolerance_and_equalizing_again_starts_there()
    {
        var rounds = Numbers(Parse(ConvergenceChart.Of(Equalized)).GetProperty("data")[0], "y");
        Assert.InRange(rounds[^1], 0, 1e-4);
        Assert.True(rounds[0] > 0.1);
        // What has converged has nothing left to move.
        Assert.InRange(Equalized.Network.Equalize(EqualizationMethod.CrossLayer).Convergence[0], 0, 2e-3);
        Assert.Throws<QuantNotebooksException>(() => ConvergenceChart.Of(Equalized with { Convergence = [] }));
    }

    [Fact]
    public void Bits_chart_has_a_line_a_method_with_wilson_intervals()
    {
        var comparison = Evaluate.Compare(
            ("naive", At(8, 0.9)), ("naive", At(4, 0.5)), ("corrected", At(8, 0.92)), ("corrected", At(4, 0.86)), ("float", Synthetic.Evaluation(null, isQuantized: false)));
        var chart = BitsChart.Of(comparison);
        var lines = Parse(chart).GetProperty("data").EnumerateArray().Where(trace => trace.GetProperty("mode").GetString() == "lines+markers").ToArray();
        Assert.Equal(["naive", "corrected"], lines.Select(line => line.GetProperty("name").GetString()));
        Assert.Equal([50.0, 90.0], Numbers(lines[0], "y"));
        // (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n) for p = 0.5, n = 64: 0.5 ± 0.1189.
        Assert.Equal(11.9, lines[0].GetProperty("error_y").GetProperty("array")[0].GetDouble(), 0.05);
        Assert.Equal(11.9, lines[0].GetProperty("error_y").GetProperty("arrayminus")[0].GetDouble(), 0.05);
        Assert.Contains("At 4 bits 'corrected' keeps 86.0 %, 'naive' 50.0 %", chart.Title, StringComparison.Ordinal);

        static EvaluationResult At(int bits, double accuracy) => Synthetic.Evaluation(accuracy) with { Scheme = Synthetic.Scheme.WithBits(bits) };
    }

    [Fact]
    public void Cost_chart_joins_the_methods_that_none_beats_in_both()
    {
        var figure = Parse(CostChart.Of(new MethodCost("a", 1, 0.5), new MethodCost("slow and worse", 3, 0.4), new MethodCost("b", 10, 0.9), new MethodCost("slower, the same", 20, 0.9)));
        Assert.Equal([1.0, 10.0], Numbers(figure.GetProperty("data")[0], "x"));
        Assert.Equal(4, figure.GetProperty("data")[1].GetProperty("x").GetArrayLength());
        Assert.Contains("'free'", Assert.Throws<QuantNotebooksException>(() => CostChart.Of(new MethodCost("free", 0, 1))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_of_points_keep_off_the_line_that_joins_them()
    {
        (string, double, double, double, double)[] points = [("name", 0.5, 0.5, 0.5, 0.5)];
        Assert.Equal(["top center"], PointLabels.Of(points, []));
        Assert.Equal(["bottom center"], PointLabels.Of(points, [(0.5, 0.5), (0.5, 1)]));
        Assert.Equal(["top center"], PointLabels.Of(points, [(0, 0), (0.5, 0.5)]));
    }

    [Fact]
    public void Training_chart_marks_the_epoch_that_is_kept()
    {
        var run = new TrainingRun([new(0, double.NaN, 2, 0.5, 0), new(1, 1.5, 1, 0.8, 1), new(2, 1, 1.2, 0.7, 2)], 1, TrainingEnd.EarlyStop, 100, 20);
        var chart = TrainingChart.Of(run);
        var kept = Parse(chart).GetProperty("data").EnumerateArray().Single(trace => trace.GetProperty("name").GetString() == "kept");
        Assert.Equal((1, 1.0), (kept.GetProperty("x")[0].GetInt32(), kept.GetProperty("y")[0].GetDouble()));
        Assert.Equal(1, Parse(chart).GetProperty("layout").GetProperty("xaxis").GetProperty("dtick").GetInt32());
        Assert.Contains("from 2 to 1, best after epoch 1; stopped early", chart.Title, StringComparison.Ordinal);
    }

    private static JsonElement Parse(ChartFigure chart) => JsonDocument.Parse(chart.Json).RootElement;

    private static double[] Numbers(JsonElement trace, string name) => [.. trace.GetProperty(name).EnumerateArray().Select(value => value.GetDouble())];

    private static void AssertClose(IEnumerable<double> expected, double[] actual)
    {
        foreach (var (wanted, value) in expected.Zip(actual)) Assert.Equal(wanted, value, 1e-3 * Math.Abs(wanted) + 1e-9);
    }
}
