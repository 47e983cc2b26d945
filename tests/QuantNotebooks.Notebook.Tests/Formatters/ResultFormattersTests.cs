using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using QuantNotebooks.Correction;
using QuantNotebooks.Evaluation;
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
