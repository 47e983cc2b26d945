using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Notebook.Charts.Pictures;

namespace QuantNotebooks.Notebook.Tests.Charts;

public class StaticPictureTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void Bars_are_as_long_as_their_values()
    {
        var svg = Draw("""{"data":[{"type":"bar","x":[0,1,2],"y":[1,2,4],"marker":{"color":"#123456"}}],"layout":{}}""");
        var heights = svg.Descendants(Svg + "rect").Where(rect => (string?)rect.Attribute("fill") == "#123456").Select(rect => Number(rect, "height")).ToArray();
        Assert.Equal(3, heights.Length);
        Assert.Equal(2, heights[1] / heights[0], 0.01);
        Assert.Equal(4, heights[2] / heights[0], 0.01);
    }

    [Fact]
    public void Stacked_bars_stand_on_each_other_and_bars_with_a_base_on_that()
    {
        var stacked = Draw("""{"data":[{"type":"bar","x":[0],"y":[1],"marker":{"color":"#111111"}},{"type":"bar","x":[0],"y":[3],"marker":{"color":"#222233"}}],"layout":{"barmode":"stack"}}""");
        var (lower, upper) = (Rectangle(stacked, "#111111"), Rectangle(stacked, "#222233"));
        Assert.Equal(Number(lower, "y"), Number(upper, "y") + Number(upper, "height"), 0.1);
        Assert.Equal(3, Number(upper, "height") / Number(lower, "height"), 0.01);
        var based = Draw("""{"data":[{"type":"bar","x":[0,1],"y":[1,-2],"base":[1,2],"marker":{"color":["#111111","#222233"]}}],"layout":{}}""");
        // From 1 to 2 and from 2 down to 0: the second is twice as high and both have the same upper edge.
        Assert.Equal(Number(Rectangle(based, "#111111"), "y"), Number(Rectangle(based, "#222233"), "y"), 0.1);
        Assert.Equal(2, Number(Rectangle(based, "#222233"), "height") / Number(Rectangle(based, "#111111"), "height"), 0.01);
    }

    [Fact]
    public void Error_bars_have_the_colour_that_they_name_or_that_of_their_points()
    {
        const string points = """{"type":"scatter","mode":"markers","x":[0],"y":[3],"line":{"color":"#123456"},"marker":{"color":"#123456"},"error_y":{"array":[1]""";
        // The bar and the caps at its ends.
        var lines = Lines(Draw("""{"data":[POINTS,"width":5,"color":"#777777"}}],"layout":{}}""".Replace("POINTS", points, StringComparison.Ordinal)), "#777777").ToArray();
        Assert.Equal(3, lines.Length);
        Assert.Equal([Number(lines[0], "y1"), Number(lines[0], "y2")], lines[1..].Select(cap => Number(cap, "y1")));
        Assert.All(lines[1..], cap => Assert.Equal((10, Number(cap, "y2")), (Number(cap, "x2") - Number(cap, "x1"), Number(cap, "y1"))));
        Assert.Equal(3, Lines(Draw("""{"data":[POINTS}}],"layout":{}}""".Replace("POINTS", points, StringComparison.Ordinal)), "#123456").Count());
        Assert.Single(Lines(Draw("""{"data":[POINTS,"width":0}}],"layout":{}}""".Replace("POINTS", points, StringComparison.Ordinal)), "#123456"));
    }

    [Theory]
    [InlineData("[0,0,0]", "{}", true)] // nothing but zeros: from -1 to 1
    [InlineData("[-1,0,2]", "{}", true)]
    [InlineData("[-1,0,2]", "{\"yaxis\":{\"zeroline\":false}}", false)]
    [InlineData("[1,2,3]", "{}", false)]
    public void The_line_of_zero_stands_out_where_zero_is_on_the_axis(string values, string layout, bool stands)
    {
        var svg = Draw($$$"""{"data":[{"type":"scatter","mode":"markers","x":["a","b","c"],"y":{{{values}}},"marker":{"color":"#123456"}}],"layout":{{{layout}}}}""");
        Assert.DoesNotContain("NaN", svg.ToString(), StringComparison.Ordinal);
        Assert.Equal(3, svg.Descendants().Count(mark => (string?)mark.Attribute("fill") == "#123456"));
        Assert.Equal(stands ? 1 : 0, Lines(svg, "#9aa1a9").Count());
    }

    private static IEnumerable<XElement> Lines(XDocument svg, string colour) => svg.Descendants(Svg + "line").Where(line => (string?)line.Attribute("stroke") == colour);

    [Fact]
    public void Decades_are_equally_far_apart_on_a_logarithmic_axis_and_gaps_break_lines()
    {
        var svg = Draw("""{"data":[{"type":"scatter","mode":"lines","x":[0,1,2,3,4,5],"y":[1,10,100,null,10,1],"line":{"color":"#123456"}}],"layout":{"yaxis":{"type":"log"}}}""");
        var lines = svg.Descendants(Svg + "polyline").Select(line => ((string)line.Attribute("points")!).Trim().Split(' ')
            .Select(point => double.Parse(point.Split(',')[1], CultureInfo.InvariantCulture)).ToArray()).ToArray();
        Assert.Equal([3, 2], lines.Select(line => line.Length));
        Assert.Equal(lines[0][0] - lines[0][1], lines[0][1] - lines[0][2], 0.15);
    }

    [Fact]
    public void Every_row_of_a_heat_map_is_as_wide_as_its_channels()
    {
        var report = Synthetic.Report();
        var chart = ShiftHeatMap.Of(report);
        var svg = XDocument.Parse(StaticPicture.Svg(chart.Json, chart.Height)!);
        var coloured = svg.Descendants(Svg + "image").GroupBy(image => Math.Round(Number(image, "y"))).ToArray();
        Assert.Equal(report.Layers.Length, coloured.Length);
        var pixelsPerChannel = coloured.Zip(report.Layers).Select(row => row.First.Max(image => Number(image, "x") + Number(image, "width")) - row.First.Min(image => Number(image, "x"))).ToArray();
        var scale = pixelsPerChannel[^2] / report.Layers[^2].Layer.Channels;
        foreach (var (width, layer) in pixelsPerChannel.Zip(report.Layers)) Assert.InRange(width / scale, layer.Layer.Channels - 0.5, layer.Layer.Channels + 8);
    }

    [Fact]
    public void Names_that_look_like_markup_stay_text_and_the_picture_is_well_formed()
    {
        var figure = JsonSerializer.Serialize(new
        {
            data = new[] { new { type = "scatter", name = "a &lt;script&gt;alert(1)&lt;/script&gt; \u0001", x = new[] { 1 }, y = new[] { 1 } }, new { type = "scatter", name = "b\" onload=\"x", x = new[] { 2 }, y = new[] { 2 } } },
            layout = new { title = new { text = "5 &lt; 6 &amp; <b>bold</b><br>second" } },
        });
        var svg = Draw(figure);
        Assert.DoesNotContain(svg.Descendants(), element => element.Name.LocalName == "script");
        Assert.DoesNotContain(svg.Descendants().Attributes(), attribute => attribute.Name.LocalName.StartsWith("on", StringComparison.Ordinal));
        var texts = svg.Descendants(Svg + "text").Select(text => text.Value).ToArray();
        Assert.Contains("5 < 6 & bold", texts);
        Assert.Contains("second", texts);
        Assert.Contains("a <script>alert(1)</script> ", texts);
    }

    [Fact]
    public void A_kind_of_trace_that_is_not_drawn_gives_no_picture_instead_of_half_of_one() =>
        Assert.Null(StaticPicture.Svg("""{"data":[{"type":"surface","z":[[1]]},{"type":"scatter","x":[1],"y":[1]}]}""", 300));

    [Fact]
    public void A_picture_says_where_a_slider_stands()
    {
        var chart = GridChart.Of(Synthetic.MobileNet.Layers[1]);
        Assert.Contains(">bits of the weights: 4: mean moves ", StaticPicture.Svg(chart.Json, chart.Height)!, StringComparison.Ordinal);
    }

    [Fact]
    public void A_chart_of_results_carries_its_picture_with_its_finding_as_text()
    {
        var chart = NoiseChart.Of(Synthetic.Report());
        var html = PlotlyScript.ChartHtml(chart.Json, "chart", chart.Height, chart.Title + " \"<>");
        Assert.Contains("src=\"data:image/svg+xml;base64,", html, StringComparison.Ordinal);
        Assert.Contains("&quot;&lt;&gt;\"", html, StringComparison.Ordinal);
    }

    private static XDocument Draw(string figure) => XDocument.Parse(StaticPicture.Svg(figure, 400)!);

    private static XElement Rectangle(XDocument svg, string fill) => svg.Descendants(Svg + "rect").Single(rect => (string?)rect.Attribute("fill") == fill);

    private static double Number(XElement element, string name) => double.Parse(element.Attribute(name)!.Value, CultureInfo.InvariantCulture);
}
