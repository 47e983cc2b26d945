using QuantNotebooks.Evaluation;
using QuantNotebooks.Notebook.Frames;

namespace QuantNotebooks.Notebook.Tests.Frames;

public class ResultFramesTests
{
    [Fact]
    public void A_column_without_any_value_stays_out_of_sight()
    {
        var frame = new FrameColumns<int>([1, 2]).Add("value", row => row).Add("remark", _ => "").Add("figure", _ => double.NaN).AddOptional("count", _ => null).Frame;
        Assert.Equal(["value", "remark", "figure", "count"], frame.ColumnKeys);
        Assert.EndsWith("3 more columns: remark, figure, count", frame.ToPlainText().TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void Shift_frame_has_the_figures_of_each_layer()
    {
        var report = Synthetic.Report();
        var frame = report.ToFrame();
        Assert.Equal(report.Layers.Length, frame.RowCount);
        Assert.Equal(report.Layers.Select(layer => layer.Name), frame.GetColumn<string>("layer").Values);
        for (var row = 0; row < report.Layers.Length; row++)
        {
            var channels = report.Layers[row].Before.Channels.Where(channel => channel.Sigma > 0).ToArray();
            var largest = channels.MaxBy(channel => Math.Abs(channel.Error.Mean / channel.Sigma));
            Assert.Equal(report.Layers[row].Before.Channels.IndexOf(largest), frame.GetColumn<int>("in channel")[row]);
            Assert.Equal(largest.Error.Mean / largest.Sigma, frame["largest shift σ"][row], 1e-12);
            Assert.Equal(report.Layers[row].Layer.DeadChannels.Length, frame.GetColumn<int>("dead")[row]);
            Assert.Equal(100 * Math.Pow(frame["MSSR"][row] / frame["rQNSR"][row], 2), frame["share %"][row], 1e-9);
            Assert.Equal(-20 * Math.Log10(frame["rQNSR"][row]), frame["SQNR dB"][row], 1e-9);
            var significant = channels.Count(channel => Math.Abs(channel.Error.Mean) > 2 * channel.ImageError.StandardError);
            Assert.Equal(100.0 * significant / channels.Length, frame["significant %"][row], 1e-9);
        }
    }

    [Fact]
    public void Channel_frame_leaves_the_constant_channels_shift_in_sigmas_out()
    {
        var layer = Synthetic.Report().Layers[1];
        var frame = layer.ToFrame();
        var dead = layer.Layer.DeadChannels[0].Channel;
        Assert.Equal(16, frame.RowCount);
        Assert.False(frame["shift σ"].TryGet(dead).HasValue);
        Assert.Equal(layer.Before.Channels[dead].MeanShift, frame["shift"][dead]);
    }

    [Fact]
    public void Network_frame_counts_parameters_and_compares_weight_ranges()
    {
        var network = Synthetic.MobileNet;
        var frame = network.ToFrame();
        Assert.Equal("16×1×3×3", frame.GetColumn<string>("weights")[1]);
        Assert.Equal("depthwise", frame.GetColumn<string>("operator")[1]);
        Assert.Equal(16 * 9 + 16, frame.GetColumn<int>("parameters")[1]);
        // A depthwise channel owns nine weights in a row.
        float[] ranges = [.. network.Layers[1].Weights.ToArray().Chunk(9).Select(kernel => kernel.Max(Math.Abs)).Where(range => range > 0).Order()];
        Assert.Equal(ranges[^1] / ranges[ranges.Length / 2], frame["range ratio"][1], 1e-6);
    }

    [Fact]
    public void Correction_frame_has_no_held_out_columns_where_there_are_no_such_images()
    {
        Assert.DoesNotContain(Synthetic.Correction(heldOut: false).ToFrame().ColumnKeys, name => name.Contains("held-out", StringComparison.Ordinal));
        var frame = Synthetic.Correction().ToFrame();
        Assert.Equal(28, frame["held-out after σ"].ValueCount);
        Assert.Equal("left <b>alone</b>", frame.GetColumn<string>("skipped")[3]);
        Assert.Equal(0.015, frame["largest correction"][0], 1e-6);
    }

    [Fact]
    public void Comparison_frame_is_in_percent()
    {
        var frame = Evaluate.Compare(("a", Synthetic.Evaluation(0.5)), ("b", Synthetic.Evaluation(null, null))).ToFrame();
        Assert.Equal(50, frame["top-1 %"][0]);
        Assert.Equal(92.4, frame["float top-1 %"][0], 1e-9);
        Assert.False(frame["top-1 %"].TryGet(1).HasValue);
    }
}
