using System.Text.Json;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Quantization;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Notebook.Tests.Charts;

public class ShiftPartChartTests
{
    private static readonly MeanShiftReport Report = Synthetic.Report();
    private static readonly MeanShiftReport Split = Report with { Layers = [.. Report.Layers.Select(WithSplit)] };

    [Fact]
    public void Waterfall_builds_the_shift_up_from_its_parts()
    {
        var layer = Split.Layers[3];
        var figure = Parse(ShiftWaterfall.Of(layer, 5));
        var (parts, whole) = (figure.GetProperty("data")[0], figure.GetProperty("data")[1].GetProperty("y")[0].GetDouble());
        var split = layer.Split!.Channels[5];
        Assert.Equal([split.Weights, split.InputRounding, split.Inherited], Numbers(parts, "y"), (expected, actual) => Math.Abs(expected - actual) < 1e-3 * Math.Abs(whole) + 1e-4 * Math.Abs(expected));
        Assert.Equal(0, Numbers(parts, "base")[0]);
        // Each bar starts where the one before ends, and the last ends at the sum.
        for (var bar = 1; bar < 3; bar++) Assert.Equal(Numbers(parts, "base")[bar - 1] + Numbers(parts, "y")[bar - 1], Numbers(parts, "base")[bar], 1e-3);
        Assert.Equal(layer.Before.Channels[5].Error.Mean, Numbers(parts, "base")[2] + Numbers(parts, "y")[2], 1e-3);
    }

    [Fact]
    public void Contributions_of_a_layer_add_up_to_its_ratio_of_shift_to_signal()
    {
        var figure = Parse(ContributionChart.Of(Split));
        foreach (var layer in Split.Layers)
        {
            var signal = layer.Before.Channels.Sum(channel => channel.Float.Mean * channel.Float.Mean + channel.Float.SquaredDeviations / channel.Float.Count);
            var shift = layer.Before.Channels.Sum(channel => channel.Error.Mean * channel.Error.Mean);
            Assert.Equal(Math.Sqrt(shift / signal), figure.GetProperty("data").EnumerateArray().Sum(trace => trace.GetProperty("y")[layer.Layer.Index].GetDouble()), 1e-3);
        }
    }

    [Fact]
    public void Prediction_chart_gives_the_correlation_of_what_it_draws()
    {
        var chart = PredictionChart.Of(Split);
        var pairs = Split.Layers.SelectMany(layer => layer.Before.Channels.Zip(layer.Split!.Channels)).Where(pair => !pair.First.IsConstant)
            .Select(pair => (X: pair.Second.PredictedWeights / pair.First.Sigma, Y: pair.Second.Weights / pair.First.Sigma)).ToArray();
        var correlation = MathNet.Numerics.Statistics.Correlation.Pearson(pairs.Select(pair => pair.X), pairs.Select(pair => pair.Y));
        Assert.Contains(correlation.ToString("0.###", System.Globalization.CultureInfo.InvariantCulture), chart.Title, StringComparison.Ordinal);
        var drawn = Parse(chart).GetProperty("data").EnumerateArray().Skip(1).Sum(trace => trace.GetProperty("x").GetArrayLength());
        Assert.InRange(drawn, 1400, 1500);
        // The largest of all is among the drawn.
        Assert.Contains(Parse(chart).GetProperty("data").EnumerateArray().Skip(1).SelectMany(trace => Numbers(trace, "y")), y => Math.Abs(Math.Abs(y) - pairs.Max(pair => Math.Abs(pair.Y))) < 1e-2);
    }

    [Fact]
    public void Charts_of_parts_say_what_is_missing_where_the_split_was_not_measured()
    {
        foreach (var draw in (Action[])[() => ShiftWaterfall.Of(Report.Layers[0]), () => ContributionChart.Of(Report), () => PredictionChart.Of(Report)])
            Assert.Contains("--split", Assert.Throws<QuantNotebooksException>(draw).Message, StringComparison.Ordinal);
        Assert.Contains("no channel 9999", Assert.Throws<QuantNotebooksException>(() => ShiftWaterfall.Of(Split.Layers[0], 9999)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Layer_chart_marks_two_standard_errors_in_sigmas_and_leaves_constant_channels_out()
    {
        var layer = Report.Layers.First(layer => !layer.Layer.DeadChannels.IsEmpty);
        var bars = Parse(LayerShiftChart.Of(layer)).GetProperty("data")[0];
        var channels = Numbers(bars, "x").Select(channel => (int)channel).ToArray();
        Assert.DoesNotContain(layer.Layer.DeadChannels[0].Channel, channels);
        Assert.Equal(layer.Layer.Channels - layer.Layer.DeadChannels.Length, channels.Length);
        for (var index = 0; index < channels.Length; index++)
        {
            var figures = layer.Before.Channels[channels[index]];
            Assert.Equal(figures.Error.Mean / figures.Sigma, Numbers(bars, "y")[index], 1e-3);
            Assert.Equal(2 * figures.StandardError / figures.Sigma, bars.GetProperty("error_y").GetProperty("array")[index].GetDouble(), 1e-3);
        }
    }

    [Fact]
    public void Factorization_chart_rounds_on_a_finer_grid_with_each_doubling_until_the_channel_is_the_widest()
    {
        var layer = Synthetic.MobileNet.Layers[1];
        var largest = layer.Weights.ToArray().Chunk(9).Select(kernel => (double)kernel.Max(Math.Abs)).ToArray();
        var channel = Array.FindIndex(largest, own => own > 0 && own < largest.Max() / 2);
        var others = largest.Max();
        var figure = Parse(FactorizationChart.Of(layer, channel, 4));
        var drawn = Numbers(figure.GetProperty("data")[1], "y");
        foreach (var (exact, shown) in layer.Weights.Slice(9 * channel, 9).ToArray().Order().Zip(drawn)) Assert.Equal(exact, shown, 1e-3 * largest[channel]);
        var steps = figure.GetProperty("layout").GetProperty("sliders")[0].GetProperty("steps");
        foreach (var (slot, factor) in (ReadOnlySpan<(int, double)>)[(0, 0.25), (2, 1), (3, 2), (5, 8), (8, 64)])
        {
            // The layer's step is its largest weight / 7; divided by the factor it is the channel's.
            var step = Math.Max(others, factor * largest[channel]) / 7 / factor;
            var rounded = steps[slot].GetProperty("args")[0].GetProperty("y")[0].EnumerateArray().Select(value => value.GetDouble()).ToArray();
            for (var index = 0; index < drawn.Length; index++)
            {
                Assert.Equal(0, rounded[index] / step - Math.Round(rounded[index] / step), 0.02);
                Assert.InRange(Math.Abs(rounded[index] - drawn[index]), 0, 0.51 * step);
            }
        }
        Assert.Contains("no channel 99", Assert.Throws<QuantNotebooksException>(() => FactorizationChart.Of(layer, 99)).Message, StringComparison.Ordinal);
        Assert.Contains("not 17", Assert.Throws<QuantNotebooksException>(() => FactorizationChart.Of(layer, 0, 17)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Grid_chart_rounds_to_the_grid_of_the_chosen_bits()
    {
        var layer = Synthetic.MobileNet.Layers[1];
        var figure = Parse(GridChart.Of(layer, 2));
        var magnitude = 0f;
        foreach (var weight in layer.Weights) magnitude = Math.Max(magnitude, Math.Abs(weight));
        var weights = Numbers(figure.GetProperty("data")[1], "y");
        var steps = figure.GetProperty("layout").GetProperty("sliders")[0].GetProperty("steps");
        foreach (var (slot, bits) in (ReadOnlySpan<(int, int)>)[(0, 2), (2, 4), (5, 8)])
        {
            var step = magnitude / ((1 << (bits - 1)) - 1);
            var rounded = steps[slot].GetProperty("args")[0].GetProperty("y")[0].EnumerateArray().Select(value => value.GetDouble()).ToArray();
            for (var index = 0; index < weights.Length; index++)
            {
                Assert.Equal(0, rounded[index] / step - Math.Round(rounded[index] / step), 0.02);
                Assert.InRange(Math.Abs(rounded[index] - weights[index]), 0, 0.51 * step);
            }
        }
    }

    [Fact]
    public void Distribution_holds_every_value_and_its_means_differ_by_the_mean_shift()
    {
        var scheme = QuantizationScheme.Int8PerTensor.WithBits(4);
        var images = Synthetic.Images.Take(8);
        var measured = Synthetic.MobileNet.MeasureMeanShift(images, scheme).Layers[4];
        var after = Synthetic.MobileNet.MeasureDistribution(images, scheme, measured.Name, 7);
        Assert.Equal(measured.After.Channels[7].Float.Count, after.Count);
        Assert.Equal((after.Count, after.Count), (after.Float.Sum(), after.Quantized.Sum()));
        Assert.Equal(measured.After.Channels[7].MeanShift, after.QuantizedMean - after.FloatMean, 1e-6);
        Assert.Equal(Math.Min(measured.After.Channels[7].Float.Minimum, measured.After.Channels[7].Quantized.Minimum), after.Edges[0], 1e-6);
        Assert.Equal(Math.Max(measured.After.Channels[7].Float.Maximum, measured.After.Channels[7].Quantized.Maximum), after.Edges[^1], 1e-6);
        Assert.Equal(measured.OutputQuantizer, after.Grid);
        // 4 bits have at most 16 values.
        Assert.InRange(after.Quantized.Count(count => count > 0), 1, 16);
        var before = Synthetic.MobileNet.MeasureDistribution(images, scheme, measured.Name, 7, LayerPoint.BeforeActivation);
        Assert.Equal(measured.Before.Channels[7].MeanShift, before.QuantizedMean - before.FloatMean, 1e-5);
        Assert.Null(before.Grid);
        Assert.Throws<QuantNotebooksException>(() => Synthetic.MobileNet.MeasureDistribution(images, scheme, measured.Name, 9999));
    }

    // Parts that add up to the channel's shift, and a prediction near own weights.
    private static LayerShift WithSplit(LayerShift layer)
    {
        var random = new Random(layer.Layer.Index);
        return layer with
        {
            Split = new ShiftSplit([.. layer.Before.Channels.Select(channel =>
            {
                var (weights, input) = (channel.MeanShift * random.NextDouble(), 0.1 * (random.NextDouble() - 0.5));
                return new ChannelSplit(channel.Error.Count, weights, input, channel.MeanShift - weights - input, weights * 0.9 + 0.01 * random.NextDouble());
            })]),
        };
    }

    private static JsonElement Parse(ChartFigure chart) => JsonDocument.Parse(chart.Json).RootElement;

    private static double[] Numbers(JsonElement trace, string name) => [.. trace.GetProperty(name).EnumerateArray().Select(value => value.GetDouble())];
}
