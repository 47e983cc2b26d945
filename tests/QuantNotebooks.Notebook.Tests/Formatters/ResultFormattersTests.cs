using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using QuantNotebooks.Correction;
using QuantNotebooks.Evaluation;
using QuantNotebooks.Images;
using QuantNotebooks.Notebook.Charts;
using QuantNotebooks.Notebook.Formatters;
using QuantNotebooks.Notebook.Frames;
using QuantNotebooks.Notebook.Hosting;
using QuantNotebooks.Shift;

namespace QuantNotebooks.Notebook.Tests.Formatters;

public partial class ResultFormattersTests
{
    public ResultFormattersTests()
    {
        ResultFormatters.Register();
        ResultFormatters.Register();
    }

    [Fact]
    public void Measurement_shows_finding_table_two_charts_and_what_it_was_measured_on()
    {
        var report = Synthetic.Report();
        var bundle = MimeBundle.Of(report);
        var html = bundle[MimeBundle.Html]!;
        Assert.Contains($"<strong>{ShiftHeatMap.Of(report).Title}.</strong>", html, StringComparison.Ordinal);
        Assert.Equal(2, html.Split("class=\"quant-chart\"").Length - 1);
        Assert.Contains("W8A8 per tensor; calibration: 64 of 2,048 images", html, StringComparison.Ordinal);
        Assert.True(html.IndexOf("<table", StringComparison.Ordinal) < html.IndexOf("quant-chart", StringComparison.Ordinal));
        Assert.Equal(2, Id().Matches(html).Select(match => match.Value).Distinct().Count());
        Assert.InRange(html.Length, 100_000, 400_000);
        Assert.Contains("features.26.0", bundle[MimeBundle.PlainText], StringComparison.Ordinal);
    }

    [Fact]
    public void All_results_have_html_and_text()
    {
        var comparison = Evaluate.Compare(("a", Synthetic.Evaluation(0.9)));
        object[] results = [Synthetic.Report(), Synthetic.Report().Layers[1], Synthetic.Correction(), comparison, Synthetic.Evaluation(0.9), Synthetic.Evaluation(null, null),
            Synthetic.MobileNet, Synthetic.MobileNet.Layers[1], Synthetic.Images, comparison.ToFrame(), comparison.ToFrame()["top-1 %"], AccuracyChart.Of(comparison)];
        foreach (var result in results)
        {
            var bundle = MimeBundle.Of(result);
            Assert.Contains("<", bundle[MimeBundle.Html], StringComparison.Ordinal);
            Assert.DoesNotContain("<", bundle[MimeBundle.PlainText]!.Replace("left <b>alone</b>", "", StringComparison.Ordinal), StringComparison.Ordinal);
            Assert.DoesNotContain("dni-", bundle[MimeBundle.Html], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Results_without_layers_or_rows_are_told_and_not_drawn()
    {
        Assert.Contains("no layers", MimeBundle.Of(Synthetic.Report() with { Layers = [] })[MimeBundle.Html], StringComparison.Ordinal);
        Assert.Contains("no layers", MimeBundle.Of(Synthetic.Correction() with { Corrections = [] })[MimeBundle.PlainText], StringComparison.Ordinal);
        Assert.Contains("empty", MimeBundle.Of(new Comparison([]))[MimeBundle.PlainText], StringComparison.Ordinal);
    }

    [Fact]
    public void Names_from_files_are_escaped_everywhere()
    {
        const string evil = "<script>alert(1)</script>";
        var comparison = Evaluate.Compare((evil, Synthetic.Evaluation(0.9)), (evil + "2", Synthetic.Evaluation(0.8)));
        Assert.DoesNotContain("<script>alert", MimeBundle.Of(comparison)[MimeBundle.Html], StringComparison.Ordinal);
        CorrectionResult correction = Synthetic.Correction() with { Method = evil };
        Assert.DoesNotContain("<script>alert", MimeBundle.Of(correction)[MimeBundle.Html], StringComparison.Ordinal);
        Assert.DoesNotContain("left <b>", MimeBundle.Of(correction)[MimeBundle.Html], StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluation_says_what_quantization_costs() =>
        Assert.StartsWith("mobilenet-v1-fashion, W8A8 per tensor: 11.00 % top-1, 81.4 points below full precision's 92.40 %.", MimeBundle.Of(Synthetic.Evaluation(0.11))[MimeBundle.PlainText], StringComparison.Ordinal);

    [Fact]
    public void Charts_come_as_figure_too()
    {
        var figure = ShiftHeatMap.Of(Synthetic.Report());
        Assert.Equal(figure.Json, MimeBundle.Of(figure)[MimeBundle.Plotly]);
        var own = Plotly.NET.CSharp.Chart.Point<double, double, string>([1, 2], [3, 4]);
        var bundle = MimeBundle.Of(own);
        Assert.Equal(3, JsonDocument.Parse(bundle[MimeBundle.Plotly]!).RootElement.GetProperty("data")[0].GetProperty("y")[0].GetDouble());
        Assert.True(PlotlyScript.IsNeededBy(bundle));
        Assert.Equal("chart of 1 trace: scatter", bundle[MimeBundle.PlainText]);
    }

    [Fact]
    public void Images_are_shown_as_their_pixels()
    {
        var html = MimeBundle.Of(Synthetic.Images)[MimeBundle.Html]!;
        Assert.Equal(12, html.Split("<img").Length - 1);
        var png = Convert.FromBase64String(html.Split("base64,")[1].Split('"')[0]);
        var start = png.AsSpan().IndexOf("IDAT"u8) + 4;
        using var rows = new ZLibStream(new MemoryStream(png, start, png.Length - start), CompressionMode.Decompress);
        var decoded = new byte[28 * 29];
        rows.ReadExactly(decoded);
        for (var row = 0; row < 28; row++)
            Assert.Equal(Synthetic.Images[0].Pixels.Span.Slice(row * 28, 28), decoded.AsSpan(row * 29 + 1, 28));
    }

    // Where a host drops styles only a table keeps pictures side by side: an untrusted notebook in Jupyter, a notebook on a code host.
    [Theory]
    [InlineData(28, 28, 12, 6, 2)] // 56 pixels wide: ten would fit, so two equal rows
    [InlineData(320, 48, 6, 3, 2)] // lines of text, 160 pixels wide
    [InlineData(960, 48, 5, 2, 3)] // 240 pixels wide
    [InlineData(28, 28, 1, 1, 1)]
    public void Pictures_stand_in_a_table_that_needs_no_style(int width, int height, int count, int columns, int rows)
    {
        var images = Enumerable.Range(0, count).Select(_ => new Image(height, width, 1, new byte[width * height])).ToList();
        var html = WithoutStyles(MimeBundle.Of(images)[MimeBundle.Html]!);
        Assert.Matches("<table [^>]*role=\"presentation\"", html);
        var cells = html.Split("<tr>").Skip(1).Select(row => row.Split("<td>").Length - 1).ToArray();
        Assert.Equal(rows, cells.Length);
        Assert.Equal(columns, cells[0]);
        Assert.Equal(count, cells.Sum());
        Assert.Equal(count, html.Split("<img ").Length - 1);
    }

    [Fact]
    public void A_caption_stands_in_the_cell_of_its_picture()
    {
        var html = WithoutStyles(MimeBundle.Of(Synthetic.Images)[MimeBundle.Html]!);
        Assert.All(Enumerable.Range(0, 12), index => Assert.Matches($"<td><div align=\"center\"><img alt=\"image {index}\" [^>]*><div>{Synthetic.Images.Labels![index]}</div></div></td>", html));
    }

    [Fact]
    public void More_pictures_than_are_shown_are_told_of()
    {
        string Html(int count) => MimeBundle.Of(Enumerable.Range(0, count).Select(_ => new Image(28, 28, 1, new byte[28 * 28])).ToList())[MimeBundle.Html]!;
        Assert.DoesNotContain("…", Html(12), StringComparison.Ordinal);
        Assert.Contains("…", Html(13), StringComparison.Ordinal);
        Assert.Equal(12, Html(13).Split("<img ").Length - 1);
    }

    private static string WithoutStyles(string html) => StyleOf().Replace(html, "");

    [GeneratedRegex("<style>.*?</style>| style=\"[^\"]*\"", RegexOptions.Singleline)]
    private static partial Regex StyleOf();

    [Fact]
    public void Png_chunks_carry_the_checksum_of_the_standard()
    {
        // The IEND chunk is the same in every PNG file.
        var png = Png.Encode(1, 1, 3, [1, 2, 3]);
        Assert.Equal("0000000049454E44AE426082", Convert.ToHexString(png[^12..]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Png.Encode(1, 1, 2, [1, 2]));
    }

    [GeneratedRegex("<div id=\"[^\"]+\"")]
    private static partial Regex Id();
}
