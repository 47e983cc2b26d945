using System.Text.Json;
using QuantNotebooks.Networks;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Tests;

namespace QuantNotebooks.Notebook.Tests.Charts;

public class NetworkGraphChartTests
{
    private static readonly Network ResNet = Network.Load(Repository.PathOf("data", "models", "resnet14-fashion.onnx"));
    private static readonly Network MobileNetV2 = Network.Load(Repository.PathOf("data", "models", "mobilenet-v2-fashion.onnx"));

    [Theory]
    [InlineData("mobilenet-v1-fashion")]
    [InlineData("mobilenet-v2-fashion")]
    [InlineData("resnet14-fashion")]
    [InlineData("ppocr-text-direction")]
    [InlineData("ppocr-v4-text-recognition")]
    public void Graph_holds_every_layer_once_and_edges_run_forward(string name)
    {
        var network = Network.Load(Repository.PathOf("data", "models", name + ".onnx"));
        var graph = NetworkGraph.Of(network);
        Assert.Equal(network.Layers.Select(layer => layer.Name).Order(), graph.Nodes.Where(node => node.Layer is not null).Select(node => node.Name).Order());
        foreach (var edge in graph.Edges)
        {
            Assert.True(edge.From < edge.To);
            Assert.True(graph.Nodes[edge.From].Depth < graph.Nodes[edge.To].Depth);
        }
        // Each layer reads the tensor that it says it reads.
        foreach (var (node, place) in graph.Nodes.Select((node, place) => (node, place)).Where(pair => pair.node.Layer is not null))
            Assert.Contains(graph.Edges, edge => edge.To == place && edge.Tensor == node.Layer!.Input);
        // Nothing but inputs stands at the beginning, and everything leads to an output.
        Assert.All(graph.Nodes.Select((node, place) => (node, place)).Where(pair => pair.node.Operator != "output"), pair => Assert.Contains(graph.Edges, edge => edge.From == pair.place));
    }

    [Fact]
    public void Nodes_never_lie_on_each_other_and_read_left_to_right_in_rows()
    {
        foreach (var network in new[] { ResNet, MobileNetV2 })
        {
            var graph = NetworkGraph.Of(network);
            var layout = new GraphLayout(graph);
            var places = Enumerable.Range(0, graph.Nodes.Length).Select(layout.Place).ToArray();
            Assert.Equal(places.Length, places.Distinct().Count());
            Assert.All(places, place => Assert.True(place.X >= 0 && place.X < layout.Columns && place.Y < 0 && place.Y > -layout.Height));
            foreach (var edge in graph.Edges)
            {
                var (corners, wraps) = layout.Path(edge);
                Assert.Equal(places[edge.From], corners[0]);
                Assert.Equal(places[edge.To], corners[^1]);
                Assert.Equal(wraps, graph.Nodes[edge.From].Depth / layout.Columns != graph.Nodes[edge.To].Depth / layout.Columns);
                // A line over other nodes does not touch them.
                foreach (var corner in corners.Skip(1).SkipLast(1)) Assert.DoesNotContain(places, place => Math.Abs(place.X - corner.X) < 0.3 && Math.Abs(place.Y - corner.Y) < 0.3);
            }
        }
    }

    [Fact]
    public void Colours_are_the_measures_values_and_the_title_names_the_worst_layer()
    {
        var report = Synthetic.Report(network: MobileNetV2);
        var figure = NetworkGraphChart.Of(report);
        var root = JsonDocument.Parse(figure.Json).RootElement;
        var worst = report.Layers.MaxBy(layer => layer.Before.Mssr)!;
        Assert.Contains(worst.Name, figure.Title, StringComparison.Ordinal);
        var drawn = root.GetProperty("data").EnumerateArray().Where(trace => trace.TryGetProperty("customdata", out _) && trace.GetProperty("marker").TryGetProperty("coloraxis", out _))
            .SelectMany(trace => trace.GetProperty("customdata").EnumerateArray().Zip(trace.GetProperty("marker").GetProperty("color").EnumerateArray()))
            .ToDictionary(pair => pair.First.GetString()!, pair => pair.Second.GetDouble());
        Assert.Equal(report.Layers.Length, drawn.Count);
        var logarithmic = report.Layers.Max(layer => layer.Before.Mssr) / report.Layers.Min(layer => layer.Before.Mssr) > 30;
        foreach (var layer in report.Layers) Assert.Equal(logarithmic ? Math.Log10(layer.Before.Mssr) : layer.Before.Mssr, drawn[layer.Name], 1e-3);
        Assert.InRange(figure.Json.Length, 10_000, 100_000);

        // Choosing another measure changes the colours of the same traces.
        var choice = root.GetProperty("layout").GetProperty("meta").GetProperty("choices").GetProperty("items")[3];
        Assert.Equal("SQNR, dB", choice.GetProperty("name").GetString());
        var colours = choice.GetProperty("data").GetProperty("marker.color").EnumerateArray().SelectMany(trace => trace.EnumerateArray()).Select(value => value.GetDouble()).Order().ToArray();
        var expected = report.Layers.Select(layer => layer.Before.SqnrDecibels).Order().ToArray();
        for (var index = 0; index < expected.Length; index++) Assert.Equal(expected[index], colours[index], 1e-3 * Math.Abs(expected[index]) + 1e-6);
        Assert.Contains(report.Layers.MinBy(layer => layer.Before.SqnrDecibels)!.Name, choice.GetProperty("layout").GetProperty("title.text").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_drawing_needs_a_measure() => Assert.Throws<QuantNotebooksException>(() => NetworkGraphChart.Of(ResNet, []));
}
